# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Services and clients: requests, responses, and what becomes of those that nobody waits for.

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.client import Client
from rclpy.context import Context
from rclpy.exceptions import InvalidHandle
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import SetBool, Trigger

from tests.support.executors import Flavour, breaks, lacks, new_future
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.executors import Executor

    from tests.support.makers import MakeNode


def client_of(node: Node) -> Client[Any, Any]:
    """Make a client of the service that the tests offer."""
    return node.create_client(SetBool, "service")


def ask(client: Client[Any, Any], data: bool = True) -> Future[Any]:
    """Send one request."""
    return client.call_async(SetBool.Request(data=data))


def echo(request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
    """Answer with what was asked."""
    response.success = request.data
    return response


async def echo_async(request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
    """Answer with what was asked, as a coroutine."""
    return echo(request, response)


HANDLERS = [
    pytest.param(echo, id="plain"),
    pytest.param(
        echo_async,
        id="coroutine",
        marks=breaks(events_jazzy="sends the coroutine as if it were the response"),
    ),
]


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_call_gets_its_response(
    node: Node, spin: Spinner, handler: Callable[..., object]
) -> None:
    """The future of call_async gets the response of the handler."""
    node.create_service(SetBool, "service", handler)
    client = client_of(node)
    assert spin.complete(ask(client)).success is True
    assert spin.complete(ask(client, False)).success is False


@pytest.mark.parametrize("handler", HANDLERS)
def test_every_call_gets_its_own_response(
    node: Node, spin: Spinner, handler: Callable[..., object]
) -> None:
    """Of many calls at once each future gets the response to its own request."""
    node.create_service(SetBool, "service", handler)
    client = client_of(node)
    # A service keeps ten requests by default.
    asked = [number % 3 == 0 for number in range(10)]
    futures = [ask(client, data) for data in asked]
    assert [spin.complete(future).success for future in futures] == asked


def test_requests_are_handled_in_order(node: Node, spin: Spinner) -> None:
    """Requests reach the handler in the order in which they were sent."""
    asked: list[bool] = []

    def handler(request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        asked.append(request.data)
        return response

    node.create_service(SetBool, "service", handler)
    client = client_of(node)
    order = [True, False, False, True, True, False]
    futures = [ask(client, data) for data in order]
    spin.complete(futures[-1])
    assert asked == order


def test_done_callbacks_of_a_call_run(node: Node, spin: Spinner) -> None:
    """A done callback gets the future, and is called by the executor."""
    node.create_service(SetBool, "service", echo)
    client = client_of(node)
    done: list[Future[Any]] = []
    future = ask(client)
    future.add_done_callback(done.append)
    spin.until(lambda: done)
    assert done == [future]


def test_two_clients_of_a_service_get_their_own_responses(node: Node, spin: Spinner) -> None:
    """A response reaches the client that asked, and no other."""
    node.create_service(SetBool, "service", echo)
    clients = [client_of(node) for _ in range(2)]
    futures = [ask(c, d) for c, d in zip(clients, (True, False), strict=True)]
    assert [spin.complete(future).success for future in futures] == [True, False]


def test_requests_from_before_add_node_are_answered(
    executor: Executor, make_node: MakeNode, spin: Spinner
) -> None:
    """A request and a response that wait for their executor are handled once it is there."""
    server, asker = make_node(), make_node()
    server.create_service(SetBool, "service", echo)
    future = ask(client_of(asker))
    executor.add_node(server)
    spin.drain()
    executor.add_node(asker)
    assert spin.complete(future).success is True


def relay_to(
    client: Client[Any, Any],
) -> Callable[..., Coroutine[None, None, Trigger.Response]]:
    """Make a handler that awaits a call of ``client``."""

    async def relay(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        answer = await ask(client)
        assert answer is not None
        response.success = answer.success
        return response

    return relay


@breaks(events_jazzy="sends the coroutine as if it were the response")
def test_a_handler_awaits_a_call(node: Node, spin: Spinner) -> None:
    """A coroutine handler may await another service while its own request is open."""
    group = ReentrantCallbackGroup()
    node.create_service(SetBool, "service", echo, callback_group=group)
    client = node.create_client(SetBool, "service", callback_group=group)
    node.create_service(Trigger, "relay", relay_to(client))
    future = node.create_client(Trigger, "relay").call_async(Trigger.Request())
    assert spin.complete(future).success is True


@breaks(events_jazzy="sends the coroutine as if it were the response")
def test_a_handler_awaits_a_call_of_its_own_group(
    node: Node, spin: Spinner, flavour: Flavour, executor: Executor
) -> None:
    """Everything is in the node's default group, and the awaited response still arrives.

    design: what only completes a future is never held back, and the default group serialises
    an entity with itself only. SingleThreadedExecutor deadlocks here; EventsExecutor has no
    groups.
    """
    node.create_service(SetBool, "service", echo)
    client = client_of(node)
    node.create_service(Trigger, "relay", relay_to(client))
    future = node.create_client(Trigger, "relay").call_async(Trigger.Request())
    if flavour.family == "single":
        executor.spin_until_future_complete(future, timeout_sec=0.5)
        assert not future.done()
    else:
        assert spin.complete(future).success is True


def test_a_response_to_a_removed_request_is_dropped(node: Node, spin: Spinner) -> None:
    """The response to a request that the client no longer has is ignored."""
    answered: list[bool] = []

    def handler(request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        answered.append(request.data)
        return response

    node.create_service(SetBool, "service", handler)
    client = client_of(node)
    dropped = ask(client)
    client.remove_pending_request(dropped)
    spin.complete(ask(client, False))
    assert answered == [True, False]
    assert not dropped.done()


def answer(context: Context, node: Node, requests: int) -> None:
    """Answer requests to ``node`` now, so that the responses are there when this returns."""
    with SingleThreadedExecutor(context=context) as server:
        server.add_node(node)
        for _ in range(requests):
            server.spin_once(timeout_sec=10)
        server.remove_node(node)


def test_a_late_response_to_a_cancelled_call_is_dropped(
    context: Context, node: Node, make_node: MakeNode, spin: Spinner
) -> None:
    """A response that is there when its call is cancelled neither raises nor completes it."""
    server = make_node()
    server.create_service(SetBool, "service", echo)
    client = client_of(node)
    cancelled, future = (ask(client) for _ in range(2))
    answer(context, server, requests=2)
    cancelled.cancel()
    assert spin.complete(future).success is True
    spin.drain()
    assert cancelled.cancelled()
    assert cancelled.result() is None


def test_two_clients_that_wait_together_get_their_responses(
    context: Context, node: Node, make_node: MakeNode, spin: Spinner
) -> None:
    """Responses to both clients of a service are there at once, and each reaches its client.

    In some middlewares a client sees, and has to skip, the responses to all others.
    """
    server = make_node()
    server.create_service(SetBool, "service", echo)
    clients = [client_of(node) for _ in range(3)]
    futures = [ask(client, data) for client in clients for data in (True, False)]
    answer(context, server, requests=6)
    assert [spin.complete(future).success for future in futures] == [True, False] * 3


@lacks(events="still takes for a destroyed client what it has counted")
def test_a_response_after_its_client_is_destroyed_is_dropped(
    context: Context, node: Node, make_node: MakeNode, spin: Spinner
) -> None:
    """A client may be destroyed while a response waits for it; other clients go on."""
    server = make_node()
    server.create_service(SetBool, "service", echo)
    gone, client = (client_of(node) for _ in range(2))
    spin.drain()
    dropped, future = (ask(c) for c in (gone, client))
    answer(context, server, requests=2)
    node.destroy_client(gone)
    assert spin.complete(future).success is True
    spin.drain()
    assert not dropped.done()


def test_a_service_destroys_itself(node: Node, spin: Spinner, flavour: Flavour) -> None:
    """A handler that destroys its service is the last one; its response has no way out.

    design: InvalidHandle never leaves the executor. It does leave those of rclpy.
    """
    asked: list[bool] = []

    def handler(request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        asked.append(request.data)
        node.destroy_service(service)
        return response

    service = node.create_service(SetBool, "service", handler)
    client = client_of(node)
    for data in (True, False):
        ask(client, data)
    if flavour.ours:
        spin.until(lambda: asked)
        spin.drain()
        assert asked == [True]
    else:
        with pytest.raises(InvalidHandle):
            spin.until(lambda: asked == [False])


def test_a_handler_may_be_replaced(node: Node, spin: Spinner) -> None:
    """A request goes to the handler that the service has when the request is taken."""

    def deny(request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        response.success = not request.data
        return response

    service = node.create_service(SetBool, "service", echo)
    client = client_of(node)
    assert spin.complete(ask(client)).success is True
    service.callback = deny
    assert spin.complete(ask(client)).success is False


@breaks(events="never takes the task up again")
def test_a_suspended_handler_answers_after_its_node_was_away(
    executor: Executor, lone: Node, make_node: MakeNode, spin: Spinner
) -> None:
    """A coroutine handler that waits while its node is removed and added again sends its answer."""
    may_end = new_future(executor)
    begun: list[bool] = []

    async def handler(request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        begun.append(request.data)
        await may_end
        response.success = True
        return response

    lone.create_service(SetBool, "service", handler)
    asking = make_node()
    executor.add_node(asking)
    executor.add_node(lone)
    answer = ask(client_of(asking))
    spin.until(lambda: begun)
    executor.remove_node(lone)
    spin.drain()
    executor.add_node(lone)
    may_end.set_result(None)
    executor.wake()
    assert spin.complete(answer).success
