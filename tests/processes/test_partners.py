# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Two processes: bursts in both directions, and responses that come late.

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.client import Client
from rclpy.context import Context
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from std_msgs.msg import Int64, String
from std_srvs.srv import SetBool

from tests.processes.programs.partner import DEPTH, FLOOD
from tests.support.children import Child, Ended, start
from tests.support.executors import breaks
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from aiorcl import AbstractExecutor


@pytest.fixture
def partner(request: pytest.FixtureRequest, context: Context, node: Node) -> Iterator[Child]:
    """A process that plays the part that the test names; in the end it has nothing to say."""
    with start("partner", request.param, domain_id=context.get_domain_id()) as child:
        yield child


def end(partner: Child) -> None:
    """Let the other process go, which has kept what it sent until now."""
    partner.tell("end")
    assert partner.end() == Ended(0, "", "")


@pytest.mark.parametrize("partner", ["burst"], indirect=True)
def test_a_burst_comes_while_the_loop_is_blocked(
    executor: AbstractExecutor, node: Node, spin: Spinner, partner: Child
) -> None:
    """A thousand messages that come during one callback arrive after it, in order."""
    received: list[int] = []
    node.create_subscription(Int64, "burst", lambda m: received.append(m.data), DEPTH)
    partner.hear_that("ready")

    def block() -> None:
        partner.tell("go")
        partner.hear_that("sent")

    executor.create_task(block)
    spin.until(lambda: len(received) == DEPTH)
    assert received == list(range(DEPTH))
    end(partner)


@pytest.mark.middleware_lacks(rmw_cyclonedds_cpp="tells of no lost messages")
@pytest.mark.parametrize("partner", ["flood"], indirect=True)
def test_lost_messages_are_told(node: Node, spin: Spinner, partner: Child) -> None:
    """The QoS event of a subscription says how many messages never came."""
    events: list[Any] = []
    node.create_subscription(
        *(String, "flood", lambda _: None, FLOOD),
        event_callbacks=SubscriptionEventCallbacks(message_lost=events.append),
    )
    spin.until(lambda: len(events) >= 2)
    partner.tell("enough")
    assert partner.end() == Ended(0, "", "")
    assert events[0].total_count >= events[0].total_count_change > 0
    assert events[1].total_count == events[0].total_count + events[1].total_count_change


@pytest.mark.parametrize("partner", ["echo"], indirect=True)
def test_a_thousand_messages_are_published_at_once(
    executor: AbstractExecutor, node: Node, spin: Spinner, partner: Child
) -> None:
    """A burst from the thread that spins, and its echo, arrive in order."""
    received: list[int] = []
    node.create_subscription(Int64, "pong", lambda m: received.append(m.data), DEPTH)
    publisher = node.create_publisher(Int64, "ping", DEPTH)
    spin.discover(publisher.get_subscription_count)
    partner.hear_that("ready")

    def publish() -> None:
        for number in range(DEPTH):
            publisher.publish(Int64(data=number))

    executor.create_task(publish)
    spin.until(lambda: len(received) == DEPTH)
    assert received == list(range(DEPTH))
    partner.hear_that("echoed")
    end(partner)


def ask(client: Client[Any, Any], partner: Child) -> Any:
    """Ask, and wait until the other process has the request."""
    future = client.call_async(SetBool.Request(data=True))
    partner.hear_that("asked")
    return future


@pytest.mark.parametrize("partner", ["answer"], indirect=True)
def test_a_late_response_to_a_cancelled_call(
    executor: AbstractExecutor, node: Node, spin: Spinner, partner: Child
) -> None:
    """The response to a call that was given up disturbs neither it nor the next call."""
    partner.hear_that("ready")
    client = node.create_client(SetBool, "service")
    spin.discover(client.service_is_ready)
    cancelled = ask(client, partner)
    cancelled.cancel()
    partner.tell("answer")
    future = ask(client, partner)
    partner.tell("answer for the last time")
    assert spin.complete(future).success is True
    spin.drain()
    assert cancelled.cancelled()
    end(partner)


@breaks(events="still takes for a destroyed client what it has counted")
@pytest.mark.parametrize("partner", ["answer"], indirect=True)
def test_a_response_after_its_client_is_destroyed(
    executor: AbstractExecutor, node: Node, spin: Spinner, partner: Child
) -> None:
    """A client is destroyed while its response is under way; another one gets its own."""
    partner.hear_that("ready")
    gone, client = (node.create_client(SetBool, "service") for _ in range(2))
    spin.discover(lambda: gone.service_is_ready() and client.service_is_ready())
    dropped = ask(gone, partner)
    future = client.call_async(SetBool.Request(data=True))
    partner.tell("answer")
    partner.hear_that("asked")  # so the first response has been sent
    node.destroy_client(gone)
    partner.tell("answer for the last time")
    assert spin.complete(future).success is True
    spin.drain()
    assert not dropped.done()
    end(partner)
