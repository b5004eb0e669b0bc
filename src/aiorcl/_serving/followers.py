# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Who waits for something of an entity, and has to hear when nothing can come any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiorcl._loop.ends import Reason
from aiorcl._loop.private import running_loop


class EntityGoneError(RuntimeError):
    """What was waited for can never come: the message says why.

    The entity or its node was destroyed or taken from its executor, or the executor or the context
    was shut down. If an error has ended the executor, that is the ``__cause__``.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(str(reason))
        self.__cause__ = reason.error if isinstance(reason, Reason) else None


class Follower:
    """Waits for something of one or more entities or nodes; told once when they are gone."""

    #: True to be told of a shutdown of the executor only when everything has ended: coroutines that
    #: clean up may still call services.
    outlives_shutdown = False

    def gone(self, reason: str) -> None:
        """Wait no more. On the loop's thread, or on any thread while the executor does not run."""
        raise NotImplementedError


class Followers:
    """Those of one executor. The loop's thread, or any thread while the executor does not run."""

    def __init__(self) -> None:
        self._followed: dict[Follower, tuple[object, ...]] = {}

    def add(self, follower: Follower, *followed: object) -> None:
        """Tell ``follower`` when one of these is gone. Holds them until then or discard()."""
        self._followed[follower] = followed

    def discard(self, follower: Follower) -> None:
        """Tell it nothing; nothing if it is not here. Any thread."""
        self._followed.pop(follower, None)

    def gone(self, key: int, reason: str) -> None:
        """An entity or a node, by its id, is not served any more."""
        for follower, followed in list(self._followed.items()):
            if any(id(each) == key for each in followed):
                self._tell(follower, reason)

    def shut_down(self, reason: str, *, finally_: bool) -> None:
        """Nothing is served any more; but clients are, unless ``finally_``."""
        for follower in list(self._followed):
            if finally_ or not follower.outlives_shutdown:
                self._tell(follower, reason)

    def __len__(self) -> int:
        return len(self._followed)

    def _tell(self, follower: Follower, reason: str) -> None:
        if self._followed.pop(follower, None) is not None:
            follower.gone(reason)


def on_loop(loop: asyncio.AbstractEventLoop, callback: Callable[..., Any], *args: Any) -> None:
    """Call ``callback`` on the thread of ``loop``: at once if this is it. Not if it is closed."""
    if running_loop() is loop:
        callback(*args)
        return
    try:
        loop.call_soon_threadsafe(callback, *args)
    except RuntimeError:
        pass  # nobody waits on it any more
