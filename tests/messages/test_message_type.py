# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Message classes, and the structs that their messages are converted through.

from __future__ import annotations

import gc
import sys
from typing import Any

import numpy as np
import pytest
from geometry_msgs.msg import PoseStamped, TransformStamped
from nav_msgs.msg import Odometry, Path
from sensor_msgs.msg import Image, JointState
from test_msgs.msg import Arrays, BoundedSequences, UnboundedSequences, WStrings

from aiorcl._core import MessageType, RosMessage
from tests.support.messages.structs import Twin


@pytest.mark.parametrize("cls", [int, object, type, 5, "geometry_msgs/msg/Point"])
def test_not_a_message_class(cls: Any) -> None:
    """A TypeError says so."""
    with pytest.raises(TypeError, match="Not a ROS message class"):
        MessageType(cls)


def test_rclpys_conversion_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the environment, for comparison."""
    assert MessageType(Odometry).has_plan
    monkeypatch.setenv("AIORCL_CONVERSION", "rclpy")
    assert not MessageType(Odometry).has_plan
    assert MessageType(Odometry, use_plan=True).has_plan


def test_two_structs_at_once() -> None:
    """Each belongs to its user until it is gone; then the next one has it."""
    kind = MessageType(JointState, use_plan=True)
    first, second = RosMessage(kind), RosMessage(kind)
    first.from_python(JointState(name=["first"], position=[1.0]))
    second.from_python(JointState(name=["second"], position=[2.0, 3.0]))
    assert first.to_python(kind) == JointState(name=["first"], position=[1.0])
    assert second.to_python(kind) == JointState(name=["second"], position=[2.0, 3.0])
    del first
    third = RosMessage(kind)
    third.from_python(JointState())
    assert third.to_python(kind) == JointState()
    assert second.to_python(kind) == JointState(name=["second"], position=[2.0, 3.0])


def test_large_data_is_held_in_place() -> None:
    """What is borrowed cannot be resized before the struct is gone."""
    kind = MessageType(Image, use_plan=True)
    image = Image(data=bytes(10_000))
    ros_message = RosMessage(kind)
    ros_message.from_python(image)
    with pytest.raises(BufferError):
        image.data.append(1)
    assert ros_message.to_python(kind) == image
    del ros_message
    image.data.append(1)
    again = RosMessage(kind)
    again.from_python(Image(data=b"abc"))
    arrived: Any = again.to_python(kind)
    assert arrived.data.tobytes() == b"abc"


@pytest.mark.parametrize("second", [4000, 5000, 10, 0])
def test_a_struct_that_is_filled_twice(second: int) -> None:
    """The first message is given back before: nothing of the second is written into it."""
    kind = MessageType(Image, use_plan=True)
    ros_message = RosMessage(kind)
    first = Image(data=b"a" * 5000)
    ros_message.from_python(first)
    ros_message.from_python(Image(data=b"b" * second))
    assert first.data.tobytes() == b"a" * 5000
    first.data.append(1)
    arrived: Any = ros_message.to_python(kind)
    assert arrived.data.tobytes() == b"b" * second


class Broken:
    """A module in which looking up anything fails."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        raise self.error


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError, RecursionError])
def test_an_interrupted_plan(error: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    """It leaves the exception to its cause, and the next attempt has a plan."""
    cls = Twin(PoseStamped).cls
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "geometry_msgs.msg", Broken(error()))
        with pytest.raises(error):
            MessageType(cls, use_plan=True)
    assert MessageType(cls, use_plan=True).has_plan


def test_a_type_whose_fields_are_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no plan, for good."""
    cls = Twin(PoseStamped).cls
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "geometry_msgs.msg", Broken(AttributeError()))
        assert not MessageType(cls, use_plan=True).has_plan
    assert not MessageType(cls, use_plan=True).has_plan


def filled(cls: Any) -> Any:
    """Make a message with something in its fields."""
    message = cls()
    match message:
        case Path():
            message.poses = [PoseStamped(), PoseStamped()]
        case Image():
            message.data = bytes(10_000)
        case JointState():
            message.name = ["joint ä", "b"]
            message.position = [1.0, 2.0]
        case Arrays():
            message.float32_values = np.ones(3, dtype=np.float32)
            message.string_values = ["a", "b", "c"]
        case UnboundedSequences():
            message.byte_values = [b"1", b"2"]
            message.uint64_values = [2**63]
    return message


CLASSES = [
    *(Arrays, BoundedSequences, Image, JointState, Odometry, Path, TransformStamped),
    *(UnboundedSequences, WStrings),
]


def convert_often(cls: Any, times: int) -> None:
    """Convert messages, good and bad ones, and see that no reference is kept or lost."""
    kind = MessageType(cls, use_plan=True)
    message = filled(cls)
    wrong = filled(cls)
    setattr(wrong, wrong.__slots__[-2], object())

    def convert(times: int) -> None:
        for _ in range(times):
            ros_message = RosMessage(kind)
            ros_message.from_python(message)
            ros_message.to_python(kind)
            try:
                RosMessage(kind).from_python(wrong)
            except TypeError:
                pass

    convert(100)
    gc.collect()
    singletons = (None, True, False, 0, 1, "", b"1", cls, type(cls))
    counts = [sys.getrefcount(one) for one in singletons]
    blocks = sys.getallocatedblocks()
    convert(times)
    gc.collect()
    # Caches of the interpreter fill up, and what other tests have left may go; a leak would be one
    # block a round.
    few = times // 10
    assert abs(sys.getallocatedblocks() - blocks) < few
    # Since Python 3.12 some of them are immortal, and their counts stand still.
    for one, count in zip(singletons, counts, strict=True):
        assert abs(sys.getrefcount(one) - count) < few, one


@pytest.mark.parametrize("cls", CLASSES)
def test_references(cls: Any) -> None:
    """Reference counts and memory are as before after some thousand conversions."""
    convert_often(cls, 2_000)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("cls", CLASSES)
def test_references_after_a_million(cls: Any) -> None:
    """The same after a million."""
    convert_often(cls, 1_000_000)
