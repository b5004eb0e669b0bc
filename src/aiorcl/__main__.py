#!/usr/bin/env python3
# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m aiorcl`` is the command ``aiorcl``."""

import sys

from aiorcl_command import main

if __name__ == "__main__":
    sys.exit(main())
