# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Messages that aiorcl converts are those that rclpy converts.
"""rclpy's result is the measure, not the input: its strings end at a NUL, for example."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiorcl._core import MessageType
from tests.support.messages.conversion import SAMPLE, compare, convert
from tests.support.messages.sameness import difference
from tests.support.messages.types import message_classes, name_of

CLASSES = message_classes()
ALL = settings(SAMPLE, max_examples=300)


def test_there_are_messages_of_every_kind() -> None:
    """The list of classes holds messages, services, actions, and their parts."""
    names = set(map(name_of, CLASSES))
    assert {
        "builtin_interfaces/msg/Time",
        "geometry_msgs/msg/TransformStamped",
        "sensor_msgs/msg/PointCloud2",
        "std_msgs/msg/Empty",
        "std_srvs/srv/Trigger_Request",
        "std_srvs/srv/Trigger_Event",
        "test_msgs/action/Fibonacci_Feedback",
        "test_msgs/action/Fibonacci_SendGoal_Request",
        "test_msgs/msg/Arrays",
        "test_msgs/msg/BoundedSequences",
        "test_msgs/msg/WStrings",
    } <= names


@pytest.mark.parametrize("cls", CLASSES, ids=name_of)
def test_every_class_has_a_plan(cls: Any) -> None:
    """No class that rosidl has generated is left to rclpy's functions."""
    assert MessageType(cls, use_plan=True).has_plan
    assert not MessageType(cls, use_plan=False).has_plan


@pytest.mark.parametrize("cls", CLASSES, ids=name_of)
def test_default_values(cls: Any) -> None:
    """What the constructor sets arrives."""
    plan, rclpy = MessageType(cls, use_plan=True), MessageType(cls, use_plan=False)
    assert difference(convert(cls(), plan, plan), convert(cls(), rclpy, rclpy)) is None


@pytest.mark.parametrize("cls", CLASSES, ids=name_of)
@SAMPLE
@given(data=st.data())
def test_some_random_instances(cls: Any, data: st.DataObject) -> None:
    """Out by aiorcl and back by rclpy, and the other way round: equal."""
    compare(cls, data)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("cls", CLASSES, ids=name_of)
@ALL
@given(data=st.data())
def test_many_random_instances(cls: Any, data: st.DataObject) -> None:
    """The same, with more of them."""
    compare(cls, data)
