# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Changes of parameters as an async iterator: all, in their order, from whichever thread.

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from rcl_interfaces.msg import SetParametersResult
from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.parameter_client import AsyncParameterClient

import aiorcl
from aiorcl import AsyncioExecutor
from aiorcl._coroutines.streams.parameter_changes import _changes
from tests.support import ends
from tests.support.elsewhere import DEADLINE_SEC, call_elsewhere
from tests.support.turns import turns
from tests.support.walk import cancel_everywhere

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tests.support.makers import MakeNode, Run


def feeds(node: Node) -> int:
    """Count those that hear of changes."""
    changes = _changes.get(node)
    return 0 if changes is None else len(changes.feeds)


def step(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine that awaits nothing."""
    with pytest.raises(StopIteration):
        coroutine.send(None)


def values(changed: list[Parameter[Any]]) -> dict[str, object]:
    """Return what was set."""
    return {parameter.name: parameter.value for parameter in changed}


def test_changes_come_as_they_are_set(run: Run, context: Context, make_node: MakeNode) -> None:
    """One list for what was set at once: by the node, by its services, by a declaration."""
    node = make_node(start_parameter_services=True)
    node.declare_parameter("rate", 1.0)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            async with aiorcl.parameter_changes(node) as changes:
                node.set_parameters([Parameter("rate", value=2.0), Parameter("rate", value=2.0)])
                node.declare_parameter("name", "left")
                node.set_parameters_atomically(
                    [Parameter("rate", value=3.0), Parameter("name", value="right")]
                )
                expected = [
                    *({"rate": 2.0}, {"rate": 2.0}, {"name": "left"}),
                    {"rate": 3.0, "name": "right"},
                ]
                assert [values(await anext(changes)) for _ in expected] == expected
                client = AsyncParameterClient(node, node.get_name())
                while not client.services_are_ready():  # noqa: ASYNC110
                    await asyncio.sleep(0)
                client.set_parameters([Parameter("rate", value=4.0)])
                assert values(await anext(changes)) == {"rate": 4.0}
            assert feeds(node) == 0

    run(main)


def test_only_those_that_are_asked_for(run: Run, context: Context, lone: Node) -> None:
    """The others do not come, alone or beside them; nor what a callback has refused."""
    for name in ("left", "right", "up"):
        lone.declare_parameter(name, 0)

    def check(parameters: list[Parameter[Any]]) -> SetParametersResult:
        return SetParametersResult(successful=all(each.value >= 0 for each in parameters))

    lone.add_on_set_parameters_callback(check)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with aiorcl.parameter_changes(lone, "left", "right") as changes:
                lone.set_parameters([Parameter("up", value=1), Parameter("left", value=-1)])
                lone.set_parameters_atomically(
                    [Parameter("up", value=2), Parameter("right", value=3)]
                )
                assert values(await anext(changes)) == {"right": 3}

    run(main)


@pytest.mark.parametrize("names", [(), ("rate",), ("left",)], ids=["all", "others", "one of them"])
def test_parameters_are_declared_without_a_value(
    run: Run, context: Context, lone: Node, names: tuple[str, ...]
) -> None:
    """As where no stream is open: all callbacks hear of them; the stream, if it is to, of None."""
    lone.declare_parameter("rate", 1.0)
    expected: list[dict[str, object]] = [
        {"left": None},
        {"right": None},
        {"up": 5},
        {"left": 3},
        {"rate": 2.0},
    ]
    called: list[dict[str, object]] = []
    lone.add_post_set_parameters_callback(lambda parameters: called.append(values(parameters)))

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with aiorcl.parameter_changes(lone, *names) as changes:
                assert lone.declare_parameter("left", Parameter.Type.INTEGER).value is None
                both = [("right", Parameter.Type.STRING), ("up", 5)]
                assert [each.value for each in lone.declare_parameters("", both)] == [None, 5]
                lone.set_parameters([Parameter("left", value=3), Parameter("rate", value=2.0)])
                assert called == expected
                came = [each for each in expected if not names or names[0] in each]
                assert [values(await anext(changes)) for _ in came] == came

    run(main)


class Guarded(Node):
    """Lets nobody ask for what it guards."""

    def get_parameter(self, name: str) -> Parameter[Any]:
        """Refuse."""
        if name == "rate":
            raise PermissionError(name)
        return super().get_parameter(name)


def test_the_node_is_not_asked(run: Run, context: Context, make_node: MakeNode) -> None:
    """What is the user's might raise, and whatever has set the parameter would raise that."""
    node = make_node(Guarded)
    node.declare_parameter("rate", 1.0)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            async with aiorcl.parameter_changes(node) as changes:
                assert node.set_parameters([Parameter("rate", value=2.0)])[0].successful
                assert values(await anext(changes)) == {"rate": 2.0}

    run(main)


@pytest.mark.parametrize("undeclared", [False, True], ids=["declared", "undeclared"])
def test_a_callback_undeclares_a_parameter(
    run: Run, context: Context, make_node: MakeNode, undeclared: bool
) -> None:
    """It has no value any more, wherever parameters have to be declared."""
    node = make_node(allow_undeclared_parameters=undeclared)
    node.declare_parameter("rate", 1.0)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            async with aiorcl.parameter_changes(node) as changes:
                node.add_post_set_parameters_callback(lambda _: node.undeclare_parameter("rate"))
                node.set_parameters([Parameter("rate", value=2.0)])
                assert values(await anext(changes)) == {"rate": None}

    run(main)


def test_a_callback_sets_a_parameter_anew(run: Run, context: Context, lone: Node) -> None:
    """The last list has what the node has; no callback of the user's is called for a stream."""
    lone.declare_parameter("rate", 0.0)
    called: list[float] = []

    def limit(parameters: list[Parameter[Any]]) -> None:
        called.append(parameters[0].value)
        if parameters[0].value > 100.0:
            lone.set_parameters([Parameter("rate", value=100.0)])

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with aiorcl.parameter_changes(lone) as changes:
                lone.add_post_set_parameters_callback(limit)
                lone.set_parameters([Parameter("rate", value=500.0)])
                came = [values(await anext(changes)) for _ in range(2)]
                assert came == [{"rate": 100.0}, {"rate": 100.0}]
                assert called == [500.0, 100.0]
                async with aiorcl.parameter_changes(lone), aiorcl.parameter_changes(lone):
                    assert feeds(lone) == 3
                lone.set_parameters([Parameter("rate", value=1.0)])
                assert values(await anext(changes)) == {"rate": 1.0}
                lone.undeclare_parameter("rate")
        assert called == [500.0, 100.0, 1.0]

    run(main)


def test_threads_set_parameters(run: Run, context: Context, lone: Node) -> None:
    """What another thread sets comes before what this one sets after it."""
    lone.declare_parameter("number", 0)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with aiorcl.parameter_changes(lone) as changes:
                waiting = asyncio.ensure_future(anext(changes))
                await turns()
                call_elsewhere(lambda: lone.set_parameters([Parameter("number", value=1)]))
                lone.set_parameters([Parameter("number", value=2)])
                assert values(await waiting) == {"number": 1}
                assert values(await anext(changes)) == {"number": 2}

    run(main)


STAGES = ("before", "agrees", "first after", "last after")


@pytest.mark.parametrize("others", [0, 1], ids=["first", "second"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_callback_of_a_set_opens_a_stream(
    *, run: Run, context: Context, lone: Node, stage: str, others: int
) -> None:
    """It brings what the node has not yet; and no callback is called twice."""
    lone.declare_parameter("rate", 0)
    called: list[tuple[str, int]] = []
    changes: list[aiorcl.ParameterStream] = []

    def callback(name: str) -> Callable[[list[Parameter[Any]]], Any]:
        def call(parameters: list[Parameter[Any]]) -> Any:
            called.append((name, parameters[0].value))
            if name == stage and not changes:
                changes.append(aiorcl.parameter_changes(lone))
                step(changes[0].__aenter__())
            return SetParametersResult(successful=True) if name == "agrees" else parameters

        return call

    lone.add_pre_set_parameters_callback(callback("before"))
    lone.add_on_set_parameters_callback(callback("agrees"))
    for name in ("last after", "first after"):  # rclpy calls the one that came last first
        lone.add_post_set_parameters_callback(callback(name))

    async def main() -> None:
        async with (
            AsyncioExecutor(context=context) as executor,
            contextlib.AsyncExitStack() as stack,
        ):
            executor.add_node(lone)
            for _ in range(others):
                await stack.enter_async_context(aiorcl.parameter_changes(lone))
            for rate in (1, 2):
                lone.set_parameters([Parameter("rate", value=rate)])
            assert called == [(name, rate) for rate in (1, 2) for name in STAGES]
            expected = [1, 2] if stage in ("before", "agrees") else [2]
            assert [values(await anext(changes[0])) for _ in expected] == [
                {"rate": rate} for rate in expected
            ]
            changes[0].close()

    run(main)


def test_a_stream_is_opened_while_a_thread_sets(run: Run, context: Context, lone: Node) -> None:
    """That is in a callback, which is called once."""
    lone.declare_parameter("rate", 0)
    called: list[int] = []
    is_in_callback, may_go_on = threading.Event(), threading.Event()

    def callback(parameters: list[Parameter[Any]]) -> None:
        called.append(parameters[0].value)
        is_in_callback.set()
        assert may_go_on.wait(DEADLINE_SEC)

    lone.add_post_set_parameters_callback(callback)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            thread = threading.Thread(
                target=lambda: lone.set_parameters([Parameter("rate", value=1)])
            )
            thread.start()
            assert is_in_callback.wait(DEADLINE_SEC)
            async with aiorcl.parameter_changes(lone) as changes:
                may_go_on.set()
                thread.join()
                lone.set_parameters([Parameter("rate", value=2)])
                assert values(await anext(changes)) == {"rate": 2}
            assert called == [1, 2]

    run(main)


def test_a_callback_raises(run: Run, context: Context, lone: Node) -> None:
    """The node has the value, so the stream brings it."""
    lone.declare_parameter("rate", 0)

    def callback(_: object) -> None:
        raise LookupError

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with aiorcl.parameter_changes(lone) as changes:
                lone.add_post_set_parameters_callback(callback)
                with pytest.raises(LookupError):
                    lone.set_parameters([Parameter("rate", value=1)])
                assert values(await anext(changes)) == {"rate": 1}

    run(main)


@ends.ON_EITHER_THREAD
@pytest.mark.parametrize("way", ["close", *(way for way in ends.ENDS if way != "destroy")])
def test_the_iteration_ends_with_the_node(
    run: Run, context: Context, make_node: MakeNode, way: str, thread: bool
) -> None:
    """Or with its executor."""
    node = make_node()

    async def main() -> None:
        async with contextlib.AsyncExitStack() as block:
            executor = await block.enter_async_context(AsyncioExecutor(context=context))
            executor.add_node(node)
            async with aiorcl.parameter_changes(node) as changes:
                waiting = asyncio.ensure_future(anext(changes, None))
                await turns()
                await ends.end(way, executor, node, changes, block=block, thread=thread)
                assert await waiting is None

    run(main)


def test_a_stream_that_nobody_holds_hears_nothing(run: Run, context: Context, lone: Node) -> None:
    """``break`` is enough."""
    lone.declare_parameter("rate", 1.0)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)

            async def first() -> weakref.ref[Any]:
                stream = aiorcl.parameter_changes(lone)
                asyncio.get_running_loop().call_soon(
                    lone.set_parameters, [Parameter("rate", value=2.0)]
                )
                async for _ in stream:
                    break
                return weakref.ref(stream)

            stream = await first()
            gc.collect()
            assert stream() is None
            assert feeds(lone) == 0

    run(main)


def test_whoever_waits_can_be_cancelled_anywhere(run: Run, context: Context, lone: Node) -> None:
    """And loses nothing."""
    lone.declare_parameter("rate", 1.0)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)

            async def once() -> None:
                async with aiorcl.parameter_changes(lone, "rate") as changes:
                    asyncio.get_running_loop().call_soon(
                        lone.set_parameters, [Parameter("rate", value=2.0)]
                    )
                    await anext(changes)

            assert await cancel_everywhere(once, lambda: feeds(lone)) == 2

    run(main)


def test_wrong_arguments_are_refused(lone: Node) -> None:
    """With what to write."""
    wrong: Any = aiorcl.parameter_changes
    with pytest.raises(TypeError, match=r"parameter_changes\(\) takes a node, not 'node'"):
        wrong("node")
    with pytest.raises(TypeError, match="takes names of parameters, not 3"):
        wrong(lone, 3)
    assert repr(wrong(lone, "rate")) == "<ParameterStream of rate>"
