# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""aiorcl.lifespan: nodes that live as long as a web application does."""

from __future__ import annotations

import asyncio
import functools
import logging
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from types import FrameType
from typing import Any, TypeVar, cast

from rclpy.context import Context
from rclpy.node import Node

from aiorcl._coroutines.arguments import check_context
from aiorcl._loop.blocks import async_block, block
from aiorcl._loop.brief import brief
from aiorcl._loop.shutdown_state import shutdown_state_of
from aiorcl._program.entry_points import Main, check_entry, is_main, make_node
from aiorcl._program.mains import Mains
from aiorcl._program.node_ends import NodesToDestroy
from aiorcl._program.run import check_args, initialised
from aiorcl._program.web_requests import Requests
from aiorcl._tasks.uninterrupted import uninterrupted
from aiorcl._tasks.workers import workers_of
from aiorcl.executor import AsyncioExecutor

N = TypeVar("N", bound=Node)

_CALLER = "aiorcl.lifespan()"
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_logger = logging.getLogger("aiorcl")


class Lifespan:
    """Nodes beside an ASGI application, on its server's loop; made by `lifespan`."""

    def __init__(
        self,
        entries: Sequence[Any],
        args: Sequence[str] | None,
        context: Context | None,
        *,
        handler_cancellation: bool,
    ) -> None:
        self._makers = [entry for entry in entries if not is_main(entry)]
        self._mains: list[Main[Any]] = [entry for entry in entries if is_main(entry)]
        self._args = args
        self._context = context
        self._handler_cancellation = handler_cancellation
        self._nodes: tuple[Node, ...] = ()
        self._executor: AsyncioExecutor | None = None
        self._tasks: Mains | None = None  # while they may run
        self._serves = False  # and its end is news, for the server too

    @property
    def executor(self) -> AsyncioExecutor:
        """What runs the nodes.

        :raises RuntimeError: if the application does not run.
        """
        if self._executor is None:
            raise RuntimeError(
                "aiorcl.lifespan(): the application does not run: give what it returned to the "
                "application, FastAPI(lifespan=...), and ask for this in a request"
            )
        return self._executor

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes, in the order in which they were given; none while no application runs."""
        return self._nodes

    def node(self, cls: type[N]) -> N:
        """Return the one node of a class.

        :raises LookupError: if there is none, or more than one.
        """
        found = [node for node in self._nodes if isinstance(node, cls)]
        if len(found) != 1:
            names = ", ".join(type(node).__name__ for node in self._nodes) or "none"
            count = "no" if not found else "more than one"
            raise LookupError(f"There is {count} {cls.__name__} among the nodes: {names}")
        return found[0]

    @async_block
    async def __call__(self, application: Any) -> AsyncIterator[dict[str, Lifespan]]:
        """Run the nodes inside the block; Starlette and FastAPI call it.

        :return: the state of requests: ``request.state.ros`` is this object.
        """
        if self._executor is not None:
            raise RuntimeError(f"{_CALLER} runs already; make one for each application")
        with (
            initialised(self._args, self._context, _CALLER) as (context, _),
            NodesToDestroy() as nodes,
        ):
            executor = self._executor = AsyncioExecutor(context=context)
            workers_of(executor).told_context = context
            try:
                self._nodes = tuple(nodes.add(make_node(make)) for make in self._makers)
                with (
                    _in_front_of(application, executor, self._handler_cancellation) as requests,
                    _heard(requests.end_streams),
                ):
                    serving = await self._start(executor, requests)
                    try:
                        yield {"ros": self}
                    finally:
                        await self._end(executor, serving)
            finally:
                self._executor, self._tasks, self._nodes = None, None, ()

    async def _start(self, executor: AsyncioExecutor, requests: Requests) -> asyncio.Task[None]:
        """Run the nodes in a task of their own, which the first exception may cancel."""
        started = asyncio.Event()
        serving = asyncio.create_task(self._serve(executor, started))
        starting = asyncio.create_task(started.wait())
        try:
            await asyncio.wait([serving, starting], return_when=asyncio.FIRST_COMPLETED)
            if not started.is_set():
                await serving  # raises
        except BaseException:
            await self._end(executor, serving)
            raise
        finally:
            starting.cancel()
        self._serves = True
        serving.add_done_callback(functools.partial(self._ended, requests))
        return serving

    async def _end(self, executor: AsyncioExecutor, serving: asyncio.Task[None]) -> None:
        """Wait until the mains have ended, and then the nodes; raise by what they have."""
        self._serves = False
        cancellation = await uninterrupted(lambda: self._end_all(executor, serving))
        serving.result()
        if cancellation is not None:
            raise cancellation

    async def _end_all(self, executor: AsyncioExecutor, serving: asyncio.Task[None]) -> None:
        try:
            if self._tasks is not None:
                await self._tasks.end()
        finally:
            executor.shutdown(timeout_sec=0)
        await asyncio.wait([serving])

    async def _serve(self, executor: AsyncioExecutor, started: asyncio.Event) -> None:
        async with executor:
            for node in self._nodes:
                executor.add_node(node)
            self._tasks = Mains(self._mains, executor)
            started.set()
            try:
                await self._tasks.wait(serve_on=True)
            finally:
                await self._tasks.end()

    def _ended(self, requests: Requests, serving: asyncio.Task[None]) -> None:
        if not self._serves:
            return
        error = None if serving.cancelled() else serving.exception()
        how = "were shut down" if error is None else "have ended by an error"
        requests.refuse(f"The nodes {how}")
        is_told = _tell_server_to_stop()
        what_now = "the server is told to stop" if is_told else "stop the server"
        why = "" if error is None else f": {_shown(error)}"
        _logger.error("The nodes %s: requests are answered by 503; %s%s", how, what_now, why)


def _shown(error: BaseException) -> str:
    notes = [note for note in getattr(error, "__notes__", ()) if isinstance(note, str)]
    return ". ".join([brief(error), *notes])


@block
def _in_front_of(
    application: Any, executor: AsyncioExecutor, handler_cancellation: bool
) -> Iterator[Requests]:
    """Put ``Requests`` before what an application of Starlette's answers with, in the block.

    Another kind of application is left as it is: it has to ask whether the nodes are there.
    """
    before = getattr(application, "middleware_stack", None)
    inner = before
    if inner is None and hasattr(application, "build_middleware_stack"):
        inner = application.build_middleware_stack()  # nobody has asked the application yet
    state = shutdown_state_of(executor)
    assert state is not None
    requests = Requests(
        cast("Any", inner), state.nothing_answers, handler_cancellation=handler_cancellation
    )
    if inner is None:
        yield requests
        return
    application.middleware_stack = requests
    try:
        yield requests
    finally:
        if application.middleware_stack is requests:
            application.middleware_stack = before


@block
def _heard(tell: Callable[[], None]) -> Iterator[None]:
    """Have the loop call a function when a signal stops the server, before that waits for requests.

    Only where somebody handles the signal: that handler is called then, too.
    """
    loop = asyncio.get_running_loop()
    handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(tell)
        handlers[number](number, frame)

    if threading.current_thread() is threading.main_thread():
        for number in _STOP_SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler) and handler is not signal.default_int_handler:
                handlers[number] = handler
                signal.signal(number, handle)
    try:
        yield
    finally:
        for each, before in handlers.items():
            if signal.getsignal(each) is handle:
                signal.signal(each, before)


def _tell_server_to_stop() -> bool:
    """Send this process the signal that ends a server; False where no server listens to it."""
    is_main = threading.current_thread() is threading.main_thread()
    if not (is_main and callable(signal.getsignal(signal.SIGTERM))):
        return False
    signal.raise_signal(signal.SIGTERM)
    return True


def lifespan(
    *nodes: Main[Any] | Callable[[], Node],
    args: Sequence[str] | None = None,
    context: Context | None = None,
    handler_cancellation: bool = False,
) -> Lifespan:
    """Run nodes beside a web application, on its loop: ``FastAPI(lifespan=aiorcl.lifespan(...))``.

    ROS is initialised and the nodes are made when the application starts; they run until it ends,
    and are destroyed while ROS is up. Coroutine functions are cancelled before: the nodes answer
    what these ask in their cleanup. Request handlers find them by ``node(MyNode)`` of the object
    that is returned, or as ``request.state.ros``. Handlers that are coroutine functions run in the
    thread of the nodes, plain ones in other threads.

    An exception of a callback, a task or a coroutine function ends the nodes; the server is told
    to stop by SIGTERM, requests are answered by status 503 until it has, and the end of the
    lifespan raises the exception. The same, without an exception, if ROS or the executor is shut
    down from elsewhere, or a coroutine function is cancelled by itself. When the server is stopped
    by SIGINT or SIGTERM, WebSockets end (by code 1001), and so do responses that have no end by
    their nature (Server-Sent Events, MJPEG, lines of JSON), since the server waits for them.

    It needs Starlette or FastAPI for what it does to requests; with another framework of ASGI whose
    lifespan is a context manager of one argument it runs the nodes and stops the server.

    :param nodes: node classes, or functions that return a node, which are called without arguments;
        and coroutine functions, which run as tasks beside them, as in `run`.
    :param args: the command line for ROS; ``sys.argv`` if None.
    :param context: to run in, instead of rclpy's default context. One that is initialised already
        is left so, and nodes must have been made for it; else it goes down at the end for all who
        use it.
    :param handler_cancellation: cancel the handler of a request whose client has left, unless the
        handler waits for that, or has answered: with it a goal, or a call, that the client asked
        for ends. Handlers that are plain functions run to their end.
    :return: the lifespan, for one application at a time.
    :raises TypeError: if one is neither, or takes other arguments.
    """
    for each in nodes:
        check_entry(each, _CALLER)
    check_args(args, _CALLER)
    check_context(context, _CALLER)
    return Lifespan(nodes, args, context, handler_cancellation=handler_cancellation)
