# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How an exception is shown in one line, whatever it is."""

from __future__ import annotations

import reprlib
from typing import Any, cast

# Those whose repr is Python's own, and cut off where it is long.
_PLAIN = (str, bytes, int, float, bool, type(None))

_cut = reprlib.Repr()
_cut.maxstring = _cut.maxother = 500


def brief(error: BaseException) -> str:
    """Return what ``repr`` does, without any code of the user's: it may raise, or take seconds.

    A message of ROS, say, as an argument of an exception is shown by its type.
    """
    arguments = cast("Any", BaseException.args).__get__(error)  # not the user's attribute
    return f"{type(error).__name__}({', '.join(map(_shown, arguments[:10]))})"


def _shown(argument: object) -> str:
    if type(argument) in _PLAIN:
        try:
            return _cut.repr(argument)
        except ValueError:  # Python shows no integer of thousands of digits
            pass
    return f"<{type(argument).__qualname__}>"
