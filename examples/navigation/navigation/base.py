# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A simulated base: it drives along a corridor, and charges where it stands.

import aiorcl
from rclpy.node import Node
from sensor_msgs.msg import BatteryState
from std_msgs.msg import Float64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

PERIOD_SEC = 0.02
PERCENT_PER_METRE = 10.0


class Base(Node):
    """Offers the action ``drive_to`` (the order is the metre) and the service ``charge``.

    Publishes ``battery`` and ``position``. The parameter ``speed`` is in metres a second, and
    ``percent`` what is in the battery at the beginning.
    """

    def __init__(self) -> None:
        super().__init__("base")
        self.speed = self.declare_parameter("speed", 1.0).value
        self.percent = self.declare_parameter("percent", 60.0).value
        self.position = 0.0
        self.battery = self.create_publisher(BatteryState, "battery", 10)
        self.place = self.create_publisher(Float64, "position", 10)
        self.create_timer(PERIOD_SEC, self.publish)
        self.create_service(Trigger, "charge", self.charge)
        aiorcl.serve_action(self, Fibonacci, "drive_to", self.drive_to)

    async def drive_to(self, goal: aiorcl.ServedGoal[Fibonacci]) -> Fibonacci.Result:
        """Drive until it is there. The cancellation of a client ends the loop where it waits."""
        target = goal.request.order
        async for _ in aiorcl.ticks(self, PERIOD_SEC):
            step = min(self.speed * PERIOD_SEC, abs(target - self.position))
            self.position += step if target > self.position else -step
            self.percent -= step * PERCENT_PER_METRE
            if self.position == target:
                break
            left_cm = round(100 * abs(target - self.position))
            goal.publish_feedback(Fibonacci.Feedback(sequence=[left_cm]))
        return Fibonacci.Result(sequence=[0])

    async def charge(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        """Charge until it is full."""
        async for _ in aiorcl.ticks(self, PERIOD_SEC):
            self.percent = min(100.0, self.percent + 5.0)
            if self.percent == 100.0:
                break
        response.success = True
        return response

    def publish(self) -> None:
        self.battery.publish(BatteryState(percentage=self.percent / 100))
        self.place.publish(Float64(data=self.position))


def main() -> None:
    """Simulate the base until Ctrl-C."""
    aiorcl.run(Base)


if __name__ == "__main__":
    main()
