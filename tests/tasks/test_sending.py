# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Another thread sends goals: what comes before rclpy has noted the request is not lost.

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
import rclpy.task
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, CancelResponse
from rclpy.context import Context
from test_msgs.action import Fibonacci
from unique_identifier_msgs.msg import UUID

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from aiorcl._rclpy import private_actions
from aiorcl._serving.actions import action_of
from aiorcl._tasks import sending as module
from aiorcl._tasks.sending import Sending
from tests.support.actions import serve_action
from tests.support.elsewhere import DEADLINE_SEC, Elsewhere

if TYPE_CHECKING:
    from tests.support.makers import MakeNode


class Slow:
    """Keeps the thread that has sent a request, at each of its further steps, until it is answered.

    But for steps under rclpy's lock, without which no answer is taken.

    :ivar kept: how often.
    :ivar made: how many futures were made for it.
    :ivar then: is called each time, when it is answered.
    :ivar is_locked: rclpy has a lock.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, client: Any, asked: str) -> None:
        self.kept = self.made = 0
        self.then: Callable[[], object] = lambda: None
        self._lock: Any = private_actions.lock_of(client)
        self.is_locked = hasattr(self._lock, "locked")
        self._client = client
        self._asked = asked
        self._answers: int | None = None  # before the request was sent
        handle, method = type(private_actions.client_handle_of(client)), f"send_{asked}_request"
        send, make, add = getattr(handle, method), rclpy.task.Future, client.add_future
        monkeypatch.setattr(handle, method, lambda *args: self._send(send, *args))
        monkeypatch.setattr("rclpy.action.client.Future", lambda: self._make(make))
        monkeypatch.setattr(client, "add_future", lambda future: self._step(add, future))

    @property
    def all_under_lock(self) -> bool:
        """Whether all steps to the only future of a goal were made under rclpy's lock."""
        return self.is_locked and self.made == 1

    def _count(self) -> int:
        action = action_of(self._client)
        assert action is not None
        response = action.label_of(f"{self._asked} response")
        [part] = [part for part in action.responses if part.label == response]
        return part.callback_time.count

    def stop(self) -> None:
        """Keep it no more."""
        self._answers = None

    def _send(self, send: Callable[..., int], *args: Any) -> int:
        before = self._count()
        number = send(*args)
        self._answers = before
        return number

    def _make(self, make: Callable[[], Any]) -> Any:
        self.made += 1
        return self._step(make)

    def _step(self, step: Callable[..., Any], *args: Any) -> Any:
        if self._answers is not None and not (self.is_locked and self._lock.locked()):
            self.kept += 1
            end = time.monotonic() + DEADLINE_SEC
            while self._count() == self._answers:
                assert time.monotonic() < end
                time.sleep(0.001)
            self.then()
        return step(*args)


class LateCallbacks(dict[bytes, Callable[[Any], Any]]):
    """Feedback callbacks of a client, of which any is noted only after ``before``."""

    before: Callable[[], None] = staticmethod(lambda: None)

    def __setitem__(self, key: bytes, callback: Callable[[Any], Any]) -> None:
        self.before()
        super().__setitem__(key, callback)


def outcome(future: Any) -> Any:
    """Wait for a future of the executor in the other thread."""
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    assert done.wait(DEADLINE_SEC)
    return future.result()


@pytest.fixture
def client(context: Context, make_node: MakeNode) -> Iterator[Any]:
    """A client of a server whose goals last until they are cancelled; both run in one thread."""
    served, node = make_node(), make_node()
    cancelled = threading.Event()

    def execute(goal: Any) -> Fibonacci.Result:
        goal.publish_feedback(Fibonacci.Feedback(sequence=[3]))
        assert goal.request.order == 0 or cancelled.wait(DEADLINE_SEC)
        goal.succeed()
        return Fibonacci.Result(sequence=[1])

    def cancel(_: Any) -> CancelResponse:
        cancelled.set()
        return CancelResponse.REJECT

    group = ThreadCallbackGroup(1)
    ActionServer(
        *(served, Fibonacci, "action", execute), cancel_callback=cancel, callback_group=group
    )
    client: Any = ActionClient(node, Fibonacci, "action")
    client._feedback_callbacks = LateCallbacks()
    with Elsewhere(AsyncioExecutor(context=context)) as elsewhere:
        for each in (served, node):
            elsewhere.executor.add_node(each)
        assert client.wait_for_server(DEADLINE_SEC)
        elsewhere.do(lambda: None)
        yield client
        elsewhere.do(lambda: None)  # nothing has ended it


def test_a_goal_is_accepted_before_its_future_is_noted(
    monkeypatch: pytest.MonkeyPatch, client: Any
) -> None:
    """Kilted makes two, the second one without its lock; Jazzy has no lock; newer ones make one."""
    slow = Slow(monkeypatch, client, "goal")
    assert outcome(client.send_goal_async(Fibonacci.Goal())).accepted
    assert slow.kept == (0 if slow.all_under_lock else 2)


