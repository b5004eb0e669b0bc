# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The fields of messages, as type checkers are told of them."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from rosidl_parser import definition

# By the names of IDL, as rclpy gives them.
_SCALARS = {"boolean": "bool", "octet": "bytes", "char": "str", "wchar": "str"}
_FLOATS = ("float", "double", "long double")
_DTYPES = {"float": "float32", "double": "float64"}

# Of a class and its name: how a stub names it.
NameOf = Callable[[definition.NamespacedType], str]


@dataclass(frozen=True)
class Field:
    """A field: its name, what it gives, and what may be assigned to it."""

    name: str
    gives: str
    takes: str


def fields_of(cls: Any, name_of: NameOf) -> Iterator[Field]:
    """Yield the fields of a message class, but those that no code can name."""
    builtin = Builtins(cls)
    for name, kind in zip(cls.get_fields_and_field_types(), cls.SLOT_TYPES, strict=True):
        if not keyword.iskeyword(name):
            yield Field(name, *_types(kind, builtin, name_of))


def constants_of(cls: Any) -> dict[str, Any]:
    """Return the constants of a message class, and the defaults of its fields, by their names."""
    properties = (name for name, value in vars(type(cls)).items() if isinstance(value, property))
    return {name: getattr(cls, name) for name in properties}


class Builtins:
    """Names of builtins, also where a field of the class hides them: one named ``bool``, say."""

    def __init__(self, cls: Any) -> None:
        self._hidden = {*cls.get_fields_and_field_types(), *constants_of(cls)}

    def __call__(self, name: str) -> str:
        return f"builtins.{name}" if name in self._hidden else name


def namespaced_types(cls: Any) -> Iterator[definition.NamespacedType]:
    """Yield the types of messages that a message class holds."""
    for kind in cls.SLOT_TYPES:
        item = kind.value_type if isinstance(kind, definition.AbstractNestedType) else kind
        if isinstance(item, definition.NamespacedType):
            yield item


def _types(kind: Any, builtin: Builtins, name_of: NameOf) -> tuple[str, str]:
    if not isinstance(kind, definition.AbstractNestedType):
        item = _item(kind, builtin, name_of)
        return item, item
    item = _item(kind.value_type, builtin, name_of)
    takes = f"_Sequence[{item}]"
    number = getattr(kind.value_type, "typename", "boolean")
    if number in (*_SCALARS, "long double"):
        return f"{builtin('list')}[{item}]", takes
    takes += " | _NDArray[_Any]"
    if isinstance(kind, definition.Array):
        return f"_NDArray[_numpy.{_DTYPES.get(number, number)}]", takes
    return f"_array[{item}]", takes


def _item(kind: Any, builtin: Builtins, name_of: NameOf) -> str:
    if isinstance(kind, definition.NamespacedType):
        return name_of(kind)
    if isinstance(kind, definition.AbstractGenericString):
        return builtin("str")
    name = kind.typename
    return builtin(_SCALARS.get(name) or ("float" if name in _FLOATS else "int"))
