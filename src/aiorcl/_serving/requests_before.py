# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Which requests of this process a server may have got before it was let go."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from rclpy.exceptions import InvalidHandle

from aiorcl._loop.by_identity import ByIdentity
from aiorcl._serving.requests_under_way import clients_so_far, requests_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import rclpy.task

    from aiorcl import _core

# Those that were under way then, by what watched the server, or one service of an action.
_before: ByIdentity[_core.Entity, ByIdentity[rclpy.task.Future[Any], None]] = ByIdentity()


def note_requests_before(part: _core.Entity) -> None:
    """From now on what watched a server gets no request."""
    before: ByIdentity[rclpy.task.Future[Any], None] = ByIdentity()
    for future in _under_way():
        before[future] = None
    _before[part] = before


def may_have_got(part: _core.Entity, future: rclpy.task.Future[Any]) -> bool:
    """Tell whether a callback of a server may have a request, by the future of its answer."""
    before = _before.get(part)
    return before is None or future in before


def _under_way() -> Iterator[rclpy.task.Future[Any]]:
    for _, client in clients_so_far():
        with contextlib.suppress(InvalidHandle):  # it is destroyed just now
            yield from (future for _, future in requests_of(client))