def test_a_cancellation_is_answered_before_its_future_is_noted(
    monkeypatch: pytest.MonkeyPatch, client: Any
) -> None:
    """Only where rclpy has no lock."""
    goal = outcome(client.send_goal_async(Fibonacci.Goal(order=1)))
    slow = Slow(monkeypatch, client, "cancel")
    assert outcome(goal.cancel_goal_async()) is not None
    assert slow.kept == (0 if slow.is_locked else 2)


def test_a_result_comes_before_its_future_is_noted(
    monkeypatch: pytest.MonkeyPatch, client: Any
) -> None:
    """Only where rclpy has no lock."""
    goal = outcome(client.send_goal_async(Fibonacci.Goal()))
    slow = Slow(monkeypatch, client, "result")
    assert list(outcome(goal.get_result_async()).result.sequence) == [1]
    assert slow.kept == (0 if slow.is_locked else 2)


def test_feedback_comes_before_its_callback_is_noted(
    monkeypatch: pytest.MonkeyPatch, client: Any
) -> None:
    """rclpy notes the callback after it has sent the goal."""
    action = action_of(client)
    assert action is not None
    feedback = action.feedback
    assert feedback is not None
    handle = type(private_actions.client_handle_of(client))
    send: Any = handle.send_goal_request

    def wait_for_feedback() -> None:
        end = time.monotonic() + DEADLINE_SEC
        while not feedback.callback_time.count:
            assert time.monotonic() < end
            time.sleep(0.001)

    def send_late(*args: Any) -> int:
        number: int = send(*args)
        client._feedback_callbacks.before = wait_for_feedback
        return number

    monkeypatch.setattr(handle, "send_goal_request", send_late)
    heard: list[Any] = []
    goal = client.send_goal_async(Fibonacci.Goal(), heard.append)
    assert [list(message.feedback.sequence) for message in heard] == [[3]]
    assert outcome(goal).accepted


def test_a_goal_that_cannot_be_sent_leaves_no_callback(client: Any) -> None:
    """The callback is noted before; that of another goal of the same id stays."""
    with pytest.raises(TypeError):
        client.send_goal_async(Fibonacci.Feedback(), print)
    assert not client._feedback_callbacks
    goal_id = UUID(uuid=[1] * 16)
    goal = client.send_goal_async(Fibonacci.Goal(order=1), repr, goal_id)
    with pytest.raises(TypeError):
        client.send_goal_async(Fibonacci.Feedback(), print, goal_id)
    assert client._feedback_callbacks == {bytes(goal_id.uuid): repr}
    outcome(outcome(goal).cancel_goal_async())


def test_the_client_moves_before_its_request_is_noted(
    monkeypatch: pytest.MonkeyPatch, context: Context, make_node: MakeNode
) -> None:
    """From an executor that has taken the answer, and ends, to one that handles it."""
    server, node = make_node(), make_node()
    serve_action(server)
    client: Any = ActionClient(node, Fibonacci, "action")
    after = AsyncioExecutor(context=context)
    with contextlib.ExitStack() as running:
        before = running.enter_context(Elsewhere(AsyncioExecutor(context=context)))
        for each in (server, node):
            before.executor.add_node(each)
        assert client.wait_for_server(DEADLINE_SEC)
        before.do(lambda: None)
        slow = Slow(monkeypatch, client, "goal")

        def move() -> None:
            slow.stop()
            running.close()
            after.add_node(node)

        slow.then = move
        goal = client.send_goal_async(Fibonacci.Goal(order=1))
        if slow.all_under_lock:
            pytest.skip("rclpy notes the request under the lock under which it sends it")
        assert slow.kept == 1
    after.spin_until_future_complete(goal, DEADLINE_SEC)
    assert goal.done()
    assert goal.result().accepted
    assert after.shutdown(DEADLINE_SEC)


def test_an_answer_waits_for_what_was_under_way_when_it_came() -> None:
    """And for nothing that is sent later: a thread that sends all the time holds back none."""
    sending = Sending()
    handled: list[str] = []
    kept: list[str] = []
    sent, may_end = threading.Event(), threading.Event()

    def send() -> None:
        sent.set()
        assert may_end.wait(DEADLINE_SEC)

    sending.hand_on("none under way", handled.append, kept.append)
    first = threading.Thread(target=sending.send, args=(send,))
    first.start()
    assert sent.wait(DEADLINE_SEC)
    sending.hand_on("first under way", handled.append, kept.append)
    assert (handled, kept) == (["none under way"], [])

    def send_second() -> None:
        may_end.set()
        first.join()

    sending.send(send_second)
    assert (handled, kept) == (["none under way"], ["first under way"])


def test_a_request_ends_while_its_answer_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever comes first, the answer is handed on."""

    class Late(deque[Any]):
        def append(self, item: Any) -> None:
            may_end.set()
            thread.join()
            super().append(item)

    monkeypatch.setattr(module, "deque", Late)
    sending = Sending()
    kept: list[int] = []
    sent, may_end = threading.Event(), threading.Event()

    def send() -> None:
        sent.set()
        assert may_end.wait(DEADLINE_SEC)

    thread = threading.Thread(target=sending.send, args=(send,))
    thread.start()
    assert sent.wait(DEADLINE_SEC)
    sending.hand_on(1, lambda _: None, kept.append)
    assert kept == [1]
