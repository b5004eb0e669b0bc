# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Types that are converted by rclpy's functions: what those would crash at is refused before.

from __future__ import annotations

import array
import collections
import enum
from typing import Any

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, PoseStamped
from test_msgs.action import Fibonacci
from test_msgs.msg import (
    Arrays,
    BasicTypes,
    BoundedSequences,
    Builtins,
    MultiNested,
    Strings,
    UnboundedSequences,
    WStrings,
)
from unique_identifier_msgs.msg import UUID

from aiorcl._core import MessageType, RosMessage


class Mode(str, enum.Enum):  # noqa: UP042  # which prints its value
    """Prints its name, and is its value."""

    IDLE = "idle"


class Text(str):
    """Is not what it prints."""

    __slots__ = ()

    def __str__(self) -> str:
        return "other"

    __len__ = None  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]


class Number(float):
    """Is not what it is made into."""

    __slots__ = ()

    def __float__(self) -> float:
        return 7.0


class Integer(int):
    """Is not what it stands for."""

    def __index__(self) -> int:
        return 7

    __int__ = __float__ = __index__


class Octet(bytes):
    """Is not what it is made into."""

    __slots__ = ()

    def __bytes__(self) -> bytes:
        return b"z"

    def __len__(self) -> int:
        return 5


class Listed(list[Any]):
    """Has not as many items as it says."""

    def __len__(self) -> int:
        return 3


class Array(np.ndarray[Any, Any]):
    """Has not as many items as it says."""

    def __len__(self) -> int:
        return 3


class Sized:
    """Has a length, and nothing else of a sequence."""

    def __len__(self) -> int:
        return 3


class Items(Sized):
    """Is a sequence without saying so."""

    def __getitem__(self, index: int) -> float:
        return (0.5, 1.5, 2.5)[index]


CLASSES = [
    *(Arrays, BasicTypes, BoundedSequences, Builtins, PoseStamped, Strings, UUID),
    *(UnboundedSequences, WStrings, Fibonacci.Impl.FeedbackMessage),
    Fibonacci.Impl.SendGoalService.Request,
]
#: Each is given to each field.
VALUES: list[Any] = [
    *(None, True, 0, 1, -1, 2**40, 2**70, 0.5, 1e300, 1j, "", "a", "\ud800", b"", b"a", b"abc"),
    *([], [1, 2, 3], [1] * 16, [0.5] * 3, ["a", "b", "c"], [b"a"] * 3, [None] * 3, [[1], [2], [3]]),
    *((1, 2, 3), {1, 2, 3}, {"a": 1}, range(16), iter("abc"), collections.UserString("abc")),
    *(np.float32(0.5), np.int64(3), np.bool_(1), np.zeros(3), np.zeros(16, np.uint8)),
    *(np.zeros((3, 3)), np.zeros(6)[::2], np.zeros(3, ">f8"), np.array(["a", "b", "c"])),
    *(array.array("d", [0.5] * 3), array.array("B", b"abc"), array.array("f")),
    memoryview(b"abc"),
    *(Mode.IDLE, Text("text"), Text("t"), Number(0.5), Integer(3), Octet(b"a")),
    *([Mode.IDLE, Text("text"), Text("t")], [Number(0.5)] * 3, [Integer(3)] * 3, [Octet(b"a")] * 3),
    *({1: 0.5, 2: 1.5, 3: 2.5}.values(), {1: "a", 2: "b", 3: "c"}.values(), Items(), Sized()),
    *(Listed([1]), Listed([b"a"]), np.array(5.0), np.zeros(1).view(Array)),
    *(
        Time(),
        Point(),
        [Time()] * 3,
        [BasicTypes()] * 3,
        UUID(),
        object(),
        int,
        collections.deque(),
    ),
]


def outcome(cls: Any, field: str, value: object, *, use_plan: bool) -> object:
    """Convert a message out and back, and return it, or the class of the exception."""
    kind = MessageType(cls, use_plan=use_plan)
    message = cls()
    setattr(message, f"_{field}", value)
    ros_message = RosMessage(kind)
    try:
        ros_message.from_python(message)
    except Exception as error:
        named = type(error) not in (TypeError, ValueError) or str(error).startswith(field)
        return type(error) if named else error
    return repr(ros_message.to_python(kind))


