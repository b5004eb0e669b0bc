# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Random instances of any message class, from the description that the class carries.

from __future__ import annotations

import functools
import importlib
import sys
from typing import Any

from hypothesis import strategies as st
from rosidl_parser import definition

_INT_BITS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
_BYTES = st.integers(0, 255).map(lambda number: bytes([number]))
# What UTF-8 can encode; a NUL ends a string in C.
_TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.just("\0"), max_size=12)
_FLOATS32 = st.floats(width=32)
_FLOATS64 = st.floats(width=64)
_MOST_ITEMS = 4


def basic(typename: str) -> st.SearchStrategy[Any]:
    """Draw values of a basic type of IDL."""
    if typename in _INT_BITS:
        half = 1 << (_INT_BITS[typename] - 1)
        return st.integers(-half, half - 1)
    if typename.startswith("uint"):
        return st.integers(0, (1 << _INT_BITS[typename[1:]]) - 1)
    return {
        "boolean": st.booleans(),
        "octet": _BYTES,
        "char": st.integers(0, 255),
        "float": _FLOATS32,
        "double": _FLOATS64,
    }[typename]


def message_class(kind: definition.NamespacedType) -> Any:
    """Find the class of a nested message."""
    module = importlib.import_module(".".join(kind.namespaces))
    file = getattr(module, kind.name.split("_")[0])
    return getattr(sys.modules[file.__module__], kind.name)


def collections(
    kind: definition.AbstractNestedType, items: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    """Draw values of an array or a sequence."""
    if isinstance(kind, definition.Array):
        return st.lists(items, min_size=kind.size, max_size=kind.size)
    if not isinstance(kind, definition.BoundedSequence):
        return st.lists(items, max_size=_MOST_ITEMS)
    bound = kind.maximum_size
    some = st.lists(items, max_size=min(bound, _MOST_ITEMS))
    return some | st.lists(items, min_size=bound, max_size=bound) if bound <= _MOST_ITEMS else some


def values(kind: definition.AbstractType) -> st.SearchStrategy[Any]:
    """Draw values of a field, as its setter takes them."""
    if isinstance(kind, definition.AbstractNestedType):
        items = values(kind.value_type)
        if isinstance(kind.value_type, definition.NamespacedType):
            # Few different ones, or messages of messages grow beyond what can be drawn.
            default = message_class(kind.value_type)()
            return items.flatmap(lambda drawn: collections(kind, st.sampled_from([drawn, default])))
        return collections(kind, items)
    if isinstance(kind, (definition.BoundedString, definition.BoundedWString)):
        bound = int(kind.maximum_size)
        return _TEXT.map(lambda text: text[:bound]) | st.just("x" * bound)
    if isinstance(kind, definition.AbstractGenericString):
        return _TEXT
    if isinstance(kind, definition.NamespacedType):
        return messages(message_class(kind))
    assert isinstance(kind, definition.BasicType)
    return basic(kind.typename)


@functools.cache
def messages(cls: Any) -> st.SearchStrategy[Any]:
    """Draw instances of a message class."""
    names = cls.get_fields_and_field_types()
    fields = map(values, cls.SLOT_TYPES)
    return st.fixed_dictionaries(dict(zip(names, fields, strict=True))).map(
        lambda drawn: cls(**drawn)
    )
