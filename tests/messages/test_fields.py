# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What each kind of field accepts, converts and refuses: the table of docs/messages.md.

from __future__ import annotations

import array
import collections
import dataclasses
import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from geometry_msgs.msg import Point, Pose, PoseStamped
from nav_msgs.msg import Path
from std_msgs.msg import Empty
from test_msgs.msg import (
    Arrays,
    BasicTypes,
    BoundedSequences,
    Nested,
    Strings,
    UnboundedSequences,
    WStrings,
)

from aiorcl._core import MessageType, RosMessage

INTS = {
    f"{sign}int{bits}": (0, 2**bits - 1) if sign else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    for bits in (8, 16, 32, 64)
    for sign in ("", "u")
}
INTS["char"] = INTS["uint8"]
NUMPY_INTS = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]


def through(message: Any) -> Any:
    """Convert a message to its ROS struct, and back."""
    ros_message = RosMessage(kind := MessageType(type(message), use_plan=True))
    ros_message.from_python(message)
    return ros_message.to_python(kind)


def raw(cls: Any, field: str, value: object) -> Any:
    """Make a message with a value that the field's setter would change or refuse."""
    message = cls()
    setattr(message, f"_{field}", value)
    return message


def arrives(cls: Any, field: str, value: object) -> Any:
    """Return what the field holds after the way out and back."""
    return getattr(through(raw(cls, field, value)), field)


def refused(cls: Any, field: str, value: object, error: type[Exception], words: str) -> None:
    """See that the value is refused, by an exception that says where and why."""
    ros_message = RosMessage(MessageType(cls, use_plan=True))
    with pytest.raises(error) as raised:
        ros_message.from_python(raw(cls, field, value))
    assert str(raised.value) == words
    assert type(raised.value) is error


class Index:
    """Not an int, but as good as one."""

    def __index__(self) -> int:
        return 7


class Float:
    """Can be made a float, which does not make it one."""

    def __float__(self) -> float:
        return 7.0


class Interrupted:
    """Raises whatever it is asked."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def _raise(self, *_: object) -> Any:
        raise self.error

    __index__ = __len__ = __float__ = _raise
    # isinstance() asks for it.
    __class__ = property(_raise)  # pyright: ignore[reportIncompatibleMethodOverride]


#: And by rclpy's functions, which are handed what was checked.
by_plan_and_without = pytest.mark.parametrize("use_plan", [True, False])


@by_plan_and_without
@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, ZeroDivisionError])
@pytest.mark.parametrize(
    ("cls", "field"),
    [
        *((BasicTypes, f"{kind}_value") for kind in ("int8", "uint64", "float32", "float64")),
        *((BasicTypes, "bool_value"), (Strings, "string_value"), (WStrings, "wstring_value")),
        *((Arrays, "string_values"), (UnboundedSequences, "float64_values")),
    ],
)
def test_an_interrupt_is_no_answer(
    cls: Any, field: str, error: type[BaseException], *, use_plan: bool
) -> None:
    """What a value raises when it is looked at is not taken for a no."""
    ros_message = RosMessage(MessageType(cls, use_plan=use_plan))
    with pytest.raises(error) as raised:
        ros_message.from_python(raw(cls, field, Interrupted(error())))
    assert raised.value.__notes__ == [f"In the field {field}"]


@pytest.mark.parametrize(("field", "limits"), INTS.items(), ids=INTS)
def test_ints(field: str, limits: tuple[int, int]) -> None:
    """Ints within the limits, numpy's ints, bools, and what has an __index__; nothing rounded."""
    name = f"{field}_value"
    for limit in limits:
        assert arrives(BasicTypes, name, limit) == limit
        beyond = limit - 1 if limit <= 0 else limit + 1
        words = f"{name}: expected an int from {limits[0]} to {limits[1]}, got {beyond}"
        refused(BasicTypes, name, beyond, ValueError, words)
    words = f"{name}: expected an int from {limits[0]} to {limits[1]}, got {10**30}"
    refused(BasicTypes, name, 10**30, ValueError, words)
    for cls in NUMPY_INTS:
        value = arrives(BasicTypes, name, cls(5))
        assert (value, type(value)) == (5, int)
    assert arrives(BasicTypes, name, Index()) == 7
    assert arrives(BasicTypes, name, True) == 1
    for value, kind in ((1.0, "float"), ("1", "str"), (None, "NoneType"), (Float(), "Float")):
        refused(BasicTypes, name, value, TypeError, f"{name}: expected int, got {kind}")
    refused(BasicTypes, name, np.float64(1), TypeError, f"{name}: expected int, got numpy.float64")


