# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Where the code of the user is, as messages say it."""

from __future__ import annotations

import sys
from types import FrameType

_NOT_THE_USERS = sys.stdlib_module_names | {"rclpy", "aiorcl"}


def is_the_users(frame: FrameType) -> bool:
    """Tell whether a frame is of neither the standard library, nor rclpy, nor ours."""
    module = str(frame.f_globals.get("__name__"))
    return module.partition(".")[0] not in _NOT_THE_USERS


def place(frame: FrameType) -> str:
    """Return where a frame is."""
    code = frame.f_code
    return f", at {code.co_filename}:{frame.f_lineno} in {code.co_qualname}()"


def place_in(frame: FrameType | None) -> str:
    """Return where the user's code is, of what calls what in a thread; nothing if it has none."""
    while frame is not None:
        if is_the_users(frame):
            return place(frame)
        frame = frame.f_back
    return ""
