# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The extension as it is built against the headers of Lyrical, and messages of that layout.

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from layout_msgs.msg import Image, MultiNested, UnboundedSequences

from aiorcl._core import MessageType, RosMessage
from tests.layout.buffers import Buffer, Functions
from tests.support.messages.conversion import SAMPLE, compare, convert
from tests.support.messages.sameness import difference
from tests.support.messages.shapes import derived
from tests.support.messages.types import message_classes, name_of

CLASSES = [cls for cls in message_classes() if cls.__module__.startswith("layout_msgs.")]


def test_the_ros_that_runs_is_refused() -> None:
    """Its messages have another layout: an ImportError says so."""
    done = subprocess.run(
        [sys.executable, "-c", "import aiorcl"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "ImportError: aiorcl was built against another release of ROS" in done.stderr


def test_there_are_messages_of_every_kind() -> None:
    """All of the packages that are installed, with all kinds of fields."""
    names = {name_of(cls).rpartition("/")[2] for cls in CLASSES}
    assert {"Arrays", "BoundedSequences", "PoseStamped", "Strings", "WStrings"} < names
    assert len(names) > 80


@pytest.mark.parametrize("cls", CLASSES, ids=name_of)
@SAMPLE
@given(data=st.data())
def test_random_instances(cls: Any, data: st.DataObject) -> None:
    """Each class has a plan, which converts as rclpy's functions do."""
    assert MessageType(cls, use_plan=True).has_plan
    compare(cls, data)


@pytest.mark.parametrize("cls", [UnboundedSequences, MultiNested, Image], ids=name_of)
def test_classes_that_derive_from_others(cls: Any) -> None:
    """Their base classes add nothing."""
    cls = derived(cls)
    kind = MessageType(cls, use_plan=True)
    assert kind.has_plan
    message = cls()
    assert difference(convert(message, kind, kind), message) is None


@pytest.fixture
def functions() -> Functions:
    """A class of messages, and the functions that rclpy would call."""
    return Functions()


def test_a_buffer_goes_out_by_rclpys_function(functions: Functions) -> None:
    """All of its message does; and the next message without one by the plan again."""
    ros_message = RosMessage(functions.kind)
    for _ in range(3):
        ros_message.from_python(functions.cls(data=[1, 2]))
        assert functions.called == []
        message = functions.cls()
        message._data = Buffer()
        ros_message.from_python(message)
        assert functions.called == ["create", "from_python"]
        assert functions.holds_buffer(ros_message)
        functions.called.clear()
        ros_message.from_python(functions.cls(data=[3]))
        assert functions.called == ["destroy"]
        assert functions.data_of(ros_message).tolist() == [3]
        functions.called.clear()


def test_a_buffer_comes_in_by_rclpys_function(functions: Functions) -> None:
    """Which takes it out of the struct; the next message comes by the plan."""
    ros_message = RosMessage(functions.kind)
    functions.hold_buffer(ros_message)
    assert isinstance(functions.data_of(ros_message), Buffer)
    assert functions.called == ["to_python"]
    ros_message.from_python(functions.cls(data=[1]))
    assert functions.data_of(ros_message).tolist() == [1]
    assert functions.called == ["to_python"]


def test_a_struct_whose_buffer_nobody_can_have_is_used_no_more(functions: Functions) -> None:
    """An exception says so; the next message has a struct of its own."""
    ros_message = RosMessage(functions.kind)
    functions.hold_buffer(ros_message)
    functions.fails = True
    with pytest.raises(TypeError, match=r"Cannot convert a message of .*UInt8MultiArray"):
        ros_message.to_python(functions.kind)
    assert not functions.holds_buffer(ros_message)
    assert functions.data_of(ros_message).tolist() == []
