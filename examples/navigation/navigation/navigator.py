# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The behaviour: visit places one after the other, charge when the battery is low, wait for a way.

import asyncio

import aiorcl
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import BatteryState
from std_msgs.msg import Bool, String
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

DOCK = 0
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class BatteryLowError(Exception):
    """The robot has to charge first."""


class BlockedError(Exception):
    """Something is in the way."""


class Navigator(Node):
    """Offers the action ``patrol``: the order is how many places to visit, metre by metre.

    Feedback and result are the places where the robot has been; 0 is the dock. A client that
    cancels the patrol stops the robot: the cancellation goes through all that is under way, down to
    the goal of the base. ``doing`` says what it is about.
    """

    def __init__(self) -> None:
        super().__init__("navigator")
        self.low_percent = self.declare_parameter("low_percent", 35.0).value
        self.leg_sec = self.declare_parameter("leg_sec", 30.0).value
        self.attempts = self.declare_parameter("attempts", 3).value
        self.drive_to = ActionClient(self, Fibonacci, "drive_to")
        self.charge = self.create_client(Trigger, "charge")
        self.doing = self.create_publisher(String, "doing", LATCHED)
        aiorcl.serve_action(self, Fibonacci, "patrol", self.patrol)
        self.tell("nothing")

    async def patrol(self, goal: aiorcl.ServedGoal[Fibonacci]) -> Fibonacci.Result:
        """Visit the places of a goal."""
        visited: list[int] = []
        try:
            for place in range(1, goal.request.order + 1):
                await self.visit(place, visited)
                goal.publish_feedback(Fibonacci.Feedback(sequence=visited))
        finally:
            goal.result.sequence = visited  # also of a patrol that is cancelled or fails
            self.tell("nothing")
        return goal.result

    async def visit(self, place: int, visited: list[int]) -> None:
        """Get to a place, whatever comes between.

        :raises TimeoutError: if each attempt takes too long.
        """
        timeouts = 0
        while place not in visited:
            try:
                async with asyncio.timeout(self.leg_sec):
                    await self.drive(place)
                visited.append(place)
            except* BatteryLowError:
                await self.go_and_charge()
                visited.append(DOCK)
            except* BlockedError:
                await self.wait_until_free()
            except* TimeoutError:
                timeouts += 1
                if timeouts == self.attempts:
                    raise

    async def drive(self, place: int) -> None:
        """Drive to a place as long as battery and way allow it; whatever ends it stops the base."""
        self.tell(f"driving to {place}")
        async with asyncio.TaskGroup() as tasks:
            watches = [tasks.create_task(self.watch_battery()), tasks.create_task(self.watch_way())]
            await self.send_base(place)
            for watch in watches:
                watch.cancel()

    async def send_base(self, place: int) -> None:
        """Drive to a place. The goal is cancelled, and has ended, when this is cancelled."""
        async with aiorcl.goal(self.drive_to, Fibonacci.Goal(order=place)) as running:
            await running.result()

    async def watch_battery(self) -> None:
        async for message in aiorcl.messages(self, BatteryState, "battery", queue_size=1):
            if 100 * message.percentage < self.low_percent:
                raise BatteryLowError

    async def watch_way(self) -> None:
        async for message in aiorcl.messages(self, Bool, "blocked", LATCHED, queue_size=1):
            if message.data:
                raise BlockedError

    async def go_and_charge(self) -> None:
        """Drive to the dock, which the last of the battery is for, and charge."""
        self.tell("charging")
        await self.send_base(DOCK)
        await aiorcl.call(self.charge, Trigger.Request())

    async def wait_until_free(self) -> None:
        self.tell("waiting for a free way")
        async for message in aiorcl.messages(self, Bool, "blocked", LATCHED, queue_size=1):
            if not message.data:
                return

    def tell(self, what: str) -> None:
        self.get_logger().info(what)
        self.doing.publish(String(data=what))


def main() -> None:
    """Run the navigator until Ctrl-C."""
    aiorcl.run(Navigator)


if __name__ == "__main__":
    main()
