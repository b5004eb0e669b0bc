# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What rclpy's conversion of messages takes: it reads memory that is not there for any other value.

The functions that rosidl generates for a class trust the Python type and the length of each value;
that rclpy's setters check them is off by default. The extension asks here before it calls them,
which is for types without a plan only.
"""

from __future__ import annotations

import array
import importlib
import operator
import sys
from collections import UserString
from collections.abc import Mapping, Sized
from typing import Any

import numpy as np
from rclpy.logging import get_logger
from rosidl_parser import definition

from aiorcl._rclpy.notes import add_note
from aiorcl._rclpy.private import set_field, unchecked

# Of numpy and array, by the names of IDL.
_NUMBERS = {
    "float": ("float32", "f"),
    "double": ("float64", "d"),
    "int8": ("int8", "b"),
    "uint8": ("uint8", "B"),
    "int16": ("int16", "h"),
    "uint16": ("uint16", "H"),
    "int32": ("int32", "i"),
    "uint32": ("uint32", "I"),
    "int64": ("int64", "q"),
    "uint64": ("uint64", "Q"),
}
# The formats of buffers, each of which may have several sizes, and the size.
_FORMATS = {
    "boolean": ("?", 1),
    "float": ("f", 4),
    "double": ("d", 8),
    **{f"int{8 * size}": ("bhilqn", size) for size in (1, 2, 4, 8)},
    **{f"uint{8 * size}": ("BHILQN", size) for size in (1, 2, 4, 8)},
}
_FLOATS = ("float", "double", "long double")


def ros_name_of(cls: type) -> str:
    """Return the name of a message class as ROS has it, ``"std_msgs/msg/Int64"``.

    That of a user's own subclass is in parentheses behind.
    """
    generated = next((base for base in cls.__mro__ if "SLOT_TYPES" in vars(base)), cls)
    name = "/".join((*generated.__module__.split(".")[:2], generated.__name__))
    return name if generated is cls else f"{name} ({cls.__module__}.{cls.__qualname__})"


def tell_without_plan(cls: type, reason: str) -> None:
    """Log that rclpy's functions convert the messages of a class; the extension calls it, once."""
    get_logger("aiorcl").debug(f"{ros_name_of(cls)} is converted by rclpy, slowly: {reason}")


def convertible(cls: Any, message: Any) -> Any:
    """Return an equal message that has just the types of rclpy's messages, in every field.

    :param cls: the class of the message, or a base of its class.
    :raises TypeError, ValueError: names the field for which there is none. Exceptions of other
        classes, from code of the user's, have a note with that.
    """
    path: list[str | int] = []  # as far as the value that is read
    try:
        return _converted(cls, message, path)
    except BaseException as error:
        where = _joined(path)
        if type(error) not in (TypeError, ValueError):
            add_note(error, f"In the field {where}")
            raise
        named = type(error)(f"{where}: {error}")
    try:
        raise named
    finally:
        del named  # no cycle of the exception and this frame


def _joined(path: list[str | int]) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


def _converted(cls: Any, message: Any, path: list[str | int]) -> Any:
    # Not a subclass of the generated one, whose attributes would be asked once more.
    cls = next(base for base in cls.__mro__ if "SLOT_TYPES" in vars(base))
    converted = unchecked(cls)
    for name, kind in zip(cls.get_fields_and_field_types(), cls.SLOT_TYPES, strict=True):
        path.append(name)
        set_field(converted, name, _value(kind, getattr(message, name), path))
        path.pop()
    return converted


def _value(kind: Any, value: Any, path: list[str | int]) -> Any:
    if isinstance(kind, definition.AbstractNestedType):
        return _values(kind, value, path)
    if isinstance(kind, definition.NamespacedType):
        cls = _class_of(kind)
        if not isinstance(value, cls):
            raise _expected("/".join(kind.namespaced_name()), value)
        return _converted(cls, value, path)
    if isinstance(kind, definition.AbstractGenericString):
        return _text(kind, value)
    return _basic(kind.typename, value)


def _is(value: object, cls: type) -> bool:
    """Tell whether the methods of a builtin class can read the value.

    They do where it is of a subclass with methods of its own: a ``str`` that is a member of an
    enumeration is sent as what it is, not as what it prints.
    """
    return issubclass(type(value), cls)


def _class_of(kind: definition.NamespacedType) -> Any:
    # Classes of services and actions have their names behind that of the file.
    module = importlib.import_module(".".join(kind.namespaces))
    file = getattr(module, kind.name.partition("_")[0])
    return getattr(sys.modules[file.__module__], kind.name)


