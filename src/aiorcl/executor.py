# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""AsyncioExecutor: nodes in, callbacks out, on one event loop."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import weakref
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any

import rclpy.executors
import rclpy.task
from rclpy.executors import ExternalShutdownException, TimeoutObject

from aiorcl import _core
from aiorcl._loop.event_loop import new_event_loop
from aiorcl._loop.exit import at_exit, give_up_when_main_ends, waits_in_vain
from aiorcl._loop.host import driver_for
from aiorcl._loop.mailbox import Mailbox
from aiorcl._loop.run import Run, running_loop
from aiorcl._serving.abstract import ExecutorBase
from aiorcl._serving.context import ContextEnd
from aiorcl._serving.followers import Followers
from aiorcl._serving.guards import guards_of
from aiorcl._serving.hooks import ExecutorHooks
from aiorcl._serving.nodes import Nodes
from aiorcl._serving.serving import Ends
from aiorcl._serving.statistics import ExecutorStats, SlowCallbacks, stats_of
from aiorcl._serving.watcher import Watcher
from aiorcl._tasks.errors import Errors, OnError
from aiorcl._tasks.inline import InlineCallback
from aiorcl._tasks.owned import Owned
from aiorcl._tasks.spinning import Spinning
from aiorcl._tasks.task import Task
from aiorcl._tasks.workers import Workers

if TYPE_CHECKING:
    from typing import Self

    from rclpy.context import Context
    from rclpy.node import Node

    from aiorcl._loop.driver import Driver

# How long coroutines that refuse to end may keep the interpreter from its end.
_EXIT_SECONDS = 1.0


