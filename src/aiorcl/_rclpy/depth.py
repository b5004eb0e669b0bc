# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How many messages a QoS profile keeps."""

from __future__ import annotations

from rclpy.qos import HistoryPolicy, QoSProfile


def depth_of(profile: QoSProfile | int) -> int | None:
    """Return how many messages the queue of an entity holds; None if there is no limit.

    :param profile: or the depth that stands for one in rclpy's calls.
    """
    if not isinstance(profile, QoSProfile):
        return max(1, profile)
    if profile.history == HistoryPolicy.KEEP_ALL:
        return None
    return max(1, profile.depth)  # of 0 the middleware makes its own default: 1
