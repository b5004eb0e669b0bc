# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# How nodes end with a program: also those that nobody has, and those whose end goes wrong.

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import rclpy
from rclpy.context import Context
from rclpy.node import Node

import aiorcl
from aiorcl import AsyncioExecutor, cli
from aiorcl._serving.destroyed import is_destroyed
from tests.support import network

from .conftest import Run

#: rclpy destroys the nodes of a context at its end, from Kilted on.
TRACKED = hasattr(Context, "track_node")

made: list[Node] = []
said: list[str] = []


@pytest.fixture(autouse=True)
def nothing_before() -> Iterator[None]:
    """The nodes of a test, and what they say, are its own."""
    yield
    made.clear()
    said.clear()


class Guarded(Node):
    """Says a last word if ROS is up, as many nodes do; so does the thread that it waits for."""

    def __init__(self) -> None:
        super().__init__("guarded", start_parameter_services=False)
        made.append(self)

    def destroy_node(self) -> None:
        """Stop the motors."""
        thread = threading.Thread(target=self.say)
        thread.start()
        thread.join()
        self.say()
        super().destroy_node()

    def say(self) -> None:
        """Say the last word."""
        if rclpy.ok():
            said.append("stop")


class Broken(Guarded):
    """Cannot be made."""

    def __init__(self) -> None:
        super().__init__()
        raise LookupError("no device")


class Unready(Broken):
    """Cannot be made, nor destroyed: by its own method."""

    def destroy_node(self) -> None:
        """Use what was never made."""
        said.append("destroyed")
        raise AttributeError("no such publisher")


async def forgets(executor: AsyncioExecutor) -> None:
    """Makes nodes, and does not put them on the executor."""
    for _ in range(3):
        Guarded()


def lifespan(maker: Any) -> None:
    """Run it beside an application that does nothing."""

    async def main() -> None:
        async with aiorcl.lifespan(maker, args=[])(None):
            pass

    asyncio.run(main())


@pytest.mark.parametrize("way", ["run", "lifespan"])
def test_a_node_that_was_made_by_half_ends_while_ros_is_up(run: Run, way: str) -> None:
    """Its constructor has raised, so nobody has it; that is told."""
    start: Callable[[Any], object] = {"run": run, "lifespan": lifespan}[way]
    for _ in range(2):  # the first one leaves nothing
        with pytest.raises(LookupError, match="no device"):
            start(Broken)
        assert not rclpy.ok()
    assert said == ["stop"] * 4 * TRACKED
    assert [is_destroyed(node) for node in made] == [TRACKED] * 2


def test_nodes_that_are_on_no_executor_end_while_ros_is_up(run: Run) -> None:
    """All of them."""
    run(forgets)
    assert not rclpy.ok()
    assert said == ["stop"] * 6 * TRACKED
    assert [is_destroyed(node) for node in made] == [TRACKED] * 3


def test_last_words_at_the_end_of_the_context(run: Run) -> None:
    """A callback of the user's may ask whether ROS is up, and is told that it is not."""

    async def main(executor: AsyncioExecutor) -> None:
        if TRACKED:  # before, the lock of the context itself was in the way
            executor.context.on_shutdown(lambda: said.append(f"up: {rclpy.ok()}"))

    run(main)
    assert said == ["up: False"] * TRACKED


@pytest.mark.parametrize("where", ["constructor", "executor"])
def test_a_node_whose_end_goes_wrong_is_destroyed_once(run: Run, where: str) -> None:
    """The error is told, beside the one that was before; nothing is left."""

    async def main(executor: AsyncioExecutor) -> None:
        with pytest.raises(LookupError):
            Unready()
        executor.add_node(made[0])

    expected = AttributeError if TRACKED or where == "executor" else LookupError
    with pytest.raises(expected) as raised:
        run(Unready if where == "constructor" else main)
    assert not rclpy.ok()
    if expected is AttributeError:
        assert said == ["destroyed"]
        assert is_destroyed(made[0])
        if where == "constructor":
            assert isinstance(raised.value.__context__, LookupError)
    said.clear()
    run(forgets)  # ROS can be initialised anew
    assert said == ["stop"] * 6 * TRACKED


class Interrupted(Node):
    """Somebody presses Ctrl-C while it is destroyed."""

    def __init__(self) -> None:
        super().__init__("interrupted", start_parameter_services=False)

    def destroy_node(self) -> None:
        """Take its time."""
        try:
            for _ in range(presses):
                signal.raise_signal(signal.SIGINT)
        finally:
            super().destroy_node()


presses = 1


def test_a_signal_takes_no_error_of_a_constructor_away(run: Run) -> None:
    """That is raised all the same."""
    with pytest.raises(LookupError, match="no device"):
        run([Interrupted, Broken])
    assert not rclpy.ok()


def fails_later() -> Node:
    """Return a node whose callback raises."""
    node = Interrupted()
    node.create_timer(0.0, lambda: [][0])
    return node


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    ("nodes", "error"),
    [(("Interrupted", "Broken"), LookupError), (("fails_later",), IndexError)],
)
def test_the_command_tells_the_error_whatever_signals_come(
    monkeypatch: pytest.MonkeyPatch,
    nodes: tuple[str, ...],
    error: type[Exception],
    number: int,
) -> None:
    """They only cut the end short."""
    monkeypatch.setattr(f"{__name__}.presses", number)
    monkeypatch.setenv("ROS_DOMAIN_ID", str(network.domain_id()))
    with pytest.raises(error):
        cli.main(["run", *(f"{__name__}:{node}" for node in nodes)])
    assert not rclpy.ok()