class AsyncioExecutor(ExecutorBase):  # pyright: ignore[reportIncompatibleMethodOverride]
    """Runs the callbacks of rclpy nodes on an asyncio event loop, in one thread.

    Two ways to run it. ``async with executor:`` serves the nodes on the running loop while the
    block is active; ``spin()`` and its kin run a loop themselves, as rclpy's executors do.
    Callbacks run one at a time; coroutine callbacks are asyncio tasks. See the documentation for
    order, callback groups and signals.

    :param context: the context of the nodes; rclpy's default context if None.
    :param loop: the loop for ``spin``; the caller closes it. If None, the first use of ``loop`` or
        ``spin`` makes one by ``aiorcl.new_event_loop()``, which ``shutdown`` closes.
    :param on_error: called with each exception that leaves a callback or a task, and the name of
        its entity (``"subscription '/chatter'"``). What it raises is raised instead; if it returns,
        all goes on. If None, the first exception leaves ``spin``, or cancels the body of
        ``async with`` and leaves that.
    :param strict_groups: hold a node's default callback group to rclpy's rule, one callback of the
        node at a time, coroutines included. If False, it keeps each entity from running beside
        itself only.
    :raises RuntimeError: if the context is not initialized.
    """

    def __init__(
        self,
        *,
        context: Context | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        on_error: OnError | None = None,
        strict_groups: bool = False,
    ) -> None:
        super().__init__(context=context)
        guards = guards_of(self._context)
        self._dispatcher = _core.Dispatcher()
        self._run = Run(self._dispatcher, self)
        self._mailbox = Mailbox(self._dispatcher)
        self._errors = Errors(on_error, self._run.interrupt, self._report)
        self._owned = Owned(self._run, self._mailbox, self._errors)
        self._owned.on_none_left = self._set_ended_in_block
        self._workers = Workers(self._dispatcher, self._nothing_answers)
        self._followers = Followers()
        watcher = Watcher(
            *(self._dispatcher, guards.threads, self._workers, self._mailbox, self._context),
            weakref.ref(self),
            strict=strict_groups,
        )
        self._served_nodes = Nodes(
            *(self.get_nodes, self._forget_node),
            Ends(self._why_it_ended, self._context_is_down),
            *(watcher, self._followers, self._run, self._mailbox, self._owned),
        )
        self._slow = SlowCallbacks(self._dispatcher, self._owned)
        self._hooks = ExecutorHooks(
            *(weakref.ref(self), self._owned, self._errors, watcher, self._slow)
        )
        self._given_loop = loop
        self._owns_loop = False
        self._driver: Driver | None = None
        self._is_shutdown = False
        self._ended = False  # and nothing is left
        self._all_ended = threading.Event()
        self._pid = os.getpid()
        self._context_end = ContextEnd(
            *(self._context, self._dispatcher, guards, self._run, self._mailbox),
            *(self._followers, self._workers),
        )
        self._spinning = Spinning(
            *(self._run, self._mailbox, self._errors, self._context_end),
            *(lambda: self._is_shutdown, self._loop_driver, self._look_if_changed, self._finish),
        )
        at_exit(self._end_with_interpreter)
        give_up_when_main_ends(self._give_up)

    # Any thread.

    def create_task(
        self,
        callback: Callable[..., Any] | Coroutine[Any, Any, Any],
        *args: Any,
        **kwargs: Any,
    ) -> Task[Any]:
        """Run a function, a coroutine function or a coroutine on the executor. Any thread.

        Starts in the order of creation, between the callbacks of entities, and only while the
        executor runs. An exception is the task's, and also leaves ``spin`` as that of a callback
        would.
        """
        if isinstance(callback, InlineCallback):
            return callback(*args)  # type: ignore[return-value]  # by a future, which ignores it
        task: Task[Any] = Task(callback, args, kwargs, self._owned, self)
        self._mailbox.post_task(task)
        return task

    def wake(self) -> None:
        """Look at the nodes again: entities were created or destroyed. Any thread; rclpy calls it.

        On the loop's thread, and while nothing runs, what was destroyed is let go before this
        returns; else the loop's thread does it next. Never blocks.
        """
        self._served_nodes.wake()

    def remove_node(self, node: Node) -> None:
        """Run no more callbacks of ``node``; nothing if it is not here.

        Any thread; returns at once. While the executor runs, coroutine callbacks of the node that
        are under way are cancelled.
        """
        super().remove_node(node)

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """Serve the nodes no more, cancel what is under way, and wait until it has ended.

        Any thread; on the one that runs the executor it cannot wait: the call that runs it ends the
        work. Closes the loop if the executor made it.

        :param timeout_sec: how long to wait; for ever if None or negative.
        :return: False if work remains.
        """
        if timeout_sec is not None and timeout_sec < 0:
            timeout_sec = None
        self._is_shutdown = True
        self._mailbox.refuse_tasks()
        if self._run.try_begin():  # nobody runs the executor
            try:
                return self._end(timeout_sec)
            finally:
                self._run.end()
        if self._run.is_here():
            self._stop_serving()
            return not self._owned.remain()
        self._mailbox.order(self._stop_serving, first=True)
        if self._workers.are_here():
            return False  # whoever waits for this callback cannot be waited for in it
        return self._all_ended.wait(timeout_sec)

    def stats(self) -> ExecutorStats:
        """Tell how often entities were called, how late, and for how long. Any thread.

        It is recorded all the time: that costs one reading of a clock per callback.
        """
        return stats_of(self._dispatcher, self._mailbox.entity, self._served_nodes.served())

    # The loop's thread.

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop: the one given, else the running one, else one that the executor makes."""
        if self._run.loop is None:
            if self._ended:
                raise RuntimeError("The executor was shut down")
            loop = self._given_loop or running_loop()
            self._owns_loop = loop is None
            self._run.loop = new_event_loop() if loop is None else loop
            self._driver = driver_for(*(self._run.loop, self._dispatcher, self._hooks, self._run))
        return self._run.loop

    @property
    def is_spinning(self) -> bool:
        """True while a spin call runs, or ``async with``; a second one is refused. Any thread."""
        return self._run.thread is not None

    @property
    def slow_callback_duration(self) -> float | None:
        """Log a warning, with the name, of whatever keeps the loop for so long; in seconds.

        A callback, or a step of a coroutine that the executor owns. By the logger of its node.
        None, as at first: of nothing. Set it on the loop's thread.
        """
        return self._slow.seconds

    @slow_callback_duration.setter
    def slow_callback_duration(self, seconds: float | None) -> None:
        self._slow.seconds = seconds

    def spin(self) -> None:
        """Run callbacks until ``shutdown``, or until the context is shut down.

        :raises ExternalShutdownException: if a signal or another thread shut the context down.
        :raises RuntimeError: if the executor or a loop runs in this thread already.
        """
        self._spinning.forever()

    def spin_once(self, timeout_sec: float | None = None) -> None:
        """Run one callback, or one step of a task; wait for it at most ``timeout_sec``.

        :param timeout_sec: in seconds; for ever if None or negative, not at all if 0.
        :raises ExternalShutdownException: if a signal or another thread shut the context down.
        """
        self._spinning.once(_limit(timeout_sec))

    def spin_until_future_complete(
        self, future: rclpy.task.Future[Any], timeout_sec: float | None = None
    ) -> None:
        """Run callbacks until ``future`` is done or cancelled, time is over, or a shutdown came."""
        self._spinning.until(future, _limit(timeout_sec))

    def spin_once_until_future_complete(
        self, future: rclpy.task.Future[Any], timeout_sec: float | TimeoutObject | None = None
    ) -> None:
        """As ``spin_once``, but return when ``future`` is done, too."""
        if isinstance(timeout_sec, TimeoutObject):
            timeout_sec = timeout_sec.timeout
        self._spinning.until(future, _limit(timeout_sec), once=True)

    async def wait_for_shutdown(self) -> None:
        """Return when the context is shut down, from anywhere, or the executor is.

        Call it while the executor runs.
        """
        if not (self._is_shutdown or self._context_end.came):
            await self._context_end.wait()

    async def __aenter__(self) -> Self:
        """Serve the nodes on the running loop until the block is left.

        :raises RuntimeError: if the executor runs already, was shut down, or has another loop.
        """
        loop = asyncio.get_running_loop()
        if self._is_shutdown:
            raise RuntimeError("The executor was shut down")
        if self.loop is not loop:
            raise RuntimeError(
                "The executor has another loop; make it without one, inside this loop"
            )
        self._run.begin()
        self._served_nodes.look()
        assert self._driver is not None  # made with the loop
        self._driver.start()
        self._errors.enter_body()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Cancel what is under way, wait until it has ended, and let go of the nodes."""
        await self._errors.leave_body(exc)
        self._is_shutdown = True
        self._mailbox.refuse_tasks()
        assert self._driver is not None
        try:
            self._served_nodes.let_go(keep_clients=True)
            self._workers.cancel_waits()
            await self._owned.end()
        finally:
            self._driver.stop()
            self._let_go()
            self._run.end()
        self._errors.raise_first()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.shutdown()

    def __del__(self) -> None:
        if not hasattr(self, "_context_end"):
            return  # not initialized
        if running_loop() is None and self._run.thread is None:
            self.shutdown(timeout_sec=0)  # so that no task is left pending
        self._let_go()

    def _end_with_interpreter(self) -> None:
        self.shutdown(timeout_sec=_EXIT_SECONDS)
        if self._run.thread is None:
            self._let_go()

    # What the parts ask.

    def _report(self, message: str, error: BaseException) -> None:
        self.loop.call_exception_handler({"message": message, "exception": error})

    def _context_is_down(self) -> bool:
        return self._context_end.came

    def _nothing_answers(self) -> bool:
        return self._is_shutdown or self._context_end.came or waits_in_vain(self._run.thread)

    def _give_up(self) -> None:
        if self._nothing_answers():
            self._workers.cancel_waits()

    def _why_it_ended(self) -> str | None:
        if self._context_end.came:
            return "The context is shut down"
        return "The executor was shut down" if self._is_shutdown else None

    def _set_ended_in_block(self) -> None:
        # A spin call ends with the executor, but the body of async with goes on as long as it
        # likes.
        if not self._owned.remain() and self._is_shutdown and self._errors.in_block():
            self._all_ended.set()

    # How a run begins and ends.

    def _look_if_changed(self) -> None:
        if self._served_nodes.changed:
            self._served_nodes.look()

    def _loop_driver(self) -> Driver:
        assert self.loop is self._run.loop  # made now, with its driver, if there was none
        assert self._driver is not None
        return self._driver

    def _finish(self) -> None:
        if isinstance(
            sys.exc_info()[1], (KeyboardInterrupt, SystemExit, ExternalShutdownException)
        ):
            self._workers.cancel_waits()  # or the interpreter would wait for them at its end
        if self._is_shutdown:
            self._end(None)
        self._run.end()
        # Another thread's shutdown() that came between the two lines left the end to this one.
        if self._is_shutdown and self._run.try_begin():
            self._end(None)
            self._run.end()

    def _stop_serving(self) -> None:
        self._served_nodes.let_go(keep_clients=True)
        self._cancel_all()
        self._context_end.tell()

    def _cancel_all(self) -> None:
        self._workers.cancel_waits()
        self._owned.cancel_all()
        self._set_ended_in_block()

    def _end(self, timeout: float | None) -> bool:
        """End what is under way, and let go; for whoever runs it. True if nothing remains."""
        self._served_nodes.let_go(keep_clients=True)
        self._cancel_all()
        driver = self._driver
        if self._owned.remain() and driver is not None and not driver.loop.is_closed():
            if running_loop() is not None:
                return False  # no other loop can run in this thread now
            self._run.once = False
            driver.start()
            try:
                driver.loop.run_until_complete(self._owned.end(timeout))
            finally:
                driver.stop()
        if self._owned.remain() and not (driver is None or driver.loop.is_closed()):
            return False
        self._let_go()
        return not self._owned.remain()

    def _let_go(self) -> None:
        """Leave nothing that the middleware could call, and close a loop of our own."""
        self._is_shutdown = self._ended = True
        if os.getpid() != self._pid:
            return  # a forked child: all of it is the parent's
        self._mailbox.refuse_tasks()
        self._served_nodes.let_go()
        self._workers.close()
        self._mailbox.close()
        self._context_end.close()
        with self._nodes_lock:
            self._added_nodes.clear()
        loop = self._run.loop
        if self._owns_loop and loop is not None and not loop.is_running():
            if not loop.is_closed() and running_loop() is None:
                loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()
        self._dispatcher.close()
        self._all_ended.set()


def _limit(timeout_sec: float | None) -> float | None:
    """Return a timeout as rclpy means it: None and less than 0 are for ever."""
    return None if timeout_sec is None or timeout_sec < 0 else timeout_sec


# isinstance() holds for code that asks; the methods of rclpy's base class would not fit.
rclpy.executors.Executor.register(AsyncioExecutor)
