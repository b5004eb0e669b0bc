# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The test suite.

import os

os.environ.setdefault("AIORCL_LEAK_WARNINGS", "1")  # read when the extension is imported
