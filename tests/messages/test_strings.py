# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What strings look like in the ROS struct: as rosidl's own functions leave them.

from __future__ import annotations

import ctypes
from typing import Any

import pytest
from test_msgs.msg import Strings, UnboundedSequences, WStrings

from aiorcl._core import MessageType, RosMessage
from tests.support.messages.structs import Text, Twin

TEXTS = ["longer", "short", "tiny!", "", "longer again than the first", "a\0b", "\U0001f916"]


def check(text: Text, value: str, *, wide: bool) -> None:
    """See that a string ends where it has to, and has no room left."""
    units = value.encode("utf-16-le") if wide else value.partition("\0")[0].encode()
    width = 2 if wide else 1
    assert text.size == len(units) // width
    assert text.capacity == text.size + 1
    assert ctypes.string_at(text.data, len(units) + width) == units + bytes(width)


@pytest.mark.parametrize(("cls", "field"), [(Strings, "string_value"), (WStrings, "wstring_value")])
def test_a_string_has_no_room_left(cls: Any, field: str) -> None:
    """Whatever was there before: a longer one, an equally long one, a shorter one, none."""
    twin = Twin(cls)
    ros_message = RosMessage(MessageType(twin.cls, use_plan=True))
    for value in [*TEXTS, *reversed(TEXTS)]:
        ros_message.from_python(twin.message(field, value))
        check(twin.text(field), value, wide=cls is WStrings)


@pytest.mark.parametrize(
    ("cls", "field"),
    [(UnboundedSequences, "string_values"), (WStrings, "unbounded_sequence_of_wstrings")],
)
def test_strings_of_a_sequence_have_no_room_left(cls: Any, field: str) -> None:
    """Also those that held another one, when the sequence grows, shrinks and grows again."""
    twin = Twin(cls)
    ros_message = RosMessage(MessageType(twin.cls, use_plan=True))
    for values in (TEXTS, TEXTS[1:3], [""], list(reversed(TEXTS)), [], TEXTS * 2):
        ros_message.from_python(twin.message(field, values))
        sequence = twin.text(field)
        assert sequence.size == len(values)
        for index, value in enumerate(values):
            text = Text.from_address(sequence.data + index * ctypes.sizeof(Text))
            check(text, value, wide=cls is WStrings)


def test_a_struct_that_is_used_again() -> None:
    """A shorter string in the struct of a message that is gone."""
    twin = Twin(Strings)
    kind = MessageType(twin.cls, use_plan=True)
    for value in TEXTS:
        ros_message = RosMessage(kind)
        ros_message.from_python(twin.message("string_value", value))
        check(twin.text("string_value"), value, wide=False)
        del ros_message


def test_the_bound_of_a_wide_string() -> None:
    """It is in units of UTF-16, as the middleware counts: what it would not send is refused."""
    twin = Twin(WStrings)
    twin.member("wstring_value").string_upper_bound = 4
    ros_message = RosMessage(kind := MessageType(twin.cls, use_plan=True))
    for value in ("abcd", "\U0001f916" * 2, "a\U0001f916b"):
        ros_message.from_python(twin.message("wstring_value", value))
        arrived: Any = ros_message.to_python(kind)
        assert arrived.wstring_value == value
    for value, units in (("abcde", 5), ("\U0001f916" * 3, 6), ("abc\U0001f916", 5)):
        words = f"wstring_value: expected at most 4 UTF-16 units, got {units}"
        with pytest.raises(ValueError, match=f"^{words}$"):
            ros_message.from_python(twin.message("wstring_value", value))
