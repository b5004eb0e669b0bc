# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Coroutines that wait for one thing, such as a place in a queue, one behind the other."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from aiorcl._loop.waiters import wake
from aiorcl._serving.followers import EntityGoneError, Follower, on_loop

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiorcl._serving.node import ServedNode


class _Waiting(Follower):
    """Something that waits until it may go on."""

    outlives_shutdown = True

    def __init__(self, client: Any) -> None:
        self.client = client
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._gone: EntityGoneError | None = None

    def gone(self, reason: str) -> None:
        self._gone = EntityGoneError(reason)
        on_loop(self._loop, self.wake)

    def wake(self) -> None:
        if self._waiter is not None:
            wake(self._waiter)

    async def wait(self, is_turn: Callable[[], bool]) -> None:
        """Return when it is so; it is asked now, and at each waking."""
        while not self._goes_on(is_turn):
            self._waiter = self._loop.create_future()
            if not self._goes_on(is_turn):  # since it could be woken
                await self._waiter
        if self._gone is not None:
            raise self._gone

    def _goes_on(self, is_turn: Callable[[], bool]) -> bool:
        return self._gone is not None or is_turn()


# What frees a place is not always told of (a future of the user's that is cancelled, say): then it
# is looked at again after so many seconds.
LOOK_SEC = 0.25


class Line:
    """Calls, or goals, of clients that wait for one thing, first come, first served."""

    def __init__(self, is_free: Callable[[Any], bool]) -> None:
        self._is_free = is_free
        self._waiting: deque[_Waiting] = deque()
        #: How often it was looked at in vain, until somebody sets it back.
        self.looks = 0
        self._looking: asyncio.TimerHandle | None = None  # while somebody waits

    def __len__(self) -> int:
        return len(self._waiting)

    def is_free(self, client: Any) -> bool:
        """Tell whether a call that comes now need not wait."""
        return not self._waiting and self._is_free(client)

    async def wait(self, client: Any, served_node: ServedNode) -> None:
        """Return when all that came before have gone on, and it is free.

        Who goes on takes it, and calls ``advance()`` when that changes something for the next one.
        """
        call = _Waiting(client)
        self._waiting.append(call)
        serving = served_node.serving
        serving.follow(call, client, served_node.node)
        if self._looking is None:
            self._look_later()
        try:
            await call.wait(lambda: self._waiting[0] is call and self._is_free(client))
        except BaseException:
            self._waiting.remove(call)
            self.advance()
            raise
        finally:
            serving.unfollow(call)
        self._waiting.popleft()

    def _look_later(self) -> None:
        self._looking = asyncio.get_running_loop().call_later(LOOK_SEC, self._look)

    def _look(self) -> None:
        self._looking = None
        if self._waiting:
            self.looks += 1
            self.advance()
            self._look_later()

    def advance(self) -> None:
        """Wake the first one if it is free."""
        if self._waiting and self._is_free(self._waiting[0].client):
            self._waiting[0].wake()
