# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The domains that contexts are in."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from rclpy.exceptions import InvalidHandle

from aiorcl._loop.by_identity import ByIdentity
from aiorcl._rclpy.compiled import RCLError

if TYPE_CHECKING:
    from rclpy.context import Context

_domains: ByIdentity[Context, int] = ByIdentity()


def note_domain(context: Context) -> None:
    """Let ``domain_of`` know the domain of a context, also when it is down. Any thread."""
    handle = context.handle
    if handle is None or context in _domains:
        return
    # Not by Context.get_domain_id(), which takes the lock of the context: a shutdown holds it while
    # the user's callbacks run, and they may wait for this thread, or be on it.
    with contextlib.suppress(InvalidHandle, RCLError), handle:  # it is down already
        _domains[context] = handle.get_domain_id()


def domain_of(context: Context) -> int | None:
    """Return the domain of a context, if a node of it was served. Takes no lock. Any thread."""
    return _domains.get(context)
