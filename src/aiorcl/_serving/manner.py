# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What an executor is like: an ordinary one, or one that stands in for one of rclpy's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manner:
    """What the parts of an executor are made for.

    :param strict_groups: as of `AsyncioExecutor`.
    :param nests: spin calls may be made inside callbacks.
    :param hides_loop: plain callbacks know of no loop, as under rclpy's: they may run one.
    :param slow_advice: what to do about a callback that keeps the loop; told once of each.
    :param threads: so many run the plain callbacks of all groups; None: the loop's thread does.
    :param new_loop: makes the loop, also where another one runs; None: that one is taken.
    """

    strict_groups: bool = False
    nests: bool = False
    hides_loop: bool = False
    slow_advice: str = ""
    threads: int | None = None
    new_loop: Callable[[], asyncio.AbstractEventLoop] | None = None
