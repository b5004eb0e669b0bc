# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Where an executor's nodes meet the conversion: what is refused, and by which call.

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from geometry_msgs.msg import Point, Pose
from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_srvs.srv import SetBool

from aiorcl import AsyncioExecutor
from tests.support.makers import MakeNode
from tests.support.spinner import Spinner

WRONG = "position.x: expected float, got str"


@pytest.fixture
def executor(context: Context) -> Iterator[AsyncioExecutor]:
    """An executor on a loop of its own."""
    with AsyncioExecutor(context=context) as executor:
        yield executor


def wrong_pose() -> Pose:
    """Make a message that cannot be sent."""
    point = Point()
    point._x = "far"
    return Pose(position=point)


def test_publish_refuses(node: Node, spin: Spinner) -> None:
    """The exception comes out of publish, and names the topic; all other messages arrive."""
    received: list[float] = []
    node.create_subscription(Pose, "pose", lambda pose: received.append(pose.position.x), 10)
    publisher = node.create_publisher(Pose, "pose", 10)
    publisher.publish(Pose(position=Point(x=1.0)))
    wrong: Any
    for wrong, words in ((wrong_pose(), WRONG), (5, "Expected .*, got <class 'int'>")):
        with pytest.raises(TypeError, match=f"^{words}\nIn a message of publisher '/pose'$"):
            publisher.publish(wrong)
    publisher.publish(Pose(position=Point(x=2.0)))
    spin.until(lambda: len(received) == 2)
    assert received == [1.0, 2.0]


@pytest.mark.parametrize("coroutine", [False, True], ids=["function", "coroutine"])
def test_a_wrong_response(node: Node, spin: Spinner, coroutine: bool) -> None:
    """Its exception leaves spin, as that of the callback would, and names the field."""

    def answer(_: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        response.message = 5
        return response

    async def answer_later(*args: Any) -> Any:
        await asyncio.sleep(0)
        return answer(*args)

    node.create_service(SetBool, "answer", answer_later if coroutine else answer)
    client = node.create_client(SetBool, "answer")
    spin.discover(client.service_is_ready)
    future = client.call_async(SetBool.Request())
    with pytest.raises(TypeError, match=r"^message: expected str, got int\nIn service '/answer'"):
        spin.complete(future)


def test_a_wrong_request(node: Node, spin: Spinner) -> None:
    """The exception comes out of call_async, and no request is pending."""
    node.create_service(SetBool, "answer", lambda request, response: response)
    client = node.create_client(SetBool, "answer")
    spin.discover(client.service_is_ready)
    request = SetBool.Request()
    request._data = 1
    words = r"^data: expected bool, got int\nIn a request of client '/answer'$"
    with pytest.raises(TypeError, match=words):
        client.call_async(request)
    with pytest.raises(TypeError, match="SetBool_Request"):
        client.call_async(SetBool.Response())
    assert not client._pending_requests
    assert spin.complete(client.call_async(SetBool.Request())) == SetBool.Response()


def test_large_messages_beside_another_thread(node: Node, spin: Spinner) -> None:
    """They are copied without the GIL, on the way out and in; each arrives whole."""
    received: list[tuple[int, int]] = []

    def look(image: Image) -> None:
        received.append((image.data[0], image.data[-1]))

    node.create_subscription(Image, "image", look, QoSProfile(depth=20))
    publisher = node.create_publisher(Image, "image", 20)
    image = Image(data=bytes(2_000_000))

    def publish() -> None:
        for number in range(10):
            image.data[0] = image.data[-1] = number
            publisher.publish(image)

    thread = threading.Thread(target=publish)
    thread.start()
    spin.until(lambda: len(received) == 10)
    thread.join()
    assert received == [(number, number) for number in range(10)]


@pytest.mark.parametrize("conversion", ["rclpy", "plans"])
def test_either_conversion(
    context: Context, make_node: MakeNode, monkeypatch: pytest.MonkeyPatch, conversion: str
) -> None:
    """The environment variable chooses when an entity begins to be served."""
    monkeypatch.setenv("AIORCL_CONVERSION", conversion)
    received: list[Pose] = []
    initialised: list[Pose] = []  # by rclpy's conversion only
    initialise = Pose.__init__
    with AsyncioExecutor(context=context) as executor:
        node = make_node()
        executor.add_node(node)
        node.create_subscription(Pose, "pose", received.append, 10)
        publisher = node.create_publisher(Pose, "pose", 10)
        pose = Pose(position=Point(x=1.0))

        def noted(self: Pose, **fields: object) -> None:
            initialised.append(self)
            initialise(self, **fields)

        monkeypatch.setattr(Pose, "__init__", noted)
        publisher.publish(pose)
        Spinner(executor, 10).until(lambda: received)
        assert bool(initialised) == (conversion == "rclpy")
        with pytest.raises(TypeError, match=WRONG):
            publisher.publish(wrong_pose())
    assert received[0] == Pose(position=Point(x=1.0))
