# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Publishing, for tasks that may have to wait for room."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future as Submitted
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from rclpy.exceptions import InvalidHandle
from rclpy.publisher import Publisher

from aiorcl._coroutines.arguments import check, check_message
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.interpreter_exit import waits_in_vain
from aiorcl._rclpy.compiled import RCLError
from aiorcl._rclpy.typed import MsgT
from aiorcl._serving.followers import EntityGoneError
from aiorcl._serving.registry import served, served_node_of
from aiorcl._tasks.worker_call import Call, submit

if TYPE_CHECKING:
    from aiorcl._serving.serving import Serving

# A writer that fails after less than this did not wait for room: its middleware does not, or
# something else is wrong. Fast DDS waits for 0.1 s unless its configuration says otherwise.
_WAITED_SEC = 0.02

# How long a message waits for room that is published while the executor ends: whoever would make
# room may be a subscription that it has let go.
_CLEANUP_SEC = 1.0

# One thread for each publisher that needs it, so that its messages keep their order.
_threads: ByIdentity[Publisher[Any], ThreadPoolExecutor] = ByIdentity()


async def publish(publisher: Publisher[MsgT], message: MsgT) -> None:
    """Publish a message; wait, while the loop goes on, for as long as there is no room for it.

    Only a writer that is RELIABLE and keeps all of its history ever waits: until slow subscribers
    have acknowledged enough. Its messages are published in a thread, one after the other in the
    order of the calls. Any other writer is called here and now, and the coroutine does not suspend.

    Where ``publisher.publish()`` blocks, for 0.1 s with Fast DDS, and raises ``RCLError`` then,
    this tries again until there is room; ``asyncio.timeout`` limits that. If it is cancelled, it
    first waits for the attempt that is under way, whose message may be sent or not.

    :raises TypeError: if ``publisher`` is none, or ``message`` of another type.
    :raises RclError: if publishing failed without waiting.
    :raises rclpy.exceptions.InvalidHandle: if the publisher is destroyed meanwhile.
    :raises EntityGoneError: if the executor ends meanwhile. Its coroutines may publish while they
        clean up; but no longer than a second they wait for room then.
    :raises RuntimeError: unless an `AsyncioExecutor` serves the publisher on the running loop.
    """
    check(publisher, Publisher, "aiorcl.publish()", "a publisher, made by node.create_publisher()")
    if not isinstance(message, bytes):  # one that is serialized already
        check_message(message, publisher.msg_type, f"A message of '{publisher.topic}'")
    serving = served_node_of(publisher).serving
    found = served(publisher)
    if found is None or not getattr(found.core, "may_block", False):
        try:
            publisher.publish(message)
        except (RCLError, InvalidHandle):
            serving.check_answers()  # which another thread's shutdown may have overtaken
            raise
        return
    thread = _threads.get(publisher)
    if thread is None:
        thread = _threads[publisher] = ThreadPoolExecutor(1, thread_name_prefix="aiorcl publisher")
    run = serving.run
    waiting = _Waiting(publisher, message, serving)
    pending = Call(waiting.run)
    waiting.submitted = submit(thread, pending.run, lambda: waits_in_vain(run.last_thread))
    await pending.wait(waiting)


class _Waiting:
    """A message that waits for room in the thread of its publisher, so that none overtakes it."""

    def __init__(self, publisher: Publisher[MsgT], message: MsgT, serving: Serving) -> None:
        self._publisher = publisher
        self._serving = serving
        self._message = message
        self._cancelled = False
        self.submitted: Submitted[None] | None = None

    def run(self) -> None:
        """Publish. The thread's."""
        ends_since: float | None = None
        while not self._cancelled:
            began = time.monotonic()
            try:
                self._publisher.publish(self._message)
            except RCLError:
                if time.monotonic() - began < _WAITED_SEC:
                    raise
                if self._serving.ends() and ends_since is None:
                    ends_since = began
                is_late = ends_since is not None and time.monotonic() - ends_since > _CLEANUP_SEC
                if is_late or served(self._publisher) is None:
                    raise EntityGoneError("The publisher is not served any more") from None
                if waits_in_vain(self._serving.run.last_thread):
                    raise asyncio.CancelledError("The interpreter ends") from None
            else:
                return

    def cancel(self) -> bool:
        """Try no more; False if an attempt is under way, which cannot be interrupted."""
        self._cancelled = True
        return self.submitted is not None and self.submitted.cancel()
