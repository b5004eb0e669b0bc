# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""aiorcl.run: a whole program, from the initialisation of ROS to its end."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar, overload

import rclpy
from rclpy.context import Context
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import get_default_context

from aiorcl._coroutines.arguments import check_callable, check_context
from aiorcl._loop.blocks import block
from aiorcl._loop.event_loop import new_event_loop
from aiorcl._loop.home import tell_of_errors
from aiorcl._loop.private import running_loop
from aiorcl._program.entry_points import Main, call_main, check_entry, is_main, make_node
from aiorcl._program.loop_factory import LoopFactory, new_loop_of
from aiorcl._program.mains import Mains
from aiorcl._program.node_ends import NodesToDestroy, end_ros
from aiorcl._program.stop_signals import StopSignals
from aiorcl._serving.told_threads import telling_threads
from aiorcl._serving.unanswered import look_until_ended
from aiorcl._tasks.workers import workers_of
from aiorcl.executor import AsyncioExecutor

T = TypeVar("T")

EndRos: TypeAlias = Callable[[], None]

_CALLER = "aiorcl.run()"

# Two threads at once: the one whose initialisation fails would end that of the other.
_initialising = threading.Lock()

# What threads get for their last words when all else has ended.
_LAST_WORDS_SEC = 1.0


def check_args(args: object, caller: str) -> None:
    """Raise TypeError for what is no command line."""
    if args is not None and not (
        isinstance(args, Sequence)
        and not isinstance(args, str | bytes)
        and all(isinstance(each, str) for each in args)
    ):
        raise TypeError(
            f"{caller} takes a list of arguments for ROS, strings as in sys.argv, not {args!r}"
        )


@block
def initialised(
    args: Sequence[str] | None, context: Context | None, caller: str
) -> Iterator[tuple[Context, EndRos | None]]:
    """ROS is up in the block: a context that is up already is used, and left so, if it is given.

    Signals are left alone. With the context comes what ends ROS, where the end of the block would;
    it may do so before.

    :param caller: the function of the user's call, as ``aiorcl.run()``.
    """
    with contextlib.ExitStack() as at_exit:
        with _initialising:
            chosen = get_default_context() if context is None else context
            is_up = chosen.ok()
            if is_up:
                _check_is_meant(args, context, caller)
            else:
                # Before: a signal may come while it is initialised.
                at_exit.callback(end_ros, chosen, is_default=context is None)
                rclpy.init(
                    args=None if args is None else list(args),
                    context=context,
                    signal_handler_options=SignalHandlerOptions.NO,
                )
        yield chosen, None if is_up else at_exit.close


def _check_is_meant(args: Sequence[str] | None, context: Context | None, caller: str) -> None:
    """Raise an error if a program that runs in a context that is up says something else."""
    if context is None:
        raise RuntimeError(
            f"{caller} initialises ROS, but it is initialised already: remove rclpy.init(), or "
            f"keep it and pass context=rclpy.get_default_context()"
        )
    if args is not None:
        raise ValueError(f"{caller}: args are for the initialisation, and the context is up")


@block
def loop_and_nodes(
    loop_factory: LoopFactory,
    context: Context,
    end_ros: EndRos | None,
    *,
    debug: bool | None = None,
) -> Iterator[tuple[asyncio.AbstractEventLoop, NodesToDestroy]]:
    """A loop and a place for nodes are there in the block.

    In the end what is left on the loop is cancelled and waited for, because it may have a last
    message to publish; then nodes are destroyed, which may use the loop once more, and may be what
    ends its threads; then threads are waited for, and the loop is closed. They are told by
    ``rclpy.ok()``, and for what rclpy does in them ROS ends a while later, if it ends with the
    program. A second signal on the way cuts the waiting short, but nodes are destroyed all the
    same.

    :param end_ros: as of ``initialised``.
    """
    with contextlib.closing(loop_factory()) as loop:
        if debug is not None:
            loop.set_debug(debug)
        nodes = NodesToDestroy()
        try:
            yield loop, nodes
        finally:
            # Not asyncio.Runner: it waits for threads before anything else could end them.
            with nodes:
                _end_coroutines(loop)
            _end_coroutines(loop)  # that nodes have begun at their end
            if end_ros is None:
                loop.run_until_complete(loop.shutdown_default_executor())
            else:
                with telling_threads(context):
                    _end_threads(loop, end_ros)


def _end_threads(loop: asyncio.AbstractEventLoop, end_ros: EndRos) -> None:
    """Wait for the threads of the loop; those that spin, or wait for ROS, hear of its end only."""
    errors: list[Exception] = []

    def end() -> None:
        try:
            end_ros()
        except Exception as error:  # of the user's on_shutdown()
            errors.append(error)

    ends = loop.call_later(_LAST_WORDS_SEC, end)
    loop.run_until_complete(loop.shutdown_default_executor())
    ends.cancel()
    for error in errors:
        raise error


