# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""AsyncioExecutor: nodes in, callbacks out, on one event loop."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Coroutine
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

import rclpy.executors
import rclpy.task
from rclpy.context import Context
from rclpy.executors import TimeoutObject

from aiorcl import _core
from aiorcl._coroutines.arguments import check_executor_arguments, check_future, timeout
from aiorcl._loop.finalizer import Finalizer
from aiorcl._loop.fork import in_forked_child
from aiorcl._loop.home import Home
from aiorcl._loop.interpreter_exit import waits_in_vain
from aiorcl._loop.mailbox import Mailbox
from aiorcl._loop.private import frame_above
from aiorcl._loop.run import Run
from aiorcl._loop.selector_driver import driver_for
from aiorcl._loop.shutdown_state import ShutdownState
from aiorcl._rclpy.own_methods import OwnMethods
from aiorcl._serving.abstract import ExecutorBase
from aiorcl._serving.async_with import Block
from aiorcl._serving.context import ContextEnd
from aiorcl._serving.followers import EntityGoneError, Followers
from aiorcl._serving.guards import guards_of
from aiorcl._serving.hold_ups import HoldUps
from aiorcl._serving.hooks import ExecutorHooks
from aiorcl._serving.interpreter_end import InterpreterEnd
from aiorcl._serving.manner import Manner
from aiorcl._serving.nodes import Nodes
from aiorcl._serving.report import ExecutorReport
from aiorcl._serving.shutdown import Shutdown
from aiorcl._serving.slow_callbacks import SlowCallbacks
from aiorcl._serving.statistics import ExecutorStats, stats_of
from aiorcl._serving.unanswered import Unanswered
from aiorcl._serving.watcher import Watcher
from aiorcl._tasks.errors import Errors, OnError
from aiorcl._tasks.inline import InlineCallback
from aiorcl._tasks.nested_spinning import NestedSpinning
from aiorcl._tasks.owned_coroutines import OwnedCoroutines
from aiorcl._tasks.spinning import Spinning
from aiorcl._tasks.task import Task
from aiorcl._tasks.unfetched import Unfetched
from aiorcl._tasks.workers import Workers

if TYPE_CHECKING:
    from typing import Self

    from rclpy.node import Node


P = ParamSpec("P")
T = TypeVar("T")


