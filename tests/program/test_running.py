# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# aiorcl.run: what it takes, returns, raises and leaves. Signals: processes/test_running.py.

from __future__ import annotations

import asyncio
import functools
import gc
import signal
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import rclpy
from rclpy.node import Node
from std_msgs.msg import Int64

import aiorcl
from aiorcl import AsyncioExecutor, EventLoop
from aiorcl._program.stop_signals import StopSignals
from tests.support import network
from tests.support.counters import Holdings, wait_until_asleep
from tests.support.elsewhere import call_elsewhere

Run = Callable[..., Any]


class Counter(Node):
    """Shuts ROS down at its third tick."""

    ended: list[bool] = []  # noqa: RUF012  # of the class: run makes the object

    def __init__(self) -> None:
        super().__init__("counter", start_parameter_services=False)
        self.ticks = 0
        self.create_timer(0.001, self._tick)

    def _tick(self) -> None:
        self.ticks += 1
        if self.ticks == 3:
            rclpy.shutdown()

    def destroy_node(self) -> None:
        self.ended.append(True)
        super().destroy_node()


def test_main_is_run_and_its_result_returned(run: Run) -> None:
    """As asyncio.run does, with an executor that runs; ROS is up meanwhile and down after."""

    async def main(executor: AsyncioExecutor) -> list[int]:
        assert rclpy.ok()
        assert executor.loop is asyncio.get_running_loop()
        node = Node("node", start_parameter_services=False)
        executor.add_node(node)
        async with aiorcl.messages(node, Int64, "topic") as stream:
            node.create_publisher(Int64, "topic", 10).publish(Int64(data=3))
            return [(await anext(stream)).data]

    assert run(main) == [3]
    assert not rclpy.ok()
    assert run(functools.partial(main)) == [3]


def test_a_node_runs_until_the_shutdown(run: Run) -> None:
    """A class, or a function that makes a node; it is destroyed at the end."""
    Counter.ended.clear()
    assert run(Counter) is None
    assert run(lambda: Counter()) is None
    assert Counter.ended
    assert not rclpy.ok()


def test_several_are_run(run: Run) -> None:
    """Nodes and coroutines together, until the coroutines have returned."""
    came: list[str] = []

    class Talker(Node):
        def __init__(self) -> None:
            super().__init__("talker", start_parameter_services=False)
            publisher = self.create_publisher(Int64, "topic", 10)
            self.create_timer(0.001, lambda: publisher.publish(Int64()))

    async def listen(executor: AsyncioExecutor) -> None:
        (node,) = executor.get_nodes()
        await aiorcl.next_message(node, Int64, "topic")
        came.append("message")

    async def tick(executor: AsyncioExecutor) -> None:
        (node,) = executor.get_nodes()
        async for _ in aiorcl.ticks(node, 0.001):
            came.append("tick")
            return

    assert run([Talker, listen, tick]) is None
    assert sorted(came) == ["message", "tick"]


class FailingNode(Node):
    """Cannot be made."""

    def __init__(self) -> None:
        raise LookupError


@pytest.mark.parametrize("where", ["main", "callback", "task", "node", "second"])
def test_an_exception_is_raised_as_it_is(run: Run, where: str) -> None:
    """From wherever it comes; everything is over then."""
    ended: list[str] = []

    def fail() -> None:
        raise LookupError

    async def main(executor: AsyncioExecutor) -> None:
        try:
            match where:
                case "main":
                    fail()
                case "callback":
                    node = Node("node", start_parameter_services=False)
                    executor.add_node(node)
                    node.create_timer(0.0, fail)
                case "task":
                    executor.create_task(fail)
            await asyncio.Event().wait()
        finally:
            ended.append(where)

    async def second(executor: AsyncioExecutor) -> None:
        raise LookupError

    mains = {"node": [FailingNode], "second": [main, second]}.get(where, main)
    with pytest.raises(LookupError):
        run(mains)
    assert not rclpy.ok()
    assert ended == ([] if where == "node" else [where])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_are_its_own_for_as_long_as_it_runs(run: Run, number: signal.Signals) -> None:
    """The handlers come back; a result after the signal is not one."""
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]

    async def main(executor: AsyncioExecutor) -> int:
        signal.raise_signal(number)
        await asyncio.Event().wait()
        return 1

    assert run(main) is None
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_signal_that_another_thread_gets_wakes_the_loop(run: Run) -> None:
    """Nothing else would: the handler is called in the main thread, which waits."""
    main_thread = threading.main_thread().native_id
    assert main_thread is not None

    def get_it() -> None:
        wait_until_asleep(main_thread)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    async def main(executor: AsyncioExecutor) -> None:
        threading.Thread(target=get_it).start()
        await asyncio.Event().wait()

    assert run(main) is None