def _text(kind: Any, value: Any) -> str:
    if _is(value, str):
        text = str.__str__(value)
    elif isinstance(value, UserString):
        text = str(value)
    else:
        raise _expected("str", value)
    if isinstance(kind, definition.AbstractWString):
        size, unit = len(text.encode("utf-16-le")) // 2, "UTF-16 units"
    else:
        size, unit = len(text), "characters"
        text.encode()  # rclpy's function raises as well, and does not say where
    bound = getattr(kind, "maximum_size", None)
    if bound is not None and size > bound:
        raise ValueError(f"expected at most {bound} {unit}, got {size}")
    return text


def _basic(typename: str, value: Any) -> Any:
    if typename == "boolean":
        if not isinstance(value, (bool, np.bool_)):
            raise _expected("bool", value)
        return bool(value)
    if typename == "octet":
        return _octet(value)
    if typename in _FLOATS:
        return _float(value)
    if typename in ("char", "wchar"):
        # Of .idl files; a char of a .msg file is a uint8.
        if not _is(value, str):
            raise _expected("str", value)
        character = str.__str__(value)
        if len(character) != 1 or ord(character) > (0x7F if typename == "char" else 0xFFFF):
            raise ValueError(f"expected 1 character, got {value!r}")
        return character
    return _int(typename, value)


def _octet(value: Any) -> bytes:
    for cls in (bytes, bytearray):
        if _is(value, cls):
            octets = bytes(cls.__getitem__(value, slice(None)))
            break
    else:
        raise _expected("bytes", value)
    if len(octets) != 1:
        raise ValueError(f"expected 1 byte, got {len(octets)}")
    return octets


def _float(value: Any) -> float:
    if _is(value, float):
        return float.__float__(value)
    if isinstance(value, bool):
        raise _expected("float", value)
    number = value if isinstance(value, np.floating) else _index("float", value)
    try:
        converted = float(number)
    except OverflowError:
        converted = float("inf")
    if converted != number and converted == converted:
        raise ValueError(f"no float is equal to {value!r}")
    return converted


def _int(typename: str, value: Any) -> int:
    number = _index("int", value)
    limits = np.iinfo(typename)
    if not limits.min <= number <= limits.max:
        raise ValueError(f"expected an int from {limits.min} to {limits.max}, got {value!r}")
    return number


def _index(expected: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise _expected(expected, value) from None


def _values(kind: Any, value: Any, path: list[str | int]) -> Any:
    if type(value).__module__.partition(".")[0] == "rosidl_buffer":
        return value  # of newer ROS, whose conversion checks it
    if isinstance(value, (str, UserString, Mapping)) or not isinstance(value, Sized):
        raise _expected("a sequence", value)
    item = kind.value_type
    fixed = isinstance(kind, definition.Array)
    if getattr(item, "typename", "") == "octet" and not fixed:
        value = _octets(value)
    dtype, code = _NUMBERS.get(getattr(item, "typename", ""), ("", ""))
    if fixed and dtype and isinstance(value, np.ndarray):
        if value.shape == (kind.size,) and value.dtype == dtype and value.flags.c_contiguous:
            return value.view(np.ndarray)
    elif code and type(value) is array.array and value.typecode == code and not fixed:
        _check_length(kind, value)
        return value
    values = None if fixed else _numbers(getattr(item, "typename", ""), value)
    if values is None:
        values = _listed(value)
    _check_length(kind, values)
    items = []
    for index, each in enumerate(values):
        path.append(index)
        items.append(_value(item, each, path))
        path.pop()
    if not dtype:
        return items
    return np.array(items, dtype=dtype) if fixed else array.array(code, items)


def _listed(value: Any) -> list[Any]:
    """Return the items, as an iteration brings them: what it says of its length may not hold."""
    try:
        items = iter(value)
    except TypeError:
        raise _expected("a sequence", value) from None
    return list(items)


def _numbers(typename: str, value: Any) -> list[Any] | None:
    """Return the numbers of a buffer that has just those of the type; None if it is none."""
    formats, size = _FORMATS.get(typename, ("", 0))
    try:
        view = memoryview(value)
    except (TypeError, ValueError, BufferError):
        return None
    is_one = view.ndim == 1 and view.itemsize == size and len(view.format) == 1
    return view.tolist() if is_one and view.format in formats else None


def _octets(value: Any) -> Any:
    try:
        view = memoryview(value)
    except TypeError:
        return value
    flat = view.ndim == 1 and view.format in ("B", "c")
    return [bytes([byte]) for byte in view.tobytes()] if flat else value


def _check_length(kind: Any, value: Sized) -> None:
    if isinstance(kind, definition.Array):
        if len(value) != kind.size:
            raise ValueError(f"expected {kind.size} values, got {len(value)}")
    elif isinstance(kind, definition.BoundedSequence) and len(value) > kind.maximum_size:
        raise ValueError(f"expected at most {kind.maximum_size} values, got {len(value)}")


def _expected(expected: str, value: object) -> TypeError:
    return TypeError(f"expected {expected}, got {type(value).__name__}")