def _end_coroutines(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel the tasks of a loop and wait for them; then end its async generators."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        look_until_ended(loop, left)
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    tell_of_errors(left)
    loop.run_until_complete(loop.shutdown_asyncgens())


@overload
def run(
    main: Main[T],
    *,
    args: Sequence[str] | None = ...,
    context: Context | None = ...,
    loop_factory: LoopFactory | None = ...,
    debug: bool | None = ...,
) -> T | None: ...
@overload
def run(
    main: Callable[[], Node] | Iterable[Main[Any] | Callable[[], Node]],
    *,
    args: Sequence[str] | None = ...,
    context: Context | None = ...,
    loop_factory: LoopFactory | None = ...,
    debug: bool | None = ...,
) -> None: ...
def run(
    main: Any,
    *,
    args: Sequence[str] | None = None,
    context: Context | None = None,
    loop_factory: LoopFactory | None = None,
    debug: bool | None = None,
) -> Any:
    """Run a program: initialise ROS, serve nodes on a new event loop, and end both, whatever comes.

    ``aiorcl.run(main)`` with ``async def main(executor)``, as ``asyncio.run``, until it returns
    (``async def main()`` is called without it); or
    ``aiorcl.run(MyNode)`` with a node class, or a function that returns a node, until
    ``rclpy.shutdown()``; or with a list of both, until all coroutines have returned, one is
    cancelled by itself, or ROS or the executor is shut down, which cancels them. Nodes are made
    before the loop runs, and destroyed at the end.

    Ctrl-C and SIGTERM end it cleanly, and ``run`` returns None: the callback that runs comes to its
    end, ``main``, or all of several, is cancelled while nodes are served, which answer what it asks
    in its cleanup; then other coroutines are, then what else is left on the loop, and then
    nodes are destroyed while ROS is still up, also those that ``main`` has made and left on the
    executor; then threads of the loop are waited for. To threads for which alone the end waits
    ``rclpy.ok()`` is False, and a second later ROS is shut down. The second signal raises
    ``KeyboardInterrupt`` wherever the program is, and callbacks in worker threads are not waited
    for any more, by the exit of the interpreter neither. Handlers of the user's own stay. On
    another thread than the main one signals are left alone.

    An exception of ``main``, a callback or a task cancels all else and is raised as it is.

    :param main: what to run; a node class or function is called without arguments.
    :param args: the command line for ROS; ``sys.argv`` if None.
    :param context: to run in, instead of rclpy's default context. One that is initialised already
        is left so, and nodes must have been made for it. Else it goes down at the end for all who
        use it: where several threads run programs in one, initialise it before.
    :param loop_factory: makes the loop, such as ``uvloop.new_event_loop``; if None,
        `new_event_loop` does.
    :param debug: asyncio's debug mode, as in ``asyncio.run``.
    :return: what ``main`` has returned, if it is one coroutine function; None where a signal has
        cancelled it, unless it returns all the same.
    :raises TypeError: if it is neither, takes other arguments, or returns no node, or if another
        argument is of the wrong kind, or ``loop_factory`` returns no loop.
    :raises ValueError: if it is an empty list, or returns a node that was destroyed; if there are
        ``args`` for a context that is up; if ``loop_factory`` returns a loop that is closed, or
        runs.
    :raises RuntimeError: if a loop runs in this thread, or ROS is initialised already and no
        context was given.
    """
    several = isinstance(main, Iterable) and not callable(main) and not isinstance(main, str)
    makers: list[Any] = list(main) if several else [main]
    if not makers:
        raise ValueError("aiorcl.run() has nothing to run: the list is empty")
    for each in makers:
        check_entry(each, _CALLER)
    check_args(args, _CALLER)
    check_callable(loop_factory, "aiorcl.run()", "loop_factory")
    check_context(context, _CALLER)
    if running_loop() is not None:
        raise RuntimeError("aiorcl.run() cannot be called while an event loop runs in this thread")
    mains = [each for each in makers if is_main(each)]
    make_loop = functools.partial(new_loop_of, loop_factory or new_event_loop, _CALLER)
    signals = StopSignals()
    try:
        with (
            signals,
            initialised(args, context, _CALLER) as (chosen, end_ros),
            loop_and_nodes(make_loop, chosen, end_ros, debug=debug) as (loop, nodes),
        ):
            try:
                made = [nodes.add(make_node(each)) for each in makers if not is_main(each)]
            except Exception:
                signals.is_ending()  # or one that comes now would take the exception away
                raise
            lone = None if several or not mains else mains.pop()
            return loop.run_until_complete(_serve(chosen, signals, nodes, made, lone, mains))
    except (KeyboardInterrupt, asyncio.CancelledError) as error:
        if signals.received == 0:
            raise
        if signals.received > 1:  # perhaps cancelled by the first one on its way
            raise KeyboardInterrupt from error
        return None


async def _serve(
    context: Context,
    signals: StopSignals,
    nodes: NodesToDestroy,
    made: list[Node],
    lone: Main[Any] | None,
    mains: list[Main[Any]],
) -> Any:
    body = asyncio.current_task()
    assert body is not None
    async with AsyncioExecutor(context=context) as executor:
        workers = workers_of(executor)
        workers.told_context = context
        signals.end_patiently(executor.loop, body.cancel, workers.abandon)
        for node in made:
            executor.add_node(node)
        tasks = Mains(mains, executor)
        try:
            if lone is not None:
                return await call_main(lone, executor)
            cancelled = await tasks.wait(serve_on=not mains)
            if cancelled is not None:
                await cancelled  # raises
        finally:
            signals.is_ending()  # or a signal would take the result away, or the exception
            try:
                await tasks.end()
            finally:
                for node in executor.get_nodes():
                    if all(node is not each for each in made):
                        nodes.add(node)
    return None
