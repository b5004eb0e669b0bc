# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What comes again and again, as async iterators."""