@pytest.mark.parametrize("cls", CLASSES)
def test_any_value_of_any_field(cls: Any) -> None:
    """It is converted or refused as with a plan."""
    assert MessageType(cls, use_plan=True).has_plan
    for field in cls.get_fields_and_field_types():
        for value in VALUES:
            planned = outcome(cls, field, value, use_plan=True)
            unplanned = outcome(cls, field, value, use_plan=False)
            assert unplanned == planned, (field, value)


def test_where_a_value_is_wrong() -> None:
    """The path to the field stands before the words, however deep it is."""
    message = MultiNested()
    arrays: Any = message.array_of_arrays
    arrays[1]._basic_types_values[2]._int8_value = 500
    words = (
        r"array_of_arrays\[1\]\.basic_types_values\[2\]\.int8_value: "
        "expected an int from -128 to 127, got 500"
    )
    for use_plan in (True, False):
        with pytest.raises(ValueError, match=f"^{words}$"):
            RosMessage(MessageType(MultiNested, use_plan=use_plan)).from_python(message)


def test_a_subclass_is_read_by_its_attributes() -> None:
    """As with a plan; and it has none itself."""

    class Doubled(Point):  # type: ignore[misc]  # rosidl has no types
        @property
        def x(self) -> float:
            return 2 * self._x

        @x.setter
        def x(self, value: float) -> None:
            self._x = value

    for cls in (Point, Doubled):
        for use_plan in (True, False):
            kind = MessageType(cls, use_plan=use_plan)
            assert kind.has_plan == (use_plan and cls is Point)
            ros_message = RosMessage(kind)
            ros_message.from_python(Doubled(x=1.5))
            arrived: Any = ros_message.to_python(MessageType(Point, use_plan=False))
            assert arrived.x == 3.0


class _Nines:
    """Brings other items than it has."""

    def __iter__(self) -> Any:
        return iter([9, 9])


class OddBytes(_Nines, bytes):
    """Bytes, and nines."""


class OddArray(_Nines, array.array):  # type: ignore[type-arg]
    """Numbers, and nines."""


class OddList(_Nines, list[Any]):
    """A list, and nines."""


class OddTuple(_Nines, tuple[Any, ...]):
    """A tuple, and nines."""


@pytest.mark.parametrize("use_plan", [True, False])
@pytest.mark.parametrize(
    ("field", "value", "items"),
    [
        ("uint8_values", OddBytes(b"abc"), [97, 98, 99]),
        ("float64_values", OddArray("d", [1.0, 2.0]), [1.0, 2.0]),
        ("float32_values", OddArray("d", [1.0, 2.0]), [9.0, 9.0]),
        ("int32_values", OddBytes(b"abc"), [9, 9]),
        ("int32_values", OddList([1, 2, 3]), [9, 9]),
        ("int32_values", OddTuple([1, 2, 3]), [9, 9]),
        ("byte_values", memoryview(b"abcdef")[::2], [b"a", b"c", b"e"]),
        ("uint8_values", memoryview(b"abcdef")[::-2], [102, 100, 98]),
        ("int32_values", np.arange(6, dtype=np.int32)[::2], [0, 2, 4]),
    ],
)
def test_items_are_those_of_a_buffer_or_of_an_iteration(
    *, field: str, value: Any, items: list[Any], use_plan: bool
) -> None:
    """As rclpy reads them: a buffer of just such numbers whatever its class says, else by turns."""
    kind = MessageType(UnboundedSequences, use_plan=use_plan)
    ros_message = RosMessage(kind)
    message = UnboundedSequences()
    setattr(message, f"_{field}", value)
    ros_message.from_python(message)
    converted: Any = ros_message.to_python(kind)
    assert list(getattr(converted, field)) == items


@pytest.mark.parametrize("use_plan", [True, False])
@pytest.mark.parametrize("value", [Sized(), np.timedelta64(5, "s")], ids=["sized", "number"])
def test_what_has_no_items_is_refused(*, value: Any, use_plan: bool) -> None:
    """In the same words: also a number of numpy, which is a buffer, too."""
    message = UnboundedSequences()
    message._uint8_values = value
    ros_message = RosMessage(MessageType(UnboundedSequences, use_plan=use_plan))
    expected = rf"uint8_values: expected a sequence, got (numpy\.)?{type(value).__name__}$"
    with pytest.raises(TypeError, match=expected):
        ros_message.from_python(message)