@pytest.mark.parametrize("name", ["float32_value", "float64_value"])
def test_floats(name: str) -> None:
    """Floats, and whatever number has a float that is equal."""
    for number in (1.5, -0.0, math.inf, -math.inf):
        assert str(arrives(BasicTypes, name, number)) == str(number)
    assert math.isnan(arrives(BasicTypes, name, math.nan))
    for value in (
        3,
        Index(),
        np.float32(0.5),
        np.float16(0.5),
        np.float64(0.5),
        np.longdouble(0.5),
    ):
        arrived = arrives(BasicTypes, name, value)
        assert type(arrived) is float
        assert arrived == (7 if isinstance(value, Index) else value)
    for cls in NUMPY_INTS:
        assert arrives(BasicTypes, name, cls(5)) == 5.0
    assert math.isnan(arrives(BasicTypes, name, np.longdouble("nan")))
    for other, kind in (("1", "str"), (None, "NoneType"), (True, "bool"), (1j, "complex")):
        refused(BasicTypes, name, other, TypeError, f"{name}: expected float, got {kind}")
    for odd in (Float(), Decimal(1), [1.0]):
        words = f"{name}: expected float, got {type(odd).__qualname__}"
        if isinstance(odd, Decimal):
            words = f"{name}: expected float, got decimal.Decimal"
        refused(BasicTypes, name, odd, TypeError, words)
    for number in (2**53 + 1, 10**400):
        refused(BasicTypes, name, number, ValueError, f"{name}: no float is equal to {number}")


def test_a_float32_takes_what_a_float_is_rounded_to() -> None:
    """Too large is infinite, as with rclpy."""
    assert arrives(BasicTypes, "float32_value", 1e300) == math.inf
    assert arrives(BasicTypes, "float32_value", 0.1) == float(np.float32(0.1))


def test_bools() -> None:
    """Bools of Python and of numpy; no numbers."""
    for value in (True, False, np.True_, np.False_):
        assert arrives(BasicTypes, "bool_value", value) is bool(value)
    for other in (1, 0, None, "True"):
        words = f"bool_value: expected bool, got {type(other).__name__}"
        refused(BasicTypes, "bool_value", other, TypeError, words)


def test_bytes() -> None:
    """One byte."""
    for value in (b"\xff", bytearray(b"\xff")):
        assert arrives(BasicTypes, "byte_value", value) == b"\xff"
    refused(BasicTypes, "byte_value", 1, TypeError, "byte_value: expected bytes, got int")
    for size in (0, 2):
        words = f"byte_value: expected 1 byte, got {size}"
        refused(BasicTypes, "byte_value", bytes(size), ValueError, words)


@pytest.mark.parametrize(
    ("cls", "name"), [(Strings, "string_value"), (WStrings, "wstring_value")], ids=["utf-8", "wide"]
)
def test_strings(cls: Any, name: str) -> None:
    """What rclpy sends, and no more than the bound."""
    for value in ("", "héllo \U0001f916", collections.UserString("user")):
        assert arrives(cls, name, value) == str(value)
    for other in (b"bytes", None, 5):
        kind = type(other).__name__
        refused(cls, name, other, TypeError, f"{name}: expected str, got {kind}")
    for use_plan in (True, False):
        ros_message = RosMessage(MessageType(cls, use_plan=use_plan))
        with pytest.raises(UnicodeEncodeError) as raised:
            ros_message.from_python(raw(cls, name, "\ud800"))
        # Behind a note of Python's own, perhaps.
        assert raised.value.__notes__[-1] == f"In the field {name}"


def test_a_bounded_string() -> None:
    """The bound is in characters, as that of rclpy's setter."""
    assert arrives(Strings, "bounded_string_value", "é" * 22) == "é" * 22
    words = "bounded_string_value: expected at most 22 characters, got 23"
    refused(Strings, "bounded_string_value", "x" * 23, ValueError, words)


def collections_of(values: list[Any]) -> Iterable[Any]:
    """Make collections of each kind that has an order."""
    yield from (values, tuple(values), collections.UserList(values), collections.deque(values))
    yield dict(enumerate(values)).values()


