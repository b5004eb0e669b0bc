# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What all streams have in common: an async iterator that owns what feeds it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import TYPE_CHECKING, Generic, TypeVar

from aiorcl._loop.waiters import wake
from aiorcl._serving.followers import Follower, on_loop

if TYPE_CHECKING:
    from typing import Self

    from rclpy.node import Node

    from aiorcl._serving.serving import Serving

T = TypeVar("T")


class Feed(Follower, Generic[T]):
    """The queue between a callback of the executor and the tasks that iterate over the stream.

    It owns what feeds it, which goes when no more items can come: an executor that serves the node
    next would call it in vain. It does not know the stream: what feeds it must not keep a stream
    alive that nobody holds. An item stays in the queue until a task that runs takes it, so that
    none is lost by a cancellation.

    :param limit: how many items are kept; no limit if None.
    :param dropped: called each time that a full queue has lost its oldest item.
    """

    def __init__(self, limit: int | None, dropped: Callable[[], None] | None = None) -> None:
        self._limit = limit
        self._on_drop = dropped
        self._loop = asyncio.get_running_loop()
        self._items: deque[T] = deque()
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._unfollow: Callable[[Follower], object] = lambda _: None
        # Until it is called, by whoever takes it from here; no lock, as in Stream.
        self._releases: deque[Callable[[], object]] = deque()
        self.dropped = 0
        self.reason: str | None = None  # why no more items come

    def owns(self, release: Callable[[], object]) -> None:
        """Call ``release`` when no more items come, once; now, if that is so.

        It must not know the stream.
        """
        self._releases.append(release)
        if self.reason is not None:
            self._release()

    def _release(self) -> None:
        while True:
            try:
                release = self._releases.popleft()
            except IndexError:
                return
            release()

    def follow(self, serving: Serving, entity: object, node: Node) -> None:
        """End when the entity, its node or the executor is gone."""
        self._unfollow = serving.unfollow
        serving.follow(self, entity, node)

    def put(self, item: T) -> None:
        """Hand an item to one task. On the loop's thread: the callback of what feeds the stream."""
        if self.reason is not None:
            return
        items = self._items
        if self._limit is not None and len(items) >= self._limit:
            items.popleft()
            items.append(item)  # whoever was woken for the one that went takes another
            self.dropped += 1
            if self._on_drop is not None:
                self._on_drop()
            return
        items.append(item)
        self._wake_one()

    async def get(self) -> T:
        """Wait for an item; the tasks that wait get them in the order in which they came.

        :raises StopAsyncIteration: if there will be none.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            raise RuntimeError("The stream was opened on another event loop: iterate over it there")
        while not self._items:
            if self.reason is not None:
                raise StopAsyncIteration
            waiter = loop.create_future()
            self._waiters.append(waiter)
            try:
                # Asked again: what came before the line above, by a finalizer, woke nobody.
                if not self._items and self.reason is None:
                    await waiter
            except BaseException:
                self._forget_waiter(waiter)
                if (
                    not waiter.cancelled() and self._items
                ):  # it was woken and is cancelled now: the item is for the next one
                    self._wake_one()
                raise
            if not waiter.done():
                self._forget_waiter(waiter)
        return self._items.popleft()

    def gone(self, reason: str) -> None:
        """No more items come; those in the queue may still be taken."""
        if self.reason is None:
            self.reason = reason
        on_loop(self._loop, self._wake_all)
        self._release()

    def close(self) -> None:
        """End, and forget the items. Any thread."""
        self._unfollow(self)
        self.reason = "The stream was closed"
        on_loop(self._loop, self._forget)
        self._release()

    def _forget_waiter(self, waiter: asyncio.Future[None]) -> None:
        with contextlib.suppress(ValueError):  # it was woken
            self._waiters.remove(waiter)

    def _wake_one(self) -> None:
        with contextlib.suppress(IndexError):  # nobody waits
            while not wake(self._waiters.popleft()):
                pass

    def _forget(self) -> None:
        self._items.clear()
        self._wake_all()

    def _wake_all(self) -> None:
        while self._waiters:
            self._wake_one()


class Stream(AsyncIterator[T]):
    """An async iterator, and an async context manager, over what an entity of a node brings.

    The entity is the stream's own. It is made when ``async with`` is entered or the first item is
    asked for, and destroyed when no more items can come, when the block is left, by ``close``, or
    when nobody holds the stream any more: ``break`` out of a bare ``async for message in
    aiorcl.messages(...)`` is enough.

    Several tasks may iterate over one stream, each item goes to one of them; for each to get all
    give each a stream. An item that has arrived wakes one task. A task that is cancelled while it
    waits loses no item. No callback group holds a stream back, and no other thread is involved,
    also for a node whose entities are in a ``ThreadCallbackGroup``.

    The iteration ends, when the items that have arrived are taken, as soon as no more can come:
    the entity or its node was destroyed, the node was removed from its executor, or the executor
    or the context was shut down. It ends at once for all tasks by ``close``.

    On the thread of the loop, except where a method says otherwise. The first item, or ``async
    with``, raises ``RuntimeError`` unless an `AsyncioExecutor` serves the node on the running loop.
    """

    def __init__(self) -> None:
        self._feed: Feed[T] | None = None
        # Until it is ended, by whoever takes it from here. No lock: close() may come between any
        # two lines, on another thread, in a signal handler or a finalizer.
        self._open_feed: deque[Feed[T]] = deque()
        self._closed = False

    def _open(self) -> Feed[T]:
        """Make what feeds the stream, and the feed, which owns it."""
        raise NotImplementedError

    def _opened(self) -> Feed[T]:
        if self._feed is None:
            self._feed = self._open()
            # In this order: close() sets the flag before it looks.
            self._open_feed.append(self._feed)
            if self._closed:
                self._end()
        return self._feed

    @property
    def dropped(self) -> int:
        """How many items a full queue has lost, the oldest first, because no task took them."""
        return 0 if self._feed is None else self._feed.dropped

    @property
    def closed(self) -> bool:
        """True after ``close``."""
        return self._closed

    def close(self) -> None:
        """Destroy what feeds the stream and end its iterations; the second time nothing.

        Items that were not taken are lost. Any thread.
        """
        self._closed = True
        self._end()

    def _end(self) -> None:
        try:
            feed = self._open_feed.pop()
        except IndexError:
            return  # it was never opened, is being opened, or has ended
        feed.close()

    async def aclose(self) -> None:
        """As ``close``, for ``contextlib.aclosing``; waits for nothing."""
        self.close()

    async def __aenter__(self) -> Self:
        if self._closed:
            raise RuntimeError("The stream was closed: make a new one")
        self._opened()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        """Return the next item.

        :raises StopAsyncIteration: if no more can come.
        """
        if self._closed:
            raise StopAsyncIteration
        feed = self._opened()
        # An exception keeps this frame, and whoever keeps the exception must not keep the stream.
        del self
        return await feed.get()

    def __del__(self) -> None:
        # On whichever thread collects it; and not while the interpreter takes rclpy apart.
        if not getattr(self, "_closed", True) and not sys.is_finalizing():
            self.close()
