# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The robot of the dashboard, as the ordinary rclpy program that it could be."""

from dashboard.robot import Robot

from demo import single_threaded

if __name__ == "__main__":
    single_threaded.spin(lambda: [Robot()])
