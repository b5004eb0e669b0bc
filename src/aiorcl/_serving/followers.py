# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Who waits for something of an entity, and has to hear when nothing can come any more."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from aiorcl._loop.aside import loop_here
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.do_all import do_all
from aiorcl._loop.shutdown_state import Reason, ShutdownState

# How many may be followed, or have been, before those that nobody follows any more are forgotten:
# so many at least, and later twice as many as are followed then.
_FIRST_SWEEP = 64


class EntityGoneError(RuntimeError):
    """What was waited for can never come: the message says why.

    The entity or its node was destroyed or taken from its executor, or the executor or the context
    was shut down. If an error has ended the executor, that is the ``__cause__``.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(str(reason))
        self.__cause__ = None
        if isinstance(reason, Reason):
            self.__cause__ = reason.error
            if reason.is_to_cancel is not None:
                _instead_of_cancellation[self] = reason.is_to_cancel


# Errors that have overtaken the cancellation of who gets them, and whose end they are of.
_instead_of_cancellation: ByIdentity[EntityGoneError, weakref.ref[ShutdownState]] = ByIdentity()


def is_instead_of_cancellation(error: EntityGoneError, state: ShutdownState) -> bool:
    """Tell whether an executor would have cancelled who got an error, had it come to that."""
    found = _instead_of_cancellation.get(error)
    return found is not None and found() is state


class Follower:
    """Waits for something of one or more entities or nodes; told once when they are gone."""

    #: True to be told of a shutdown of the executor only when its coroutines have ended: those that
    #: clean up may still call services.
    outlives_shutdown = False

    def gone(self, reason: str) -> None:
        """Wait no more. On the loop's thread, or on any thread while the executor does not run."""
        raise NotImplementedError


class Followers:
    """Those of one executor. The loop's thread, or any thread while the executor does not run.

    Finalizers come at any moment, and may discard and tell: only lists of the keys are walked. A
    collector that comes within ``dict.copy()`` of CPython 3.11 leaves a broken copy.
    """

    def __init__(self) -> None:
        # What each follows, and its node.
        self._followed: dict[Follower, tuple[object, object]] = {}
        # By the id of what they follow. Where nobody is left it stays until _sweep(): another
        # thread, which may discard, cannot tell whether this one is about to add.
        self._of: dict[int, dict[Follower, None]] = {}
        self._sweep_at = _FIRST_SWEEP

    def add(self, follower: Follower, followed: object, node: object) -> None:
        """Tell ``follower`` when ``followed``, or the node that has it, goes.

        Holds them until then or discard(). What is gone already tells nobody: see Serving.follow().

        :param followed: an entity, or the node itself.
        """
        self._followed[follower] = followed, node
        of = self._of.get(id(followed))
        if of is None:
            if len(self._of) >= self._sweep_at:
                self._sweep()
            of = self._of[id(followed)] = {}
        of[follower] = None

    def discard(self, follower: Follower) -> bool:
        """Tell it nothing; False if it is not here any more. Any thread."""
        found = self._followed.pop(follower, None)
        if found is None:
            return False
        of = self._of.get(id(found[0]))
        if of is not None:
            of.pop(follower, None)
        return True

    def gone(self, key: int, reason: str) -> None:
        """An entity, by its id, is not served any more."""
        self._tell_all(list(self._of.pop(key, ())), reason)

    def node_gone(self, node: object, reason: str) -> None:
        """A node is not served any more, with all that it has."""
        found = ((each, self._followed.get(each)) for each in list(self._followed))
        of_node = [each for each, of in found if of is not None and of[1] is node]
        self._tell_all(of_node, reason)

    def shut_down(self, reason: str, *, finally_: bool) -> None:
        """Nothing is served any more; but clients are, unless ``finally_``."""
        followers = list(self._followed)
        self._tell_all(
            [each for each in followers if finally_ or not each.outlives_shutdown], reason
        )

    def __len__(self) -> int:
        return len(self._followed)

    def _tell_all(self, followers: list[Follower], reason: str) -> None:
        do_all(*(partial(self.tell, each, reason) for each in followers))

    def tell(self, follower: Follower, reason: str) -> None:
        """Tell one, and forget it; nothing if it is not here any more."""
        if self.discard(follower):  # of several threads one succeeds
            follower.gone(reason)

    def _sweep(self) -> None:
        for key in list(self._of):
            if not self._of.get(key):
                self._of.pop(key, None)
        self._sweep_at = max(_FIRST_SWEEP, 2 * len(self._of))


def on_loop(loop: asyncio.AbstractEventLoop, callback: Callable[..., Any], *args: Any) -> None:
    """Call ``callback`` on the thread of ``loop``: at once if this is it. Not if it is closed."""
    if loop_here() is loop:
        callback(*args)
        return
    try:
        loop.call_soon_threadsafe(callback, *args)
    except RuntimeError:
        pass  # nobody waits on it any more
