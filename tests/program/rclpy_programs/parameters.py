# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Parameters: declared, described, set from another node, refused, and heard of.

from typing import Any

import rclpy
from rcl_interfaces.msg import ParameterDescriptor, SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.parameter_client import AsyncParameterClient
from rclpy.parameter_event_handler import ParameterEventHandler


class Robot(Node):
    """Has a speed that must not be negative."""

    def __init__(self) -> None:
        super().__init__("robot")
        self.declare_parameter("speed", 1.5)
        self.declare_parameter("name", "r2", ParameterDescriptor(read_only=True))
        self.add_on_set_parameters_callback(self.judge)
        self.add_post_set_parameters_callback(
            lambda parameters: print("set:", [each.value for each in parameters])
        )

    def judge(self, parameters: list[Any]) -> SetParametersResult:
        """Accept what is not negative."""
        good = all(each.name != "speed" or each.value >= 0.0 for each in parameters)
        return SetParametersResult(successful=good, reason="" if good else "too slow")


def main() -> None:
    """Set them in each way."""
    rclpy.init()
    robot, other = Robot(), Node("other")
    print(robot.set_parameters([Parameter("speed", value=2.5)])[0].successful)
    print(robot.set_parameters([Parameter("speed", value=-1.0)])[0].reason)
    executor = rclpy.get_global_executor()
    executor.add_node(robot)

    client = AsyncParameterClient(other, "robot")
    while not client.wait_for_services(timeout_sec=1.0):
        pass
    for value in (3.5, -3.5):
        future = client.set_parameters([Parameter("speed", value=value)])
        rclpy.spin_until_future_complete(other, future)
        print([(each.successful, each.reason) for each in future.result().results])
    future = client.get_parameters(["speed", "name"])
    rclpy.spin_until_future_complete(other, future)
    speed, name = future.result().values
    print(speed.double_value, name.string_value)

    heard = rclpy.task.Future()
    handler = ParameterEventHandler(other)
    handler.add_parameter_callback(
        "speed", "robot", lambda parameter: heard.set_result(parameter.value.double_value)
    )
    while robot.count_publishers("/parameter_events") < 2 or not heard.done():
        robot.set_parameters([Parameter("speed", value=4.5)]) if not heard.done() else None
        rclpy.spin_until_future_complete(other, heard, timeout_sec=0.2)
    print("heard of", heard.result())
    rclpy.shutdown()


if __name__ == "__main__":
    main()