@pytest.mark.parametrize("cls", [Arrays, BoundedSequences, UnboundedSequences])
def test_collections(cls: Any) -> None:
    """Whatever has a length and items, of whatever each item may be."""
    for value in collections_of(["a", "b", "c"]):
        assert arrives(cls, "string_values", value) == ["a", "b", "c"]
    for value in collections_of([True, np.False_, True]):
        assert arrives(cls, "bool_values", value) == [True, False, True]
    for value in collections_of([b"a", bytearray(b"b"), b"c"]):
        assert arrives(cls, "byte_values", value) == [b"a", b"b", b"c"]
    for value in collections_of([1, np.float32(2), 3.0]):
        assert list(arrives(cls, "float64_values", value)) == [1.0, 2.0, 3.0]
    assert sorted(arrives(cls, "string_values", {"a", "b", "c"})) == ["a", "b", "c"]
    for odd in (
        "abc",
        collections.UserString("abc"),
        {"a": 1, "b": 2, "c": 3},
        collections.UserDict({"a": 1, "b": 2, "c": 3}),
        iter("abc"),
        None,
        5,
    ):
        words = f"string_values: expected a sequence, got {type(odd).__name__}"
        refused(cls, "string_values", odd, TypeError, words)
    refused(
        cls, "string_values", ["a", 2, "c"], TypeError, "string_values[1]: expected str, got int"
    )
    refused(cls, "bool_values", [True, 1, 0], TypeError, "bool_values[1]: expected bool, got int")


def test_lengths() -> None:
    """Arrays have just their length, bounded sequences no more than theirs."""
    for field, three in (("float64_values", [1.0] * 3), ("string_values", ["a"] * 3)):
        words = f"{field}: expected 3 values, got"
        for value in (three[:2], [*three, three[0]]):
            refused(Arrays, field, value, ValueError, f"{words} {len(value)}")
        assert list(arrives(BoundedSequences, field, three[:2])) == three[:2]
        words = f"{field}: expected at most 3 values, got 4"
        refused(BoundedSequences, field, [*three, three[0]], ValueError, words)
    two = np.zeros(2)
    refused(Arrays, "float64_values", two, ValueError, "float64_values: expected 3 values, got 2")
    four = array.array("d", [0] * 4)
    words = "float64_values: expected at most 3 values, got 4"
    refused(BoundedSequences, "float64_values", four, ValueError, words)


@pytest.mark.parametrize("size", [3, 5000], ids=["copied", "borrowed"])
def test_buffers(size: int) -> None:
    """Numbers of the very type go out as they lie there; others one by one."""
    numbers = [i % 100 for i in range(size)]
    buffers = [
        array.array("d", numbers),
        np.array(numbers, dtype=np.float64),
        np.array(numbers, dtype=np.float32),
        np.array(numbers, dtype=np.int64),
        np.array(numbers, dtype=">f8"),
        np.array([n for n in numbers for _ in "ab"], dtype=np.float64)[::2],
        memoryview(array.array("d", numbers)),
        array.array("f", numbers),
    ]
    for buffer in buffers:
        arrived = arrives(UnboundedSequences, "float64_values", buffer)
        assert (arrived.typecode, arrived.tolist()) == ("d", numbers)
    small = bytes(numbers)
    for buffer in (small, bytearray(small), memoryview(small), np.array(numbers, dtype=np.uint8)):
        assert arrives(UnboundedSequences, "uint8_values", buffer).tolist() == numbers
        octets = arrives(UnboundedSequences, "byte_values", buffer)
        assert octets == [bytes([n]) for n in numbers]
    flags = np.array(numbers) % 2 == 0
    assert arrives(UnboundedSequences, "bool_values", flags) == flags.tolist()
    grid = np.zeros((2, 2))
    words = "float64_values[0]: expected float, got numpy.ndarray"
    refused(UnboundedSequences, "float64_values", grid, TypeError, words)
    words = "int8_values[0]: expected int, got float"
    refused(UnboundedSequences, "int8_values", array.array("d", [1.0]), TypeError, words)
    words = "bool_values[0]: expected bool, got int"
    refused(UnboundedSequences, "bool_values", b"\1", TypeError, words)


def test_arrays_of_numpy() -> None:
    """An ndarray that does not lie as the struct does is read number by number."""
    for value in (
        np.arange(3, dtype=np.float32),
        np.arange(3, dtype=">f4"),
        np.arange(6, dtype=np.float32)[::2] / 2,
        np.arange(3, dtype=np.int8),
        array.array("f", [0, 1, 2]),
        [0, 1, 2.0],
    ):
        arrived = arrives(Arrays, "float32_values", value)
        assert (arrived.dtype, arrived.tolist()) == (np.float32, [0, 1, 2])
    words = "float32_values[0]: expected float, got numpy.ndarray"
    refused(Arrays, "float32_values", np.zeros((3, 1), dtype=np.float32), TypeError, words)