class AsyncioExecutor(ExecutorBase):  # pyright: ignore[reportIncompatibleMethodOverride]
    """Runs the callbacks of rclpy nodes on an asyncio event loop, in one thread.

    Two ways to run it. ``async with executor:`` serves the nodes on the running loop while the
    block is active, as ``start()`` and ``stop()`` do without a block; ``spin()`` and its kin run a
    loop themselves, as rclpy's executors do.
    Callbacks run one at a time; coroutine callbacks are asyncio tasks. See the documentation for
    order, callback groups and signals.

    :param context: the context of the nodes; rclpy's default context if None.
    :param loop: the loop for ``spin``; the caller closes it. If None, the first use of ``loop`` or
        ``spin`` makes one by ``aiorcl.new_event_loop()``, which ``shutdown`` closes.
    :param on_error: called with each exception that leaves a callback or a task, and the name of
        what it left (``"timer 'check' of node '/n'"``), unless it ends the program, or says no more
        than that the executor ends. What it raises is raised instead; if it returns, all goes on.
        If None, the first exception leaves ``spin``, or cancels the body of ``async with`` and
        leaves that. Where nobody is in the body (it was entered by ``start()``, an exit stack or a
        generator that yields inside, or in a task that has ended) it is told at once, to the
        exception handler of the loop and the log; all goes on, and the end of the block raises it.
    :param strict_groups: hold a node's default callback group to rclpy's rule, one callback of the
        node at a time, coroutines included. If False, it keeps each entity from running beside
        itself only.
    :raises RuntimeError: if the context is not initialized.
    :raises TypeError: if an argument is of the wrong kind.
    """

    def __init__(
        self,
        *,
        context: Context | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        on_error: OnError | None = None,
        strict_groups: bool = False,
    ) -> None:
        check_executor_arguments(loop, on_error, strict_groups)
        self._set_up(context, loop, on_error, Manner(strict_groups=strict_groups))

    def _set_up(
        self,
        context: Context | None,
        loop: asyncio.AbstractEventLoop | None,
        on_error: OnError | None,
        manner: Manner,
    ) -> None:
        super().__init__(context=context)
        guards = guards_of(self._context)
        self._state = ShutdownState(self)
        self._dispatcher = _core.Dispatcher(ros_context=guards.context)
        self._mailbox = Mailbox(self._dispatcher)
        self._run = Run(self._dispatcher, self._mailbox, self, hides_loop=manner.hides_loop)
        self._followers = Followers()
        self._workers = Workers(
            *(weakref.ref(self), self._state, guards.context, self._nothing_answers, manner.threads)
        )
        self._context_end = ContextEnd(
            *(self._context, self._state, self._dispatcher, guards, self._run, self._mailbox),
            *(self._followers, self._workers),
        )
        report = ExecutorReport(self._run)
        self._errors = Errors(
            *(on_error, self._run.interrupt, report),
            *(self._context_end.caused, self._context_end.is_told_by),
        )
        self._workers.on_error = self._errors.add
        self._unfetched = Unfetched(self._run, self._mailbox, self._errors)
        self._owned = OwnedCoroutines(self._run, self._mailbox)
        watcher = Watcher(
            *(self._dispatcher, guards.threads, self._workers, self._mailbox, self._context),
            weakref.ref(self),
            strict=manner.strict_groups,
        )
        self._served_nodes = Nodes(
            *(self.get_nodes, self._has_node, self._forget_node, self._state, watcher),
            *(self._followers, self._run, self._mailbox, self._owned, self._unfetched),
            self._errors.add,
        )
        self._slow = SlowCallbacks(self._dispatcher, self._owned, manner.slow_advice)
        hooks = ExecutorHooks(weakref.ref(self), self._owned, self._errors, watcher, self._slow)
        drive = partial(driver_for, dispatcher=self._dispatcher, hooks=hooks, run=self._run)
        self._home = Home(loop, self._run, drive, self._slow.run_on, manner.new_loop)
        unanswered = Unanswered(self._state, self._run, self._served_nodes, self._owned, self._home)
        self._shutdown = Shutdown(
            *(self._state, self._dispatcher, self._home, self._run, self._mailbox, self._errors),
            *(self._unfetched, self._owned, self._workers, self._served_nodes, self._followers),
            *(self._context_end, HoldUps(self._workers, report), unanswered, self._forget_nodes),
        )
        self._finalizer = Finalizer(self._shutdown.when_collected)
        self._block = Block(
            *(self._state, self._home, self._run, self._served_nodes, self._errors, self._shutdown)
        )
        self._spinning: Spinning = (NestedSpinning if manner.nests else Spinning)(
            *(self._state, self._run, self._mailbox, self._errors, self._unfetched, self._workers),
            self._home.choose,
            *(self._served_nodes.begin, self._shutdown.after_spin),
        )
        self._workers.spin_inside = self._spinning.until if manner.nests else None
        self._interpreter_end = InterpreterEnd(
            *(self._state, self._run, self._errors, self._workers, self._shutdown)
        )
        in_forked_child(self._shutdown.leave_to_parent)

    # Any thread.

    @overload
    def create_task(self, callback: Coroutine[Any, Any, T]) -> Task[T]: ...
    @overload
    def create_task(
        self, callback: Callable[P, Coroutine[Any, Any, T]], *args: P.args, **kwargs: P.kwargs
    ) -> Task[T]: ...
    @overload
    def create_task(
        self, callback: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> Task[T]: ...
    def create_task(
        self,
        callback: Callable[..., Any] | Coroutine[Any, Any, Any],
        *args: Any,
        **kwargs: Any,
    ) -> Task[Any]:
        """Run a function, a coroutine function or a coroutine on the executor. Any thread.

        Starts in the order of creation, between the callbacks of entities, and only while the
        executor runs. Who awaits the task gets its exception. One that nobody has fetched two turns
        of the loop later leaves ``spin``, or cancels the body of ``async with``, as that of a
        callback would. Awaiting one of an ended executor raises ``EntityGoneError``.
        """
        if issubclass(type(callback), InlineCallback):  # not asked itself: a proxy raises
            return callback(*args)  # type: ignore[operator,no-any-return]  # by a future
        task: Task[Any] = Task(callback, args, kwargs, self._owned, self._unfetched, self)
        self._mailbox.post_task(task)
        if self._state.let_go:
            task.refused = partial(EntityGoneError, self._state.why() or "")
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
        are under way are cancelled. While it does not, the node is held until it comes back, goes
        elsewhere or is destroyed, and at most until the executor runs without it or ends: so
        ``rclpy.spin_once``, which adds and removes its node each time, costs little.
        """
        self._served_nodes.remove(node)

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """Serve the nodes no more, cancel what is under way, and wait until it has ended.

        Any thread; on the one that runs the executor it cannot wait: the call that runs it ends the
        work. Closes the loop if the executor made it.

        :param timeout_sec: how long to wait; for ever if None or negative.
        :return: False if work remains.
        """
        return self._shutdown.come_to_end(timeout(timeout_sec, "shutdown()"))

    def stats(self) -> ExecutorStats:
        """Tell how often entities were called, how late, and for how long. Any thread.

        It is recorded all the time: that costs one reading of a clock per callback.
        """
        return stats_of(self._dispatcher, self._mailbox.entity, self._served_nodes.watched_now())

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop: the one given, else that of the block, else one that the executor makes.

        Any thread. Chosen once, by what comes first: a block takes the loop that runs there; a spin
        call, or who asks where no loop runs, makes one. Asked inside a running loop before the
        executor runs, it is that one, and nothing is chosen.

        :raises RuntimeError: if the executor was shut down before it had one.
        """
        return self._home.loop()

    @property
    def is_spinning(self) -> bool:
        """True while a spin call runs, or ``async with``; a second one is refused. Any thread."""
        return self._run.thread is not None

    # The loop's thread.

    @property
    def slow_callback_duration(self) -> float | None:
        """Log a warning, with the name, of whatever keeps the loop for so long; in seconds.

        A callback, or a step of a coroutine that the executor owns. By the logger of its node.
        None, as at first: of nothing; but until it is set a loop in debug mode, which names slow
        tasks, has its own limit for callbacks. Set it on the loop's thread.
        """
        return self._slow.seconds

    @slow_callback_duration.setter
    def slow_callback_duration(self, seconds: float | None) -> None:
        self._slow.seconds = seconds

    def spin(self) -> None:
        """Run callbacks until ``shutdown``, or until the context is shut down.

        By ``spin_once``, again and again, if that is a subclass's own.

        :raises ExternalShutdownException: if a signal or another thread shut the context down.
        :raises RuntimeError: if the executor or a loop runs in this thread already.
        """
        self._spinning.forever(None if _SPIN_ONCE.are_those_of(self) else self.spin_once)

    def spin_once(self, timeout_sec: float | None = None) -> None:
        """Run one callback, or one step of a task; wait for it at most ``timeout_sec``.

        :param timeout_sec: in seconds; for ever if None or negative, not at all if 0.
        :raises ExternalShutdownException: if the context is down, unless a callback shut it down.
        """
        self._spinning.once(timeout(timeout_sec, "spin_once()"))

    def spin_until_future_complete(
        self, future: rclpy.task.Future[Any], timeout_sec: float | None = None
    ) -> None:
        """Run callbacks until ``future`` is done or cancelled, time is over, or a shutdown came."""
        function = "spin_until_future_complete()"
        check_future(future, function)
        self._spinning.until(future, timeout(timeout_sec, function))

    def spin_once_until_future_complete(
        self, future: rclpy.task.Future[Any], timeout_sec: float | TimeoutObject | None = None
    ) -> None:
        """As ``spin_once``, but return when ``future`` is done, too."""
        if isinstance(timeout_sec, TimeoutObject):
            timeout_sec = timeout_sec.timeout
        function = "spin_once_until_future_complete()"
        check_future(future, function)
        self._spinning.until(future, timeout(timeout_sec, function), once=True)

    async def wait_for_shutdown(self) -> None:
        """Return when the context is shut down, from anywhere, or the executor, or its block ends.

        Call it while the executor runs; in any task, on any loop.
        """
        await self._context_end.wait()

    async def start(self) -> None:
        """Serve the nodes on the running loop until ``stop()``: ``async with`` without a block.

        For what begins in one function and ends in another: the hooks of a framework, a fixture, a
        cell of a notebook. Nobody is there to be cancelled by the first exception: it is told at
        once, to the exception handler of the loop and the log, all goes on, and ``stop()`` raises
        it.

        :raises RuntimeError: if the executor runs already, was shut down, or has another loop.
        :raises NotImplementedError: if the loop has no ``add_reader``.
        """
        self._block.enter(None)

    async def stop(self) -> None:
        """Cancel what is under way, wait until it has ended, and let go of the nodes.

        On the loop on which it was started, in any task; a second call waits for the first one. A
        cancellation does not end the wait.

        :raises RuntimeError: if the executor was not started.
        """
        await self._block.leave(None)

    async def __aenter__(self) -> Self:
        """Serve the nodes on the running loop until the block is left.

        :raises RuntimeError: if the executor runs already, was shut down, or has another loop.
        :raises NotImplementedError: if the loop has no ``add_reader``.
        """
        self._block.enter(frame_above(1))
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Cancel what is under way, wait until it has ended, and let go of the nodes.

        On the loop on which it was entered, in any task. A cancellation does not end the wait.
        """
        await self._block.leave(exc)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(exc, Exception):
            self._state.error = exc
        if _SHUTDOWN.are_those_of(self):
            self._shutdown.come_to_end(None, exc)
        else:
            self.shutdown()

    def __del__(self) -> None:
        # Besides the finalizer, which comes also where a subclass does not call this one: that may
        # be after the collector has closed coroutines, which it does in the order that it found.
        if hasattr(self, "_shutdown"):
            self._shutdown.when_collected()

    # What the parts ask.
    def _look_at_new(self, node: Node) -> None:
        self._served_nodes.look_at_new(node)

    def _nothing_answers(self) -> bool:
        return self._state.nothing_answers() or waits_in_vain(self._run.last_thread)


_SPIN_ONCE = OwnMethods(AsyncioExecutor, "spin_once")
_SHUTDOWN = OwnMethods(AsyncioExecutor, "shutdown")

# isinstance() holds for code that asks; the methods of rclpy's base class would not fit.
rclpy.executors.Executor.register(AsyncioExecutor)
