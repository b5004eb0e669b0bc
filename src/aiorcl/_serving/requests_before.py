# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Which requests of this process a server may have got before it was let go."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from rclpy.action.client import ActionClient
from rclpy.client import Client
from rclpy.exceptions import InvalidHandle

from aiorcl._loop.by_identity import ByIdentity
from aiorcl._rclpy.private import pending_of, pending_requests_of
from aiorcl._serving.registry import nodes_served_so_far

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
    for node in nodes_served_so_far():
        for client in (*list(node.clients), *list(node.waitables)):
            with contextlib.suppress(InvalidHandle):  # it is destroyed just now
                if isinstance(client, Client):
                    yield from list(pending_requests_of(client).values())
                elif isinstance(client, ActionClient):
                    for pending in list(pending_of(client).values()):
                        yield from list(pending.values())
