# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Whether two messages are the same, in every value and in the Python type of every field.

from __future__ import annotations

import array
import struct
from typing import Any

import numpy as np


def difference(left: Any, right: Any, where: str = "message") -> str | None:
    """Tell where two messages differ; None if they are the same."""
    if type(left) is not type(right):
        return f"{where}: {type(left)} and {type(right)}"
    if isinstance(left, float):
        same = struct.pack("d", left) == struct.pack("d", right) or (
            left != left and right != right
        )
    elif isinstance(left, array.array):
        same = left.typecode == right.typecode and left.tobytes() == right.tobytes()
    elif isinstance(left, np.ndarray):
        same = (left.dtype, left.shape) == (right.dtype, right.shape)
        same = same and left.tobytes() == right.tobytes() and left.flags.writeable
    elif isinstance(left, list):
        if len(left) != len(right):
            return f"{where}: {len(left)} and {len(right)} items"
        pairs = zip(left, right, strict=True)
        found = (difference(*pair, f"{where}[{i}]") for i, pair in enumerate(pairs))
        return next(filter(None, found), None)
    elif hasattr(type(left), "SLOT_TYPES"):
        for slot in left.__slots__:
            found_here = difference(getattr(left, slot), getattr(right, slot), f"{where}.{slot}")
            if found_here:
                return found_here
        return None
    else:
        assert isinstance(left, (bool, int, str, bytes))
        same = left == right
    return None if same else f"{where}: {left!r} and {right!r}"
