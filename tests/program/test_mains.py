# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Several coroutine functions end together: while they clean up, the executor serves.

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_srvs.srv import Empty
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioClock, AsyncioExecutor, EntityGoneError
from aiorcl._program.mains import SpunMains
from aiorcl._serving import stopped_clocks
from tests.support.actions import serve_action

DEADLINE_SEC = 10.0


class Robot(Node):
    """Offers a service and an action, and has clients of both."""

    def __init__(self, context: Context) -> None:
        super().__init__("robot", context=context, start_parameter_services=False)
        self.create_service(Empty, "service", lambda request, response: response)
        serve_action(self)
        self.service = self.create_client(Empty, "service")
        self.nobody = self.create_client(Empty, "nobody")
        self.action: ActionClient[Any, Any, Any] = ActionClient(self, Fibonacci, "action")


class Parts:
    """Two coroutine functions that act when they are cancelled, and the node beside them.

    :param end: what the second one does when both have begun, and the other one, if it returns.
    """

    def __init__(self, context: Context, act: Act, end: Callable[[AsyncioExecutor], Any]) -> None:
        self.robot = Robot(context)
        self.context = context
        self.begun = asyncio.Event()
        self.told: list[object] = []
        self._act = act
        self._end = end
        self._waiting = 0

    def node(self) -> Node:
        """Give the node to whoever runs it."""
        return self.robot

    async def first(self, executor: AsyncioExecutor) -> None:
        """Wait for the end."""
        await self._wait(executor)

    async def second(self, executor: AsyncioExecutor) -> None:
        """Wait for the end, too."""
        await self._wait(executor)

    async def _wait(self, executor: AsyncioExecutor) -> None:
        await aiorcl.service_ready(self.robot.service)
        await aiorcl.action_ready(self.robot.action)
        self._waiting += 1
        try:
            if self._waiting == 2:
                asyncio.get_running_loop().call_soon(self._end, executor)
                self.begun.set()
            await asyncio.Event().wait()
        finally:
            try:
                async with asyncio.timeout(DEADLINE_SEC):
                    self.told.append(await self._act(self.robot))
            except EntityGoneError as error:
                self.told.append(type(error))


Act = Callable[[Robot], Coroutine[Any, Any, object]]


async def call(robot: Robot) -> object:
    """Call as aiorcl does."""
    return type(await aiorcl.call(robot.service, Empty.Request()))


async def call_async(robot: Robot) -> object:
    """Call as rclpy does."""
    return type(await robot.service.call_async(Empty.Request()))


async def run_goal(robot: Robot) -> object:
    """Wait for the result of a goal."""
    async with aiorcl.goal(robot.action, Fibonacci.Goal(order=1)) as running:
        return type(await running.result())


async def cancel_goal(robot: Robot) -> object:
    """Send a goal that has no end, and cancel it."""
    handle: Any = await robot.action.send_goal_async(Fibonacci.Goal(order=0))
    await handle.cancel_goal_async()
    return type((await handle.get_result_async()).result)


ANSWERED: dict[Act, object] = {
    call: Empty.Response,
    call_async: Empty.Response,
    run_goal: Fibonacci.Result,
    cancel_goal: Fibonacci.Result,
}


async def ask_nobody(robot: Robot) -> object:
    """Ask what no node offers."""
    return await robot.nobody.call_async(Empty.Request())


async def ask_nobody_in_a_task(robot: Robot) -> object:
    """The same, and await it by something between."""
    future = robot.nobody.call_async(Empty.Request())

    async def wait() -> object:
        return await future

    return (await asyncio.gather(asyncio.create_task(wait())))[0]


async def sleep_for_ever(robot: Robot) -> object:
    """Sleep on a clock that nobody sets."""
    robot.set_parameters([Parameter("use_sim_time", value=True)])
    await AsyncioClock(robot.get_clock()).sleep_for_async(Duration(seconds=1))
    return None


