# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The nodes behind the buttons: one switches the motors, one has the robot patrol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiorcl
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Bool
from std_srvs.srv import SetBool
from test_msgs.action import Fibonacci

if TYPE_CHECKING:
    from rclpy.client import Client
    from rclpy.task import Future

ENDS: dict[type[aiorcl.GoalError], str] = {
    aiorcl.GoalAbortedError: "aborted",
    aiorcl.GoalCanceledError: "canceled",
    aiorcl.GoalLostError: "lost",
    aiorcl.GoalRejectedError: "rejected",
}


class Motors(Node):
    """Switches the robot's motors, and knows whether they are on."""

    def __init__(self) -> None:
        super().__init__("motors")
        self.on = False
        self.switch: Client[Any, Any] = self.create_client(SetBool, "set_motors")
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.create_subscription(Bool, "motors_on", self.on_motors, latched)

    def on_motors(self, message: Bool) -> None:
        self.on = message.data

    def set(self, on: bool) -> Future[Any]:
        """Ask the robot; the future's result is its ``SetBool.Response``."""
        return self.switch.call_async(SetBool.Request(data=on))


class Patrols(Node):
    """Has the robot drive laps, one patrol at a time, and knows how far it is."""

    def __init__(self) -> None:
        super().__init__("patrols")
        self.client: Any = ActionClient(self, Fibonacci, "patrol")
        self.running: aiorcl.RunningGoal[Any, Any, Any] | None = None
        self.status = "none yet"
        self.percents: list[int] = []

    @property
    def under_way(self) -> bool:
        """Whether there is a patrol that has not ended."""
        return self.status in ("asking", "driving", "stopping")

    def state(self) -> dict[str, Any]:
        """What is known now, for the page. ``percents`` says how much is driven of each lap."""
        return {"status": self.status, "under_way": self.under_way, "percents": self.percents}

    async def drive(self, laps: int) -> None:
        """Have the robot drive, and follow it to the end."""
        self.status, self.percents = "asking", [0] * laps
        try:
            async with aiorcl.goal(self.client, Fibonacci.Goal(order=laps)) as self.running:
                self.status = "driving"
                async for feedback in self.running:
                    self.percents = list(feedback.sequence)
                self.percents = list((await self.running.result()).sequence)
                self.status = "succeeded"
        except aiorcl.GoalError as error:
            self.status = ENDS[type(error)]
            if error.result is not None:
                self.percents = list(error.result.sequence)
        finally:
            self.running = None

    async def stop(self) -> bool:
        """Ask the robot to end its patrol; whether there was one to end."""
        if self.running is None or self.status != "driving":
            return False
        self.status = "stopping"
        return await self.running.cancel()
