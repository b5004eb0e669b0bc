# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The engine and the entities of the extension, by what Python sees of them.
