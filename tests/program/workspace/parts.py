# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Node classes that test_container.py has a container load, unload and survive.

from __future__ import annotations

import asyncio
import time
from typing import Any

from rclpy.lifecycle import LifecycleNode
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_msgs.msg import String
from std_srvs.srv import Trigger


class Part(Node):
    """Answers on ``ask`` with its names and its parameter ``text``."""

    def __init__(self) -> None:
        super().__init__("part")
        self.declare_parameter("text", "hello")
        self.subscription = self.create_subscription(String, "chatter", lambda _: None, 10)
        self.create_service(Trigger, "~/ask", self.answer)

    def answer(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Say what the node is like."""
        text = self.get_parameter("text").value
        response.message = (
            f"{self.get_fully_qualified_name()} {text} {self.subscription.topic_name}"
        )
        response.success = True
        return response


class Ticks(Node):
    """Does something all the time."""

    def __init__(self) -> None:
        super().__init__("ticks")
        self.create_timer(0.001, lambda: None)


class Raises(Node):
    """Raises in the callback of a service."""

    def __init__(self) -> None:
        super().__init__("raises")
        self.create_service(Trigger, "~/ask", self.answer)

    def answer(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Raise."""
        raise RuntimeError("raised on purpose")


class Fails(Node):
    """Raises in its constructor, when half of it is there, with a node of its own beside it."""

    def __init__(self) -> None:
        super().__init__("fails")
        self.beside = Node("beside_fails")
        self.create_timer(0.001, self.tick)
        raise ValueError("never whole")

    def tick(self) -> None:
        """Do nothing."""


class Exits(Node):
    """Ends the program in its constructor, as argparse would."""

    def __init__(self) -> None:
        super().__init__("exits")
        raise SystemExit(3)


class Slow(Node):
    """Takes its time to construct."""

    def __init__(self) -> None:
        super().__init__("slow")
        print("constructs slowly", flush=True)
        time.sleep(0.3)


class Pair(Node):
    """Makes another node before itself, which is to be left as it is, and refers to it."""

    def __init__(self) -> None:
        self.other = Node("other")
        super().__init__("pair")
        self.mine = self.other.create_timer(1.0, self.tick)

    def tick(self) -> None:
        """Do nothing."""


class Own(Node):
    """Gives rclpy's Node arguments of its own."""

    def __init__(self) -> None:
        super().__init__(
            "own",
            namespace="home",
            cli_args=["--ros-args", "-r", "chatter:=gossip", "-r", "second:=kept"],
            parameter_overrides=[Parameter("text", value="mine"), Parameter("kept", value="yes")],
        )
        texts = [self.declare_parameter(name, "").value for name in ("text", "kept")]
        topics = [
            self.create_subscription(String, each, print, 1) for each in ("chatter", "second")
        ]
        print(*texts, *(each.topic_name for each in topics), flush=True)


class Managed(LifecycleNode):
    """A lifecycle node."""

    def __init__(self) -> None:
        super().__init__("managed")


class Cleans(Node):
    """A coroutine of it has a last message to publish when the node is unloaded."""

    def __init__(self) -> None:
        super().__init__("cleans")
        self.publisher = self.create_publisher(String, "last_words", 10)
        self.create_timer(0.001, self.wait)  # type: ignore[arg-type]

    async def wait(self) -> None:
        """Wait for the end."""
        print("waits", flush=True)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            self.publisher.publish(String(data="bye"))
            print("cleaned up", flush=True)

    def destroy_node(self) -> None:
        """Say so."""
        print("destroyed", flush=True)
        super().destroy_node()


class Leaves(Node):
    """Destroys itself when it is asked to."""

    def __init__(self) -> None:
        super().__init__("leaves")
        self.create_service(Trigger, "~/ask", self.answer)

    def answer(self, request: Any, response: Any) -> Any:
        """Destroy the node."""
        self.destroy_node()
        return response


class Stays(Node):
    """Does not let itself be destroyed."""

    def __init__(self) -> None:
        super().__init__("stays")

    def destroy_node(self) -> None:
        """Raise."""
        raise RuntimeError("not destroyed")


class Tells(Node):
    """Tells something that is hidden by default."""

    def __init__(self) -> None:
        super().__init__("tells")
        self.get_logger().debug("told while constructed")


class NotANode:
    """What is no node."""