def fail() -> None:
    """Raise in a callback."""
    raise LookupError


def by_signal(_: AsyncioExecutor) -> None:
    """End the program by Ctrl-C."""
    signal.raise_signal(signal.SIGINT)


def by_error(executor: AsyncioExecutor) -> None:
    """End the program by an exception."""
    executor.create_task(fail)


def by_shutdown(executor: AsyncioExecutor) -> None:
    """End the executor."""
    executor.shutdown()


def by_end_of_ros(executor: AsyncioExecutor) -> None:
    """End the context."""
    executor.context.shutdown()


def by_leaving(_: AsyncioExecutor) -> None:
    """Leave it to the block of a lifespan."""


Door = Callable[[Parts], object]


def in_run(parts: Parts) -> None:
    """Run the program by ``aiorcl.run``."""
    aiorcl.run([parts.node, parts.first, parts.second], context=parts.context)


def in_lifespan(parts: Parts) -> None:
    """Run it beside an application."""

    ros = aiorcl.lifespan(parts.node, parts.first, parts.second, context=parts.context)

    async def serve() -> None:
        async with ros(object()):
            await parts.begun.wait()

    asyncio.run(serve())


def in_spin(parts: Parts) -> None:
    """Run it as the command does."""
    with AsyncioExecutor(context=parts.context) as executor:
        executor.add_node(parts.robot)
        with SpunMains([parts.first, parts.second], executor) as mains:
            before = signal.signal(signal.SIGINT, lambda *_: mains.end_soon())
            try:
                executor.spin()
            finally:
                signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("act", ANSWERED, ids=lambda act: act.__name__)
@pytest.mark.parametrize(
    ("door", "end"),
    [
        (in_run, by_signal),
        (in_run, by_error),
        (in_spin, by_signal),
        (in_spin, by_error),
        (in_lifespan, by_leaving),
    ],
)
def test_what_they_ask_in_their_cleanup_is_answered(
    context: Context, door: Door, end: Callable[[AsyncioExecutor], None], act: Act
) -> None:
    """By the executor that they are on: it ends when they have."""
    parts = Parts(context, act, end)
    if end is by_error:
        with pytest.raises(LookupError):
            door(parts)
    else:
        door(parts)
    assert parts.told == [ANSWERED[act]] * 2


@pytest.mark.parametrize("end", [by_shutdown, by_end_of_ros])
@pytest.mark.parametrize("door", [in_run, in_spin, in_lifespan])
def test_a_shutdown_ends_all_at_once(
    context: Context, door: Door, end: Callable[[AsyncioExecutor], None]
) -> None:
    """Nobody serves from then on, and nobody waits for what never comes."""
    parts = Parts(context, call, end)
    door(parts)
    assert parts.told == [EntityGoneError] * 2


@pytest.mark.parametrize("end", [by_shutdown, by_end_of_ros])
def test_a_shutdown_ends_one_beside_a_node(
    context: Context, end: Callable[[AsyncioExecutor], None]
) -> None:
    """In a list one is not alone."""
    ended: list[str] = []

    async def wait(executor: AsyncioExecutor) -> None:
        asyncio.get_running_loop().call_soon(end, executor)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    aiorcl.run([lambda: Robot(context), wait], context=context)
    assert ended == ["cancelled"]


@pytest.mark.parametrize("place", ["first", "second"])
@pytest.mark.parametrize("door", [in_run, in_spin, in_lifespan])
def test_one_that_is_cancelled_ends_all(context: Context, door: Door, place: str) -> None:
    """Wherever it stands; what the other one asks in its cleanup is answered."""

    class OneCancels(Parts):
        async def first(self, executor: AsyncioExecutor) -> None:
            await self._begin("first", executor)

        async def second(self, executor: AsyncioExecutor) -> None:
            await self._begin("second", executor)

        async def _begin(self, name: str, executor: AsyncioExecutor) -> None:
            if name != place:
                await self._wait(executor)
                return
            await aiorcl.service_ready(self.robot.service)
            raise asyncio.CancelledError

    async def call_and_leave(robot: Robot) -> object:
        answer = await call(robot)
        parts.begun.set()  # the block of a lifespan ends
        return answer

    parts = OneCancels(context, call_and_leave, by_leaving)
    if door is in_run:
        with pytest.raises(asyncio.CancelledError):
            door(parts)
    else:
        door(parts)
    assert parts.told == [Empty.Response]


