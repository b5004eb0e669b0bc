# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Plain callbacks that run a loop of their own, as programs written for rclpy's executors may.
"""Each is run under rclpy's SingleThreadedExecutor, and under what stands in for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from rcl_interfaces.msg import SetParametersResult
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.context import Context
from rclpy.executors import Executor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.task import Future
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl._loop.own_loop import NestableLoop
from aiorcl._program import stand_ins
from tests.support.executors import SINGLE, Flavour
from tests.support.loops import LOOPS

if TYPE_CHECKING:
    from tests.support.makers import MakeNode

DEADLINE_SEC = 20.0
STAND_INS = [
    Flavour(
        f"stand-in-{name}",
        "aiorcl",
        lambda context: stand_ins.SingleThreadedExecutor(context=context),
        new_loop,
    )
    for name, new_loop in (("nestable", NestableLoop), *LOOPS.items())
]
Begin = Callable[[Node, Executor, Callable[[], None]], Any]


@pytest.fixture(params=[SINGLE, *STAND_INS], ids=lambda flavour: flavour.name)
def executor(
    request: pytest.FixtureRequest, context: Context, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Executor]:
    """One of rclpy's, and what stands in for it, on each loop."""
    flavour: Flavour = request.param
    if flavour.make_loop is not None:
        monkeypatch.setattr(stand_ins.options, "new_loop", flavour.make_loop)
    executor = flavour.make(context)
    yield executor
    executor.shutdown(timeout_sec=DEADLINE_SEC)


@pytest.fixture
def stand_in(context: Context) -> Iterator[Executor]:
    """What stands in for SingleThreadedExecutor."""
    executor = stand_ins.SingleThreadedExecutor(context=context)
    yield executor
    executor.shutdown(timeout_sec=DEADLINE_SEC)


async def fetch() -> str:
    """Do what takes some turns of the loop."""
    await asyncio.sleep(0)
    task = asyncio.create_task(asyncio.sleep(0.001, "fetched"))
    async with asyncio.timeout(DEADLINE_SEC):
        return await task


def by_run() -> str:
    return asyncio.run(fetch())


def by_runner() -> str:
    with asyncio.Runner() as runner:
        runner.run(asyncio.sleep(0))
        return runner.run(fetch())


def by_loop() -> str:
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(fetch())
    finally:
        loop.close()


def in_timer(node: Node, executor: Executor, callback: Callable[[], object]) -> None:
    def call() -> None:
        timer.cancel()
        callback()

    timer = node.create_timer(0.0, call)


def in_subscription(node: Node, executor: Executor, callback: Callable[[], None]) -> None:
    node.create_subscription(Int64, "topic", lambda _: callback(), 1)
    node.create_publisher(Int64, "topic", 1).publish(Int64())


