# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A package with a module whose name is like the end of a file's.
