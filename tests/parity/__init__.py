# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Behaviour that AsyncioExecutor shares with the executors of rclpy.
