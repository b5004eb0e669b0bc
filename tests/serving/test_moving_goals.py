# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Feedback of goals whose client goes from one executor to another, while neither runs.

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer
from rclpy.context import Context
from rclpy.node import Node
from test_msgs.action import Fibonacci

from aiorcl import AsyncioExecutor
from aiorcl._serving.actions import Action
from aiorcl._serving.registry import served
from tests.support.elsewhere import DEADLINE_SEC
from tests.support.makers import MakeNode

COUNT = 5


def execute(goal: Any) -> Fibonacci.Result:
    """Publish feedback, and succeed at once: the result is there when the feedback is."""
    for number in range(COUNT):
        goal.publish_feedback(Fibonacci.Feedback(sequence=[number]))
    goal.succeed()
    return Fibonacci.Result()


class Scene:
    """A server on an executor of its own, and a client that every step moves to the next one."""

    def __init__(self, client: Node, server: Node, executors: list[AsyncioExecutor]) -> None:
        self._node = client
        self._executors = itertools.cycle(executors)
        self._all = executors
        self._of_server = AsyncioExecutor(context=client.context)
        self._of_server.add_node(server)
        self._server = ActionServer(server, Fibonacci, "action", execute)
        self.client: ActionClient[Any, Any, Any] = ActionClient(client, Fibonacci, "action")

    def until(self, done: Callable[[], object]) -> None:
        """Let the server run, and then the client, each a step, until it is so."""
        end = time.monotonic() + DEADLINE_SEC
        while not done():
            assert time.monotonic() < end
            self._of_server.spin_once(timeout_sec=0)
            executor = next(self._executors)
            executor.add_node(self._node)
            executor.spin_once(timeout_sec=0.01)

    def leave(self) -> None:
        """Let the client be nowhere, while the executors do what they have yet to do."""
        for executor in self._all:
            executor.remove_node(self._node)
        for executor in self._all * 5:
            executor.spin_once(timeout_sec=0)

    def feedback_of_a_goal(self, after_result: Callable[[], object] = lambda: None) -> list[int]:
        """Send a goal, and return what its feedback callback has got, when all has come."""
        got: list[int] = []
        accepted = self.client.send_goal_async(
            Fibonacci.Goal(order=1),
            feedback_callback=lambda message: got.append(message.feedback.sequence[0]),
        )
        self.until(accepted.done)
        handle: Any = accepted.result()
        result = handle.get_result_async()
        self.until(result.done)
        after_result()
        self.until(lambda: len(got) >= COUNT)
        return got

    def close(self) -> None:
        """End everything."""
        for executor in (*self._all, self._of_server):
            executor.shutdown()
        self.client.destroy()
        self._server.destroy()


@pytest.fixture
def scene(context: Context, make_node: MakeNode) -> Iterator[Scene]:
    """A scene with two executors, in which the server is there."""
    executors = [AsyncioExecutor(context=context) for _ in range(2)]
    scene = Scene(make_node(), make_node(), executors)
    scene.until(scene.client.server_is_ready)
    yield scene
    scene.close()


def test_feedback_before_the_result_moves_on(scene: Scene) -> None:
    """What came before the result is taken wherever the client is, in order and once."""
    for _ in range(20):
        assert scene.feedback_of_a_goal() == list(range(COUNT))


def test_feedback_before_the_result_waits_for_the_next_executor(scene: Scene) -> None:
    """Nothing that the last one does with the result takes its callback away."""
    for _ in range(5):
        assert scene.feedback_of_a_goal(scene.leave) == list(range(COUNT))


def test_nothing_is_kept_of_goals_that_have_ended(scene: Scene) -> None:
    """rclpy's list of callbacks, to which they go back meanwhile, is empty in the end."""
    for _ in range(5):
        scene.feedback_of_a_goal()
    scene.until(lambda: not scene.client._feedback_callbacks)


def test_what_comes_while_it_is_let_go_is_counted(
    context: Context, lone: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event between the question how many are left and the end of the watch is handed over."""
    client: Any = ActionClient(lone, Fibonacci, "action")
    old, new = AsyncioExecutor(context=context), AsyncioExecutor(context=context)
    close, late = Action.close, [3]

    def close_late(action: Action, **options: Any) -> None:
        while late:
            assert action.feedback is not None
            action.feedback.poke(late.pop())
        close(action, **options)

    monkeypatch.setattr(Action, "close", close_late)
    old.add_node(lone)
    new.add_node(lone)
    found = served(client)
    assert found is not None
    assert isinstance(found.core, Action)
    assert found.core.feedback is not None
    assert found.core.feedback.pending >= 3
    client.destroy()
    old.shutdown()
    new.shutdown()
