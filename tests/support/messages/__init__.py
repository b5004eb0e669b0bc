# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Messages of any type for the tests of their conversion.
