# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What a suspended coroutine awaits, and what that awaits in turn."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from types import FrameType
from typing import Any

# The attributes of coroutines, generators and async generators: the frame, and what is awaited.
_AWAITING = (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"), ("ag_frame", "ag_await"))

# What Python puts between two of them, which shows what it drives to the garbage collector only.
_BETWEEN = (
    *("coroutine_wrapper", "async_generator_asend", "async_generator_athrow"),
    "anext_awaitable",
)


def chain(awaited: Any) -> Iterator[tuple[Any, FrameType | None]]:
    """Yield a suspended coroutine, what it awaits, and so on; with their frames.

    The last one may be an iterator of a future, or of what else does not tell what it waits for.
    """
    while awaited is not None:
        for frame, awaits in _AWAITING:
            if hasattr(awaited, awaits):
                yield awaited, getattr(awaited, frame, None)
                awaited = getattr(awaited, awaits)
                break
        else:
            if type(awaited).__name__ not in _BETWEEN:
                yield awaited, None
                return
            awaited = next(
                (
                    each
                    for each in gc.get_referents(awaited)
                    if any(hasattr(each, awaits) for _, awaits in _AWAITING)
                    or type(each).__name__ in _BETWEEN
                ),
                None,
            )
