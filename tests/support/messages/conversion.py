# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Messages that are converted out and back, by a plan and by rclpy's functions.

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from aiorcl._core import MessageType, RosMessage
from tests.support.messages.instances import messages
from tests.support.messages.sameness import difference

#: How many random instances a test draws.
SAMPLE = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def convert(message: Any, out: MessageType, back: MessageType) -> Any:
    """Convert a message to its ROS struct by one type and back by another."""
    ros_message = RosMessage(out)
    ros_message.from_python(message)
    return ros_message.to_python(back)


def compare(cls: Any, data: st.DataObject) -> None:
    """See that all ways out and back give the same."""
    plan, rclpy = MessageType(cls, use_plan=True), MessageType(cls, use_plan=False)
    message = data.draw(messages(cls))
    expected = convert(message, rclpy, rclpy)
    assert difference(convert(message, plan, rclpy), expected) is None
    assert difference(convert(message, rclpy, plan), expected) is None
    assert difference(convert(message, plan, plan), expected) is None
