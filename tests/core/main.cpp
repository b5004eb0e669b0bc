// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The program that runs the C++ unit tests.

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
