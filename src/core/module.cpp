// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The extension module aiorcl._core: names what C++ offers to Python.

#include <nanobind/nanobind.h>

NB_MODULE(_core, m) { m.doc() = "The C++ core of aiorcl"; }
