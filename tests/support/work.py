# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Counts work instead of time: the calls that a function makes, of Python and of C.

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any


def calls_of(function: Callable[[], object]) -> int:
    """Count the calls of this thread in a function; an item that a generator yields is one, too."""
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    gc.collect()  # what others have left may be told of what is destroyed
    gc.disable()  # or what it finalizes would count
    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(before)
        gc.enable()
    return calls
