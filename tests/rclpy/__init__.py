# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What is known of rclpy: its private attributes.