class At:
    """Sends a signal to this process right before or after the n-th call of a function, once."""

    def __init__(self, function: Callable[..., Any], number: signal.Signals, when: str) -> None:
        where, _, count = when.partition(" ")
        self._function = function
        self._number = number
        self._is_before = where == "before"
        self._left = int(count)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._left -= 1
        if self._is_before and self._left == 0:
            signal.raise_signal(self._number)
        result = self._function(*args, **kwargs)
        if not self._is_before and self._left == 0:
            signal.raise_signal(self._number)
        return result


@pytest.mark.parametrize(
    ("number", "when"),
    [
        (signal.SIGINT, "after 1"),
        (signal.SIGINT, "before 2"),
        (signal.SIGINT, "after 2"),
        (signal.SIGTERM, "after 2"),
        (signal.SIGTERM, "before 3"),
        (signal.SIGINT, "before 3"),
        (signal.SIGINT, "after 3"),
        (signal.SIGINT, "before 4"),
    ],
)
def test_a_signal_while_handlers_are_installed_or_restored(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, when: str
) -> None:
    """It is not lost, and leaves no handler."""
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    ran: list[bool] = []

    async def main(executor: AsyncioExecutor) -> int:
        ran.append(True)
        return 7

    with monkeypatch.context() as patch:
        patch.setattr(signal, "signal", At(signal.signal, number, when))
        result = run(main)
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before
    is_early = when in ("after 1", "before 2", "after 2")
    assert (result, bool(ran)) == ((None, False) if is_early else (7, True))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_signal_while_the_loop_begins_to_listen_is_not_lost(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, when: str
) -> None:
    """Right before that, or right after it, main does not begin, or is cancelled."""
    listen = At(StopSignals.end_patiently, number, f"{when} 1")
    monkeypatch.setattr(StopSignals, "end_patiently", lambda *args: listen(*args))

    async def main(executor: AsyncioExecutor) -> int:
        await asyncio.Event().wait()
        return 7

    assert run(main) is None
    assert not rclpy.ok()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_signal_at_the_very_end_ends_nothing_else(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, when: str
) -> None:
    """The loop is closed and ROS goes down: the first signal changes nothing any more."""
    monkeypatch.setattr(rclpy, "try_shutdown", At(rclpy.try_shutdown, number, f"{when} 1"))

    async def main(executor: AsyncioExecutor) -> int:
        return 7

    assert run(main) == 7
    assert not rclpy.ok()


def test_it_runs_on_another_thread(run: Run) -> None:
    """There signals are left alone."""
    results: list[object] = []

    async def main(executor: AsyncioExecutor) -> int:
        return 7

    call_elsewhere(lambda: results.append(run(main)))
    assert results == [7]


def test_nothing_is_left(run: Run) -> None:
    """No descriptor, no thread and no task."""
    left: list[asyncio.Task[Any]] = []

    async def main(executor: AsyncioExecutor) -> None:
        node = Node("node", start_parameter_services=False)
        executor.add_node(node)
        left.append(asyncio.ensure_future(asyncio.Event().wait()))
        left.append(asyncio.ensure_future(aiorcl.next_message(node, Int64, "topic")))
        await asyncio.sleep(0)

    def once() -> None:
        run(main)
        waiting, receiving = left
        left.clear()  # with the exceptions, and the node in their frames
        assert waiting.done()
        assert isinstance(receiving.exception(), aiorcl.EntityGoneError)

    def held() -> Holdings:
        # From rclpy 10.0.10 on a node is in the graph until its object is collected.
        gc.collect()
        return Holdings.now()

    once()
    before = held()
    for _ in range(3):
        once()
    assert held() == before


def test_main_may_take_nothing(run: Run) -> None:
    """Alone, and as one of several."""
    called: list[str] = []

    async def main() -> str:
        called.append("main")
        return "done"

    async def other(executor: AsyncioExecutor) -> None:
        called.append(type(executor).__name__)

    assert run(main) == "done"
    run([main, other])
    assert called == ["main", "main", "AsyncioExecutor"]


