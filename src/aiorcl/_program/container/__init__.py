# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A component container: services of ROS that load node classes into one process, and unload them.

Names and answers are those of rclcpp's container, so that ``ros2 component`` and launch files take
either. Invariant: a node that was unloaded, or not made whole, is gone from the graph, with what it
had under way; the others run on.
"""
