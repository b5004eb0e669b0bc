# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Methods of rclpy's entities that a subclass, or whoever holds the object, has replaced are called.

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import rclpy.node
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.client import Client
from rclpy.guard_condition import GuardCondition
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.service import Service
from rclpy.task import Future
from std_msgs.msg import Empty
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

from tests.support.executors import breaks
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.executors import Executor

    _Future = Future[Any]
    _Service = Service[Any, Any]
    _Client = Client[Any, Any]
else:  # not generic at run time on Jazzy
    _Future, _Service, _Client = Future, Service, Client

#: Methods of rclpy's classes that users call, and those that an executor calls.
CALLED = ((Publisher, "publish"), (Client, "call_async"), (GuardCondition, "trigger"))
ASKED = (
    *((Service, "send_response"), (Client, "get_pending_request")),
    *((Client, "remove_pending_request"), (MutuallyExclusiveCallbackGroup, "can_execute")),
    *((ActionServer, "take_data"), (ActionClient, "execute")),
)

OF_ITS_OWN = breaks(events="does by itself what the methods do")


class Traced(_Service):
    """Marks each response that it sends."""

    def send_response(self, response: Any, header: Any) -> None:
        """Send the response with the mark."""
        response.message = "traced"
        super().send_response(response, header)


class Asked(_Client):
    """Notes what is asked of it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.asked: list[str] = []

    def get_pending_request(self, sequence_number: int) -> _Future:
        """Return the future of a request."""
        self.asked.append("get")
        return super().get_pending_request(sequence_number)

    def remove_pending_request(self, future: _Future) -> None:
        """Forget a request."""
        self.asked.append("remove")
        super().remove_pending_request(future)


class Noted(_Future):
    """Notes that it is completed."""

    noted = False

    def set_result(self, result: Any) -> None:
        """Complete it."""
        self.noted = True
        super().set_result(result)


def answer(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
    """Answer at once."""
    response.message = "answer"
    return response


async def answer_async(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
    """Answer as a coroutine."""
    return answer(request, response)


HANDLERS = pytest.mark.parametrize("handler", [answer, answer_async])


def call(node: Node, spin: Spinner) -> str:
    """Call the service once."""
    future = node.create_client(Trigger, "service").call_async(Trigger.Request())
    spin.until(future.done)
    response = future.result()
    assert response is not None
    return str(response.message)


@OF_ITS_OWN
@HANDLERS
def test_a_service_of_a_subclass_sends_its_responses(
    node: Node, spin: Spinner, handler: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the method of the subclass."""
    monkeypatch.setattr(rclpy.node, "Service", Traced)
    service = node.create_service(Trigger, "service", handler)
    assert isinstance(service, Traced)
    for _ in range(2):
        assert call(node, spin) == "traced"


@OF_ITS_OWN
@HANDLERS
def test_a_service_with_a_method_of_its_own_sends_its_responses(
    executor: Executor, lone: Node, spin: Spinner, handler: Callable[..., Any]
) -> None:
    """By the method that was put on the object before its node came to the executor."""
    service: Any = lone.create_service(Trigger, "service", handler)
    send = service.send_response

    def traced(response: Any, header: Any) -> None:
        response.message = "traced"
        send(response, header)

    service.send_response = traced
    executor.add_node(lone)
    assert call(lone, spin) == "traced"