def test_what_cannot_be_run_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before ROS is initialised, with what to write instead."""
    monkeypatch.setenv("ROS_DOMAIN_ID", str(network.domain_id()))

    async def main(executor: Any = None) -> None:
        raise AssertionError

    wrong: Any
    for wrong in (main(), "main", int, [3], 3):
        with pytest.raises(TypeError, match=r"aiorcl.run\(\) takes"):
            aiorcl.run(wrong)
    assert not rclpy.ok()
    wrong = len
    with pytest.raises(TypeError, match="returned no node"):
        aiorcl.run(lambda: wrong(""), args=[])
    assert not rclpy.ok()

    async def nested() -> None:
        with pytest.raises(RuntimeError, match="event loop runs"):
            aiorcl.run(main)

    asyncio.run(nested())


async def takes_more(executor: AsyncioExecutor, more: int) -> None:
    """Take more than the executor."""


async def does_nothing() -> None:
    """Take no executor."""


async def yields(executor: AsyncioExecutor) -> AsyncIterator[int]:
    """Make an asynchronous generator."""
    yield 1


def is_plain(executor: AsyncioExecutor) -> None:
    """Lack the async."""


class Named(Node):
    """Cannot be made without arguments."""


@pytest.mark.parametrize(
    ("slip", "words"),
    [
        (takes_more, "write 'async def takes_more(executor)'"),
        (yields, "'async def yields(executor)' without a yield"),
        (is_plain, "is it to be 'async def is_plain(executor)'?"),
        (lambda executor: does_nothing(), "is it to be 'async def main(executor)'?"),
        (lambda: does_nothing(), "give does_nothing instead, with 'async def does_nothing("),
        (Named, "write a function that returns the node"),
        ("main", "not 'main'"),
    ],
)
def test_what_is_written_by_a_slip(monkeypatch: pytest.MonkeyPatch, slip: Any, words: str) -> None:
    """The TypeError says what to write."""
    monkeypatch.setenv("ROS_DOMAIN_ID", str(network.domain_id()))
    for main in (slip, [Counter, slip]):
        with pytest.raises(TypeError) as refused:
            aiorcl.run(main, args=[])
        assert words in str(refused.value)
    assert not rclpy.ok()


def test_nothing_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """No list without a member, and no node that was destroyed: neither would ever end."""
    monkeypatch.setenv("ROS_DOMAIN_ID", str(network.domain_id()))

    def make() -> Node:
        node = Node("node", start_parameter_services=False)
        node.destroy_node()
        return node

    with pytest.raises(ValueError, match="the list is empty"):
        aiorcl.run([])
    with pytest.raises(ValueError, match="returned a node that was destroyed"):
        aiorcl.run(make, args=[])
    assert not rclpy.ok()


def test_the_loop_is_ours_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """``loop_factory`` and ``debug`` are those of asyncio.run."""
    monkeypatch.setenv("ROS_DOMAIN_ID", str(network.domain_id()))

    async def main(executor: AsyncioExecutor) -> tuple[bool, bool]:
        return isinstance(executor.loop, EventLoop), executor.loop.get_debug()

    assert aiorcl.run(main, args=[], debug=True) == (True, True)


def test_the_command_line_is_for_ros(monkeypatch: pytest.MonkeyPatch) -> None:
    """``args`` or ``sys.argv``: remappings hold for the nodes."""
    monkeypatch.setenv("ROS_DOMAIN_ID", str(network.domain_id()))

    async def main(executor: AsyncioExecutor) -> str:
        node = Node("node", start_parameter_services=False)
        return str(node.get_name())

    remapped = ["program", "--ros-args", "-r", "__node:=other"]
    assert aiorcl.run(main, args=remapped) == "other"
    monkeypatch.setattr("sys.argv", remapped)
    assert aiorcl.run(main) == "other"


def test_ros_that_is_up_is_left_alone() -> None:
    """It is the caller's, who learns what to write instead."""
    rclpy.init(args=[], domain_id=network.domain_id())
    try:
        with pytest.raises(RuntimeError, match=r"remove rclpy\.init\(\), or .*context=rclpy"):
            aiorcl.run(Counter)
        assert rclpy.ok()
    finally:
        rclpy.shutdown()
