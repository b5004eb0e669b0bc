# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The robot: an ordinary rclpy program that publishes at 100 Hz and offers a service."""

from __future__ import annotations

import math
import random

from geometry_msgs.msg import Quaternion
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Imu, JointState, LaserScan
from std_msgs.msg import Bool
from std_srvs.srv import SetBool

from demo import single_threaded
from demo.room import BEARINGS, RANGE_MAX, RANGE_MIN, RAYS, Drive

PERIOD = 0.01
GRAVITY = 9.81
WHEEL_RADIUS = 0.08
HALF_AXLE = 0.18


class Robot(Node):
    """Drives a figure of eight while its motors are on, and says what its sensors see."""

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
        self.create_service(SetBool, "set_motors", self.set_motors)
        self.create_timer(PERIOD, self.step)
        self.get_logger().info("Robot ready")

    def set_motors(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        if self.drive.motors_on != request.data:
            self.drive.motors_on = request.data
            self.motors.publish(Bool(data=request.data))
            self.get_logger().info(f"Motors {'on' if request.data else 'off'}")
        response.success = True
        response.message = f"The motors are {'on' if request.data else 'off'}"
        return response

    def step(self) -> None:
        self.drive.step(PERIOD)
        self.publish_odometry()
        self.publish_imu()
        self.publish_scan()
        self.publish_joints()

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

    def orientation(self) -> Quaternion:
        return Quaternion(z=math.sin(self.drive.yaw / 2), w=math.cos(self.drive.yaw / 2))


if __name__ == "__main__":
    single_threaded.spin(lambda: [Robot()])
