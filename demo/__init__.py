# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A robot, its monitor and a web page: aiorcl at its main job, over Fast DDS.

Robot, nodes and page are those of ``examples/dashboard``.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "examples" / "dashboard"))
