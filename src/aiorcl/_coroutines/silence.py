# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Requests that are never answered, and that further ones must not wait for for ever."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from aiorcl._coroutines import line
from aiorcl._rclpy.private import exception_and_result_of
from aiorcl._serving.report import logger_of

if TYPE_CHECKING:
    import rclpy.task

    from aiorcl._serving.node import ServedNode

    AnyFuture = rclpy.task.Future[Any]

# So many looks without any answer before one request is sent though there is no room for it, and
# before further ones as long as that has no answer: 5, 20 and 80 s.
_SILENT_LOOKS = (20, 80, 320)


class Silence:
    """Tells which requests to a server do not lie in its queue any more, answered or not.

    Who lost them tells nobody: a server that went away with them, a callback that raised. So when
    no answer has come for long, one request more is sent: a queue that holds n takes that as well,
    if the server has begun with the first one. When it is answered, the server has taken what was
    sent before it. On the loop's thread.

    :param what: what waits for room, and where: ``"Calls of '/add'"``.
    """

    def __init__(self, waiting: line.Line, what: str) -> None:
        self._line = waiting
        self._what = what
        self._passed: set[AnyFuture] = set()
        self._probes: list[tuple[AnyFuture, set[AnyFuture]]] = []  # with what was sent before each
        self._is_told = False

    def server_gone(self, pending: Iterable[AnyFuture]) -> None:
        """No server is there: one that comes has none of these."""
        self._passed.update(pending)

    def in_queues(self, pending: Iterable[AnyFuture]) -> int:
        """Return how many of these may lie in a queue yet."""
        passed = self.passed()
        return sum(future not in passed for future in pending)

    def passed(self) -> set[AnyFuture]:
        """Return those that do not lie in a queue any more, and have no answer."""
        for probe, before in self._probes:
            if _is_answered(probe):
                self._passed |= before
                self._probes.clear()
                break
        self._passed = {future for future in self._passed if not future.done()}
        return self._passed

    def is_long(self) -> bool:
        """Tell whether it is time to send one for which there is no room."""
        silent_looks = _SILENT_LOOKS[min(len(self._probes), len(_SILENT_LOOKS) - 1)]
        return self._line.looks >= silent_looks

    def broken(self, looks: int = 0) -> None:
        """An answer has come, or nobody was waiting for one.

        :param looks: how many count all the same, at most.
        """
        self._line.looks = min(self._line.looks, looks)

    def sent(self, probe: AnyFuture, before: Iterable[AnyFuture], served_node: ServedNode) -> None:
        """One was sent for which there was no room."""
        looks, self._line.looks = self._line.looks, 0
        waited_for = set(before) - self._passed - {probe}
        self._probes = [each for each in self._probes if not each[0].done()]
        self._probes.append((probe, waited_for))
        if self._is_told:
            return
        self._is_told = True
        logger_of(served_node.node).warning(
            f"{self._what} wait for room: {len(waited_for)} were sent that have no answer, and "
            f"none has come for {looks * line.LOOK_SEC:.0f} s. One more is sent now, to see "
            "whether their server answers. Limit how long they wait, by asyncio.timeout(): what is "
            "given up makes room. For a server that is slow give it and its clients a deeper "
            "history: qos_profile=QoSProfile(depth=...)"
        )


def _is_answered(future: AnyFuture) -> bool:
    if not future.done() or future.cancelled():
        return False
    return exception_and_result_of(future)[0] is None
