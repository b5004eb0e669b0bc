# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# An executor that nobody shuts down, and nobody holds any more, is collected with all that it has.

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import weakref
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import QoSProfile
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor
from aiorcl._loop.run import something_runs_here
from tests.support.counters import assert_collected
from tests.support.loops import LOOPS
from tests.support.turns import turns

if TYPE_CHECKING:
    from tests.support.makers import MakeNode

MakeLoop = Callable[[], asyncio.AbstractEventLoop]

_current: contextvars.ContextVar[object] = contextvars.ContextVar("_current")

#: What a coroutine of the executor is doing when the executor is dropped.
WAITS: dict[str, Callable[[], Any]] = {
    "sleeps": lambda: asyncio.sleep(3600),
    "waits": lambda: asyncio.get_running_loop().create_future(),
}


@pytest.fixture(autouse=True)
def nothing_is_ignored(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a finalizer raises fails the test; not that it warns of a loop that was not closed."""
    ignored: list[str] = []

    def hook(raised: Any) -> None:
        if not isinstance(raised.exc_value, Warning):
            ignored.append(f"{raised.exc_value!r} in {raised.object!r}")

    monkeypatch.setattr("sys.unraisablehook", hook)
    gc.collect()
    yield
    gc.collect()
    assert ignored == []


def drop(executor: AsyncioExecutor, node: Node, wait: Callable[[], Any]) -> weakref.ref[Any]:
    """Let an executor come into the middle of a coroutine that knows it; nobody else does then."""

    async def work() -> None:
        try:
            await wait()
        finally:
            assert executor is not None

    executor.add_node(node)
    executor.create_task(work())
    for _ in range(4):
        executor.spin_once(timeout_sec=0)
    return weakref.ref(executor)


@pytest.mark.parametrize("wait", WAITS)
def test_a_coroutine_does_not_keep_its_executor(
    context: Context, make_node: MakeNode, wait: str
) -> None:
    """Nor does the loop of an executor, which its coroutine waits for."""
    node = make_node()

    def once() -> weakref.ref[Any]:
        return drop(AsyncioExecutor(context=context), node, WAITS[wait])

    assert_collected(once)


async def call_twice(client: Any) -> None:
    """Wait for a response, and for room: nobody takes what the first call has sent."""
    client.qos_profile = QoSProfile(depth=1)  # which all clients share otherwise
    server = Node("server", context=client.context, start_parameter_services=False)
    server.create_service(Trigger, "nobody", lambda _, response: response)
    await asyncio.gather(*(aiorcl.call(client, Trigger.Request()) for _ in range(2)))


ASKS: dict[str, Callable[[Any], Any]] = {
    "call": lambda client: aiorcl.call(client, Trigger.Request()),
    "calls": call_twice,
    "call_async": lambda client: client.call_async(Trigger.Request()),
    "service_ready": aiorcl.service_ready,
}


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_coroutines_that_ask_do_not_keep_their_executor(
    context: Context, ask: Callable[[Any], Any]
) -> None:
    """Nor their client, of whose calls the second one waits for its turn."""

    def once() -> weakref.ref[Any]:
        executor = AsyncioExecutor(context=context)
        node = Node("dropped", context=context, start_parameter_services=False)
        client = node.create_client(Trigger, "nobody")

        async def work() -> None:
            await ask(client)

        executor.add_node(node)
        for _ in range(2):
            executor.create_task(work())
        for _ in range(8):
            executor.spin_once(timeout_sec=0)
        return weakref.ref(executor)

    assert_collected(once)


@pytest.mark.parametrize("is_task", [False, True])
def test_a_coroutine_is_collected_before_who_awaits_it(
    context: Context, caplog: pytest.LogCaptureFixture, *, is_task: bool
) -> None:
    """Who awaits it hears of its end, and nothing else is told."""
    heard: list[str] = []

    async def note(awaitable: Awaitable[object], name: str) -> None:
        try:
            await awaitable
        except BaseException as error:
            heard.append(f"{name}: {type(error).__name__}")
            raise

    def once() -> weakref.ref[Any]:
        inner = note(asyncio.Event().wait(), "inner")
        gc.collect()  # which looks first at what it has seen before
        executor = AsyncioExecutor(context=context)

        async def gathered() -> None:
            await asyncio.gather(inner)

        executor.create_task(note(gathered() if is_task else inner, "outer"))
        for _ in range(8):
            executor.spin_once(timeout_sec=0)
        return weakref.ref(executor)

    assert_collected(once)
    outer = "RuntimeError" if is_task else "GeneratorExit"  # as of any task that is cancelled then
    assert heard == 4 * ["inner: GeneratorExit", f"outer: {outer}"]
    assert caplog.records == []


@pytest.mark.parametrize("is_task", [False, True])
@pytest.mark.parametrize("make_loop", LOOPS.values(), ids=LOOPS)
def test_an_executor_is_collected_where_another_loop_runs(
    context: Context,
    lone: Node,
    caplog: pytest.LogCaptureFixture,
    make_loop: MakeLoop,
    *,
    is_task: bool,
) -> None:
    """Its coroutines get their CancelledError, may await in their cleanup; that loop goes on."""
    steps: list[object] = []

    async def work(executor: AsyncioExecutor) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            steps.append(executor is not None)
            raise

    def leave_behind() -> None:
        executor = AsyncioExecutor(context=context)
        executor.add_node(lone)
        executor.create_task(work, executor)
        for _ in range(4):
            executor.spin_once(timeout_sec=0)

    async def main() -> None:
        if is_task:
            gc.collect()
        else:
            asyncio.get_running_loop().call_soon(gc.collect)
            await turns()
        await turns()
        assert asyncio.current_task() is not None
        steps.append(asyncio.get_running_loop() is loop)

    gc.collect()
    leave_behind()
    loop = make_loop()
    loop.run_until_complete(main())
    loop.close()
    assert steps == [True, True]
    assert caplog.messages == []


def test_a_coroutine_is_finalized_before_its_executor(
    context: Context, lone: Node, caplog: pytest.LogCaptureFixture
) -> None:
    """The collector closes the older one first, which ends it."""
    steps: list[object] = []

    async def work(executors: list[AsyncioExecutor]) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            steps.append(executors is not None)

    def leave_behind() -> None:
        executors: list[AsyncioExecutor] = []
        coroutine = work(executors)
        executor = AsyncioExecutor(context=context)
        executors.append(executor)
        executor.add_node(lone)
        executor.create_task(coroutine)
        for _ in range(4):
            executor.spin_once(timeout_sec=0)

    gc.collect()
    leave_behind()
    gc.collect()
    assert steps == [True]
    assert caplog.messages == []


async def fail() -> None:
    """Raise."""
    raise LookupError


async def endless() -> None:
    """Wait for ever."""
    await asyncio.Event().wait()


def ended(executor: AsyncioExecutor, node: Node, handler: Callable[[], Any]) -> Any:
    """Return a task that has ended."""
    task = executor.create_task(handler)
    task.add_done_callback(lambda task: task.exception())  # type: ignore[arg-type]
    executor.spin_until_future_complete(task)
    task.exception()
    return task


def cancelled(
    executor: AsyncioExecutor, node: Node, handler: Callable[[], Any], *, spins: int
) -> Any:
    """Return a task that was cancelled."""
    task = executor.create_task(handler)
    for _ in range(spins):
        executor.spin_once(timeout_sec=0)
    task.cancel()
    for _ in range(4):
        executor.spin_once(timeout_sec=0)
    return task


def goal(executor: AsyncioExecutor, node: Node) -> Any:
    """Return a goal that has ended."""

    async def run() -> Any:
        client = ActionClient(node, Fibonacci, "action")
        async with aiorcl.goal(client, Fibonacci.Goal()) as running:
            await running.result()
        client.destroy()
        return running

    async def execute(goal: aiorcl.ServedGoal[Any]) -> Any:
        return goal.result

    server = aiorcl.serve_action(node, Fibonacci, "action", execute)
    running = ended(executor, node, run).result()
    server.destroy()
    return running


def failed(executor: AsyncioExecutor, node: Node) -> Any:
    """Return a task that has failed."""
    task = ended(executor, node, fail)
    error = task.exception()
    assert error is not None
    error.__traceback__ = None  # from Python 3.12 on its frames know those of whoever spun
    return task


def raised(executor: AsyncioExecutor, node: Node) -> Any:
    """Return a task whose exception the executor has raised."""
    task = executor.create_task(fail)
    with pytest.raises(LookupError) as error:
        executor.spin()
    error.value.__traceback__ = None  # the frames of spin()
    return task


RESULTS: dict[str, Callable[[AsyncioExecutor, Node], Any]] = {
    "function": partial(ended, handler=lambda: None),
    "coroutine": partial(ended, handler=turns),
    "failed": failed,
    "raised": raised,
    "cancelled": partial(cancelled, handler=endless, spins=2),
    "never begun": partial(cancelled, handler=endless, spins=0),
    "goal": goal,
}


@pytest.mark.parametrize("make", RESULTS.values(), ids=RESULTS)
@pytest.mark.parametrize("is_shut_down", [False, True])
def test_what_has_ended_does_not_keep_its_executor(
    context: Context,
    lone: Node,
    make: Callable[[AsyncioExecutor, Node], Any],
    *,
    is_shut_down: bool,
) -> None:
    """The user may keep results for as long as they like."""

    def once() -> tuple[weakref.ref[Any], Any]:
        executor = AsyncioExecutor(context=context)
        executor.add_node(lone)
        kept = make(executor, lone)
        if is_shut_down:
            executor.shutdown()
        return weakref.ref(executor), kept

    reference, kept = once()
    gc.collect()
    assert reference() is None
    del kept


def test_an_exception_on_its_way_does_not_keep_its_executor(context: Context) -> None:
    """Somebody awaits the task that has failed, and gets no step any more."""

    def once() -> weakref.ref[Any]:
        executor = AsyncioExecutor(context=context)

        is_awaited = asyncio.Event()

        async def fail() -> None:
            await is_awaited.wait()
            raise LookupError

        async def wait() -> None:
            is_awaited.set()
            with contextlib.suppress(LookupError):
                await failing

        failing = executor.create_task(fail)
        executor.create_task(wait)
        while not failing.done():
            executor.spin_once(timeout_sec=0)
        return weakref.ref(executor)

    assert_collected(once)


@pytest.mark.parametrize("make_loop", LOOPS.values(), ids=LOOPS)
def test_an_executor_goes_together_with_the_loop_given_to_it(
    context: Context, make_node: MakeNode, make_loop: MakeLoop
) -> None:
    """Whichever of the two is finalized first, the executor lets go of what it watches."""
    node = make_node()
    executor = AsyncioExecutor(context=context, loop=make_loop())
    gone = drop(executor, node, WAITS["waits"])
    del executor
    gc.collect()
    assert gone() is None


def by_aenter(context: Context) -> Any:
    """The block was entered for somebody else, and its task has ended."""

    async def enter() -> weakref.ref[Any]:
        executor = AsyncioExecutor(context=context)
        await executor.__aenter__()
        return weakref.ref(executor)

    return enter()


def by_variable(context: Context) -> Any:
    """The same; a context variable has the executor, and callbacks get it from the run."""

    async def enter() -> weakref.ref[Any]:
        executor = AsyncioExecutor(context=context)
        _current.set(executor)
        await executor.__aenter__()
        return weakref.ref(executor)

    return enter()


def by_task(context: Context) -> Any:
    """A task is in the body when nothing runs it any more."""

    async def body(entered: asyncio.Future[weakref.ref[Any]]) -> None:
        async with AsyncioExecutor(context=context) as executor:
            entered.set_result(weakref.ref(executor))
            await asyncio.Event().wait()

    async def enter() -> weakref.ref[Any]:
        entered: asyncio.Future[weakref.ref[Any]] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(body(entered))
        try:
            return await entered
        finally:
            await turns()
            task.add_done_callback(lambda _: None)

    return enter()


@pytest.mark.parametrize("make_loop", LOOPS.values(), ids=LOOPS)
@pytest.mark.parametrize("enter", [by_aenter, by_variable, by_task])
def test_a_block_that_is_never_left(
    context: Context, make_loop: MakeLoop, enter: Callable[[Context], Any]
) -> None:
    """When its loop is closed nothing keeps the executor, and the thread runs none."""

    def once() -> weakref.ref[Any]:
        loop = make_loop()
        loop.set_exception_handler(lambda *_: None)  # asyncio tells of the task
        reference: weakref.ref[Any] = loop.run_until_complete(enter(context))
        loop.close()
        return reference

    assert_collected(once)
    assert not something_runs_here()