@pytest.mark.parametrize("act", [ask_nobody, ask_nobody_in_a_task, sleep_for_ever])
@pytest.mark.parametrize(
    ("door", "end"), [(in_run, by_signal), (in_spin, by_error), (in_lifespan, by_leaving)]
)
def test_what_they_wait_for_in_vain_holds_up_no_end(
    monkeypatch: pytest.MonkeyPatch,
    context: Context,
    door: Door,
    end: Callable[[AsyncioExecutor], None],
    act: Act,
) -> None:
    """Though the executor goes on meanwhile."""
    monkeypatch.setattr(stopped_clocks, "_PATIENCE_SEC", 0.1)
    parts = Parts(context, act, end)
    if end is by_error:
        with pytest.raises(LookupError):
            door(parts)
    else:
        door(parts)
    assert parts.told == [EntityGoneError] * 2


def test_others_wait_on(context: Context) -> None:
    """For a server that is not there yet, say: they are ended later, and by nothing else."""
    ended: list[BaseException] = []

    async def ask(robot: Robot) -> object:
        return await ask_nobody(robot)

    async def wait_for_nobody() -> None:
        try:
            await parts.robot.nobody.call_async(Empty.Request())
        except BaseException as error:
            ended.append(error)
            raise

    def begin(executor: AsyncioExecutor) -> None:
        executor.create_task(wait_for_nobody)
        executor.create_task(by_signal, executor)

    parts = Parts(context, ask, begin)
    in_run(parts)
    assert [type(each) for each in ended] == [asyncio.CancelledError]


@pytest.mark.parametrize("door", [in_run, in_spin, in_lifespan])
def test_the_first_exception_leaves(
    context: Context, caplog: pytest.LogCaptureFixture, door: Door
) -> None:
    """What comes while the others clean up is told, and cuts off none of them."""

    async def fail_later(robot: Robot) -> object:
        await call(robot)
        if len(parts.told) == 1:  # the other one has ended
            return None
        parts.told.append("raises")
        raise ValueError("in a cleanup")

    parts = Parts(context, fail_later, by_error)
    with caplog.at_level(logging.ERROR), pytest.raises(LookupError):
        door(parts)
    assert parts.told == ["raises", None]
    told = [record for record in caplog.records if "after the first one" in record.message]
    assert [str(record.exc_info[1]) for record in told if record.exc_info] == ["in a cleanup"]


@pytest.mark.parametrize("door", [in_run, in_lifespan])
def test_one_awaits_the_end_itself(context: Context, door: Door) -> None:
    """The end does not wait for it, and names it."""

    async def wait_for_all(_: Robot) -> object:
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
        return None

    parts = Parts(context, wait_for_all, by_signal if door is in_run else by_leaving)
    with pytest.raises(RuntimeError, match="awaits the task that leaves the executor's block"):
        door(parts)


def test_the_second_signal_cuts_a_cleanup_off(context: Context) -> None:
    """As that of any coroutine."""
    sent: list[bool] = []

    async def wait_for_ever(robot: Robot) -> object:
        await call(robot)
        if not sent:
            sent.append(True)
            asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGTERM)
        await asyncio.Event().wait()
        return None

    parts = Parts(context, wait_for_ever, by_signal)
    with pytest.raises(KeyboardInterrupt):
        in_run(parts)
    assert parts.told == []
