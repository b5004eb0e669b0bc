# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The robot, simulated: ordinary rclpy that publishes at 100 Hz, with a service and an action."""

from __future__ import annotations

import math
import random
from typing import Any

import aiorcl
from geometry_msgs.msg import PoseStamped, Quaternion
from nav_msgs.msg import Odometry, Path
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.task import Future
from sensor_msgs.msg import BatteryState, Imu, JointState, LaserScan
from std_msgs.msg import Bool
from std_srvs.srv import SetBool
from test_msgs.action import Fibonacci

from dashboard.room import BEARINGS, ENOUGH, RANGE_MAX, RANGE_MIN, RAYS, Drive

PERIOD = 0.01
FEEDBACK_PERIOD = 0.1
PLAN_POSES = 100
GRAVITY = 9.81
WHEEL_RADIUS = 0.08
HALF_AXLE = 0.18


class Robot(Node):
    """Drives a figure of eight while its motors are on, and says what its sensors see.

    ``set_motors`` switches the motors, ``patrol`` drives some laps. The parameter ``plan_rate``
    says how often ``plan`` is published, in Hz: 100 poses, the load that a robot's transforms would
    be; ``pace`` says how many times faster it drives than a real one would; ``battery`` has its
    percentage at the start. When that is used up, the robot stops and charges, and refuses to drive
    until there is enough again.

    A patrol is a Fibonacci, the one action type that ROS has on PyPI: the order is the number of
    laps, and the sequence has what is driven of each lap, in percent.
    """

    def __init__(self) -> None:
        super().__init__("robot")
        self.drive = Drive()
        self.wheels = [0.0, 0.0]
        self.odometry = self.create_publisher(Odometry, "odom", 10)
        self.imu = self.create_publisher(Imu, "imu", 10)
        self.laser = self.create_publisher(LaserScan, "scan", 10)
        self.joints = self.create_publisher(JointState, "joint_states", 10)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.motors = self.create_publisher(Bool, "motors_on", latched)
        self.motors.publish(Bool(data=False))
        self.battery = self.create_publisher(BatteryState, "battery", 10)
        self.plan = self.create_publisher(Path, "plan", 10)
        self.create_service(SetBool, "set_motors", self.set_motors)
        self.progress: Any = Future()
        self.patrols = ActionServer(
            self,
            Fibonacci,
            "patrol",
            self.patrol,
            goal_callback=self.accept,
            cancel_callback=lambda _: CancelResponse.ACCEPT,
        )
        self.create_timer(PERIOD, self.step)
        self.create_timer(FEEDBACK_PERIOD, self.tell_progress)
        self.pace = self.declare_parameter("pace", 1.0).value
        self.drive.percent = self.declare_parameter("battery", 100.0).value
        plan_rate = self.declare_parameter("plan_rate", 2.0).value
        self.create_timer(1 / plan_rate, self.publish_plan)
        self.get_logger().info("Robot ready")

    def set_motors(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        response.success = not (request.data and self.drive.empty)
        if response.success:
            self.switch(request.data)
            response.message = f"The motors are {'on' if request.data else 'off'}"
        else:
            charged = f"{self.drive.percent:.1f} of {ENOUGH:.0f} %"
            response.message = f"The battery is empty, and charging: {charged}"
        return response

    def switch(self, on: bool) -> None:
        if self.drive.motors_on != on:
            self.drive.motors_on = on
            self.motors.publish(Bool(data=on))
            self.get_logger().info(f"Motors {'on' if on else 'off'}")

    def accept(self, request: Fibonacci.Goal) -> GoalResponse:
        return GoalResponse.REJECT if self.drive.empty else GoalResponse.ACCEPT

    async def patrol(self, goal: Any) -> Fibonacci.Result:
        """Drive the laps of a goal. It awaits a future of rclpy, so every executor can run it."""
        laps, start = goal.request.order, self.drive.laps
        self.switch(True)
        while True:
            await self.progress
            driven = self.drive.laps - start
            percents = [round(100 * min(1, max(0, driven - lap))) for lap in range(laps)]
            if driven >= laps:
                goal.succeed()
            elif goal.is_cancel_requested:
                goal.canceled()
            elif not self.drive.motors_on:
                goal.abort()
            else:
                goal.publish_feedback(Fibonacci.Feedback(sequence=percents))
                continue
            self.switch(False)
            return Fibonacci.Result(sequence=percents)

    def tell_progress(self) -> None:
        told, self.progress = self.progress, Future()
        told.set_result(None)

    def step(self) -> None:
        was_on = self.drive.motors_on
        self.drive.step(PERIOD * self.pace)
        if self.drive.motors_on != was_on:
            self.motors.publish(Bool(data=False))
            self.get_logger().warning("Battery empty: motors off")
        self.publish_odometry()
        self.publish_imu()
        self.publish_scan()
        self.publish_joints()
        self.publish_battery()

    def publish_odometry(self) -> None:
        message = Odometry(child_frame_id="base_link")
        message.header.frame_id = "odom"
        message.pose.pose.position.x = self.drive.x
        message.pose.pose.position.y = self.drive.y
        message.pose.pose.orientation = self.orientation()
        message.twist.twist.linear.x = self.drive.speed
        message.twist.twist.angular.z = self.drive.yaw_rate
        message.header.stamp = self.get_clock().now().to_msg()
        self.odometry.publish(message)

    def publish_imu(self) -> None:
        message = Imu(orientation=self.orientation())
        message.header.frame_id = "base_link"
        message.angular_velocity.z = self.drive.yaw_rate + random.gauss(0.0, 0.005)
        message.linear_acceleration.x = self.drive.acceleration + random.gauss(0.0, 0.02)
        message.linear_acceleration.y = self.drive.speed * self.drive.yaw_rate
        message.linear_acceleration.z = GRAVITY
        message.header.stamp = self.get_clock().now().to_msg()
        self.imu.publish(message)

    def publish_scan(self) -> None:
        message = LaserScan(
            angle_min=float(BEARINGS[0]),
            angle_max=float(BEARINGS[-1]),
            angle_increment=2 * math.pi / RAYS,
            range_min=RANGE_MIN,
            range_max=RANGE_MAX,
        )
        message.header.frame_id = "base_link"
        message.ranges.frombytes(self.drive.scan().tobytes())
        message.header.stamp = self.get_clock().now().to_msg()
        self.laser.publish(message)

    def publish_joints(self) -> None:
        turn = self.drive.yaw_rate * HALF_AXLE
        speeds = [(self.drive.speed + side * turn) / WHEEL_RADIUS for side in (-1, 1)]
        self.wheels = [
            position + speed * PERIOD for position, speed in zip(self.wheels, speeds, strict=True)
        ]
        message = JointState(name=["left_wheel", "right_wheel"])
        message.position = self.wheels
        message.velocity = speeds
        message.header.stamp = self.get_clock().now().to_msg()
        self.joints.publish(message)

    def publish_battery(self) -> None:
        message = BatteryState(present=True, percentage=self.drive.percent / 100)
        if self.drive.speed > 0:
            message.power_supply_status = BatteryState.POWER_SUPPLY_STATUS_DISCHARGING
        elif self.drive.percent < 100:
            message.power_supply_status = BatteryState.POWER_SUPPLY_STATUS_CHARGING
        else:
            message.power_supply_status = BatteryState.POWER_SUPPLY_STATUS_FULL
        message.voltage = 21.0 + 4.2 * message.percentage - 0.8 * self.drive.speed
        message.header.stamp = self.get_clock().now().to_msg()
        self.battery.publish(message)

    def publish_plan(self) -> None:
        stamp = self.get_clock().now().to_msg()
        message = Path()
        message.header.frame_id = "odom"
        message.header.stamp = stamp
        for x, y in self.drive.path(PLAN_POSES).tolist():
            pose = PoseStamped(header=message.header)
            pose.pose.position.x, pose.pose.position.y = x, y
            message.poses.append(pose)
        self.plan.publish(message)

    def orientation(self) -> Quaternion:
        return Quaternion(z=math.sin(self.drive.yaw / 2), w=math.cos(self.drive.yaw / 2))


def main() -> None:
    """Run the robot until Ctrl-C."""
    aiorcl.run(Robot)


if __name__ == "__main__":
    main()