def test_nested_messages() -> None:
    """Of their class or a subclass; the path to what is wrong is named."""
    pose = Pose(position=Point(x=1.0))
    assert through(Path(poses=[PoseStamped(pose=pose)])).poses[0].pose.position.x == 1.0
    words = "position: expected geometry_msgs/msg/Point, got list"
    refused(Pose, "position", [1.0], TypeError, words)
    words = "position: expected geometry_msgs/msg/Point, got Pose"
    refused(Pose, "position", Pose(), TypeError, words)
    wrong = Path(poses=[PoseStamped(), PoseStamped(pose=Pose(position=raw(Point, "x", "1")))])
    ros_message = RosMessage(MessageType(Path, use_plan=True))
    with pytest.raises(TypeError) as raised:
        ros_message.from_python(wrong)
    assert str(raised.value) == "poses[1].pose.position.x: expected float, got str"
    with pytest.raises(TypeError, match=r"Expected <class '.*Path'>, got <class '.*Pose'>"):
        ros_message.from_python(Pose())


class Measured(Point):  # type: ignore[misc]  # messages have no types
    """A subclass whose field is a property."""

    @property
    def x(self) -> float:
        return 42.0

    @x.setter
    def x(self, value: float) -> None:
        pass


def test_a_subclass_is_read_by_its_attributes() -> None:
    """As rclpy reads it, at the top and inside."""
    kind = MessageType(Point, use_plan=True)
    ros_message = RosMessage(kind)
    ros_message.from_python(Measured(y=1.0))
    arrived: Any = ros_message.to_python(kind)
    assert (type(arrived), arrived.x, arrived.y) == (Point, 42.0, 1.0)
    assert arrives(Pose, "position", Measured(z=2.0)) == Point(x=42.0, z=2.0)
    own = MessageType(Measured, use_plan=True)
    assert not own.has_plan
    ros_message = RosMessage(own)
    ros_message.from_python(Measured(y=1.0))
    assert ros_message.to_python(own) == Point(x=42.0, y=1.0)


@by_plan_and_without
def test_an_empty_slot(*, use_plan: bool) -> None:
    """The AttributeError is Python's, and tells where."""
    point = Point()
    del point._x
    ros_message = RosMessage(MessageType(Pose, use_plan=use_plan))
    with pytest.raises(AttributeError) as raised:
        ros_message.from_python(raw(Pose, "position", point))
    assert raised.value.__notes__ == ["In the field position.x"]


def test_a_refused_message_leaves_nothing_behind() -> None:
    """The next message is converted as if nothing had been."""
    kind = MessageType(BoundedSequences, use_plan=True)
    for _ in range(10):
        wrong = BoundedSequences(string_values=["a", "b", "c"], int8_values=[1, 2, 3])
        wrong._alignment_check = "no int"
        with pytest.raises(TypeError):
            RosMessage(kind).from_python(wrong)
        assert through(BoundedSequences()) == BoundedSequences()


def test_a_list_that_shrinks_while_it_is_read() -> None:
    """The values of odd types may run any code; nothing crashes."""

    class Shrinks:
        def __index__(self) -> int:
            values.clear()
            return 1

    values: list[object] = [Shrinks(), 2, 3]
    words = "int8_values: changed its length while it was converted"
    refused(UnboundedSequences, "int8_values", values, ValueError, words)


def test_messages_without_fields() -> None:
    """There is nothing to convert."""
    assert through(Empty()) == Empty()
    assert through(Nested()) == Nested()


def test_checked_fields() -> None:
    """Objects have ``_check_fields`` as those of rclpy do, whatever the sender had."""
    assert through(Point(check_fields=True))._check_fields is Point()._check_fields


@dataclasses.dataclass(frozen=True)
class FrozenError(Exception):
    """Lets nobody add a note."""

    number: int


class Raises:
    """Raises when it is asked for its value."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __index__(self) -> int:
        raise self.error


@by_plan_and_without
def test_an_exception_of_the_users_stays(*, use_plan: bool) -> None:
    """Also one that takes no note; and it gets one note, however often it is raised."""
    ros_message = RosMessage(MessageType(BasicTypes, use_plan=use_plan))
    for error, notes in (FrozenError(7), None), (LookupError(), ["In the field int32_value"]):
        for _ in range(3):
            message = BasicTypes()
            message._int32_value = Raises(error)
            with pytest.raises(type(error)) as caught:
                ros_message.from_python(message)
            assert caught.value is error
            assert getattr(error, "__notes__", None) == notes