@OF_ITS_OWN
def test_a_client_of_a_subclass_looks_for_its_futures(
    node: Node, spin: Spinner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the methods of the subclass; a response that nobody waits for any more is no error."""
    node.create_service(Trigger, "service", answer)
    monkeypatch.setattr(rclpy.node, "Client", Asked)
    client: Any = node.create_client(Trigger, "service")
    assert isinstance(client, Asked)
    future = client.call_async(Trigger.Request())
    spin.until(lambda: future.done() and "remove" in client.asked)
    assert client.asked == ["get", "remove"]
    client.remove_pending_request(client.call_async(Trigger.Request()))
    spin.until(lambda: client.asked == ["get", "remove", "remove", "get"])


@OF_ITS_OWN
def test_a_future_of_a_subclass_is_completed_by_its_method(node: Node, spin: Spinner) -> None:
    """That is the one which the caller has put in the place of rclpy's."""
    node.create_service(Trigger, "service", answer)
    client = node.create_client(Trigger, "service")
    future: Any = client.call_async(Trigger.Request())
    future.__class__ = Noted
    spin.until(future.done)
    assert future.noted


@pytest.fixture
def seen(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Put others in the place of methods, in rclpy's classes; holds the names of those called."""
    called: set[str] = set()

    def see(function: Callable[..., Any]) -> Callable[..., Any]:
        def seen(*args: Any, **kwargs: Any) -> Any:
            called.add(function.__name__)
            return function(*args, **kwargs)

        return seen

    for cls, name in request.param:
        monkeypatch.setattr(cls, name, see(getattr(cls, name)))
    return called


@pytest.mark.parametrize("seen", [CALLED], indirect=True, ids=[""])
def test_a_patch_of_the_class_is_called(
    seen: set[str], executor: Executor, lone: Node, spin: Spinner
) -> None:
    """If it was made before the node came to the executor."""
    publisher = lone.create_publisher(Empty, "topic", 1)
    client = lone.create_client(Trigger, "service")
    guard = lone.create_guard_condition(lambda: None)
    executor.add_node(lone)
    publisher.publish(Empty())
    client.call_async(Trigger.Request())
    guard.trigger()
    assert seen == {name for _, name in CALLED}


@OF_ITS_OWN
@pytest.mark.parametrize("seen", [ASKED], indirect=True, ids=[""])
def test_a_patch_of_the_class_is_asked(
    seen: set[str], executor: Executor, lone: Node, spin: Spinner
) -> None:
    """If it was made before the node came to the executor."""

    def execute(goal: Any) -> Fibonacci.Result:
        goal.succeed()
        return Fibonacci.Result()

    group = MutuallyExclusiveCallbackGroup()
    lone.create_service(Trigger, "service", answer, callback_group=group)
    server = ActionServer(lone, Fibonacci, "action", execute)
    goals = ActionClient(lone, Fibonacci, "action")
    executor.add_node(lone)
    assert call(lone, spin) == "answer"
    accepted = goals.send_goal_async(Fibonacci.Goal())
    spin.until(accepted.done)
    spin.until(lambda: len(seen) == len(ASKED))
    assert seen == {name for _, name in ASKED}
    server.destroy()
    goals.destroy()


@breaks(events="spins in C++")
def test_spin_calls_the_spin_once_of_a_subclass(executor: Executor, node: Node) -> None:
    """So the subclass can handle what callbacks raise, and go on."""
    cls: Any = type(executor)

    class Careful(cls):  # type: ignore[misc]
        handled = 0

        def spin_once(self, timeout_sec: float | None = None) -> None:
            try:
                super().spin_once(timeout_sec)
            except ZeroDivisionError:
                self.handled += 1
                if self.handled == 3:
                    self.shutdown(timeout_sec=0)

    def fail() -> None:
        raise ZeroDivisionError

    careful: Any = executor
    careful.__class__ = Careful
    node.create_timer(0.001, fail)
    careful.spin()
    assert careful.handled == 3


def test_a_done_callback_that_compares_to_nothing(node: Node, spin: Spinner) -> None:
    """What a callback of the user's says of equality is not asked."""
    called: list[bool] = []

    class Callback:
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            raise RuntimeError("incomparable")

        def __call__(self, future: _Future) -> None:
            called.append(future.done())

    node.create_service(Trigger, "service", answer)
    future = node.create_client(Trigger, "service").call_async(Trigger.Request())
    future.add_done_callback(Callback())
    spin.until(lambda: called)
    assert called == [True]