def in_service(node: Node, executor: Executor, callback: Callable[[], None]) -> None:
    def serve(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        callback()
        return response

    node.create_service(Trigger, "service", serve)
    node.create_client(Trigger, "service").call_async(Trigger.Request())


def in_guard_condition(node: Node, executor: Executor, callback: Callable[[], None]) -> None:
    node.create_guard_condition(callback).trigger()


def in_parameter_callback(node: Node, executor: Executor, callback: Callable[[], None]) -> None:
    def decide(parameters: list[Parameter[Any]]) -> SetParametersResult:
        callback()
        return SetParametersResult(successful=True)

    node.declare_parameter("number", 1)
    node.add_on_set_parameters_callback(decide)
    in_timer(node, executor, partial(node.set_parameters, [Parameter("number", value=2)]))


def in_task(node: Node, executor: Executor, callback: Callable[[], None]) -> None:
    executor.create_task(callback)


def in_done_callback(node: Node, executor: Executor, callback: Callable[[], None]) -> None:
    executor.create_task(lambda: None).add_done_callback(lambda _: callback())


class Goals:
    """An action server, each of whose callbacks is plain, and a goal of a client."""

    def __init__(self, calls: str) -> None:
        self._calls = calls

    def __call__(self, node: Node, executor: Executor, callback: Callable[[], None]) -> None:
        def called(name: str) -> None:
            if name == self._calls:
                callback()

        def decide(goal: Any) -> GoalResponse:
            called("goal")
            return GoalResponse.ACCEPT

        def accept(handle: Any) -> None:
            called("accepted")
            handle.execute()

        def execute(handle: Any) -> Fibonacci.Result:
            called("execute")
            handle.succeed()
            return Fibonacci.Result()

        self.server = ActionServer(
            *(node, Fibonacci, "action", execute),
            goal_callback=decide,
            handle_accepted_callback=accept,
        )
        self.client = ActionClient(node, Fibonacci, "action")
        self.client.send_goal_async(Fibonacci.Goal())


BEGINS: list[Begin] = [
    *(in_timer, in_subscription, in_service, in_guard_condition, in_parameter_callback),
    *(in_task, in_done_callback),
]


@pytest.mark.parametrize("by", [by_run, by_runner, by_loop])
@pytest.mark.parametrize(
    "begin",
    [*BEGINS, *(Goals(name) for name in ("goal", "accepted", "execute"))],
    ids=lambda begin: getattr(begin, "__name__", None) or f"in_{begin._calls}",
)
def test_a_plain_callback_runs_a_loop(
    executor: Executor, make_node: MakeNode, begin: Begin, by: Callable[[], str]
) -> None:
    """Whatever calls it; and the executor goes on afterwards."""
    node = make_node()
    executor.add_node(node)
    fetched: Any = Future()
    after: Any = Future()
    begun = begin(node, executor, lambda: fetched.set_result(by()))
    executor.spin_until_future_complete(fetched, timeout_sec=DEADLINE_SEC)
    assert fetched.result() == "fetched"
    in_timer(node, executor, lambda: after.set_result(by()))
    while not after.done():
        executor.spin_once(timeout_sec=DEADLINE_SEC)
    assert after.result() == "fetched"
    del begun


def test_no_loop_runs_in_a_plain_callback(executor: Executor, make_node: MakeNode) -> None:
    """As far as asyncio knows: so libraries that ask for one do as they do under rclpy."""
    node = make_node()
    executor.add_node(node)
    done: Any = Future()

    def callback() -> None:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        done.set_result("asked")

    in_timer(node, executor, callback)
    executor.spin_until_future_complete(done, timeout_sec=DEADLINE_SEC)
    assert done.result() == "asked"


def test_an_exception_inside_leaves_the_executor_as_it_was(
    executor: Executor, make_node: MakeNode
) -> None:
    """It comes out of the spin call, and the next one goes on."""
    node = make_node()
    executor.add_node(node)

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("inside")

    in_timer(node, executor, lambda: asyncio.run(fail()))
    with pytest.raises(ValueError, match="inside"):
        executor.spin_once(timeout_sec=DEADLINE_SEC)
    done: Any = Future()
    in_timer(node, executor, lambda: done.set_result(by_run()))
    executor.spin_until_future_complete(done, timeout_sec=DEADLINE_SEC)
    assert done.result() == "fetched"


def test_coroutine_callbacks_are_on_the_loop(stand_in: Executor, make_node: MakeNode) -> None:
    """Those of entities, and tasks, also where a plain function has returned the coroutine."""
    node = make_node()
    stand_in.add_node(node)
    loops: list[asyncio.AbstractEventLoop] = []

    async def note(done: Any) -> None:
        loops.append(asyncio.get_running_loop())
        await asyncio.sleep(0)
        loops.append(asyncio.get_running_loop())
        done.set_result(None)

    def in_coroutine_callback(done: Any) -> None:
        callback: Any = partial(note, done)
        node.create_guard_condition(callback).trigger()

    for begin in (
        in_coroutine_callback,
        lambda done: stand_in.create_task(note, done),
        lambda done: stand_in.create_task(lambda: note(done)),
    ):
        done: Any = Future()
        begin(done)
        stand_in.spin_until_future_complete(done, timeout_sec=DEADLINE_SEC)
        assert done.done()
    assert loops == [getattr(stand_in, "loop")] * 6  # noqa: B009


def test_a_plain_callback_wakes_a_coroutine(stand_in: Executor, make_node: MakeNode) -> None:
    """By a future that it awaits, of rclpy or of asyncio, on the hidden loop."""
    node = make_node()
    stand_in.add_node(node)
    told: list[str] = []

    async def wait(future: Any) -> None:
        told.append(await future)

    async def both() -> None:
        of_rclpy: Any = Future()
        of_asyncio = asyncio.get_running_loop().create_future()
        tasks = [stand_in.create_task(wait, each) for each in (of_rclpy, of_asyncio)]
        await asyncio.sleep(0)
        in_timer(node, stand_in, lambda: of_rclpy.set_result("rclpy"))
        in_timer(node, stand_in, lambda: of_asyncio.set_result("asyncio"))
        for task in tasks:
            await task

    task = stand_in.create_task(both)
    stand_in.spin_until_future_complete(task, timeout_sec=DEADLINE_SEC)
    assert task.done()
    assert sorted(told) == ["asyncio", "rclpy"]


def test_a_spin_inside_a_loop_inside_a_callback(stand_in: Executor, make_node: MakeNode) -> None:
    """The inner loop and its task go on after it as if nothing had been."""
    node = make_node()
    stand_in.add_node(node)
    node.create_service(
        *(Trigger, "service", lambda _, response: response),
        callback_group=ReentrantCallbackGroup(),
    )
    client = node.create_client(Trigger, "service")
    done: Any = Future()

    async def ask() -> bool:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        future = client.call_async(Trigger.Request())
        stand_in.spin_until_future_complete(future, timeout_sec=DEADLINE_SEC)
        await asyncio.sleep(0)
        unchanged = asyncio.current_task() is task and asyncio.get_running_loop() is loop
        return unchanged and future.done()

    in_timer(node, stand_in, lambda: done.set_result(asyncio.run(ask())))
    stand_in.spin_until_future_complete(done, timeout_sec=DEADLINE_SEC)
    assert done.result() is True


def test_an_ordinary_executor_has_its_loop_in_plain_callbacks(
    context: Context, make_node: MakeNode
) -> None:
    """As ever: they may make tasks there."""
    with aiorcl.AsyncioExecutor(context=context) as executor:
        node = make_node()
        executor.add_node(node)
        done: Any = Future()
        in_timer(node, executor, lambda: done.set_result(asyncio.get_running_loop()))
        executor.spin_until_future_complete(done, timeout_sec=DEADLINE_SEC)
        assert done.result() is executor.loop
