# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Component containers.
