# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What rosidl's introspection says of a message type in C, and the structs that it makes.

from __future__ import annotations

import ctypes
from typing import Any

_INTROSPECTION = b"rosidl_typesupport_introspection_c"


class Member(ctypes.Structure):
    """rosidl_typesupport_introspection_c__MessageMember, the same on Jazzy and Kilted."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("type_id", ctypes.c_uint8),
        ("string_upper_bound", ctypes.c_size_t),
        ("members", ctypes.c_void_p),
        ("is_key", ctypes.c_bool),
        ("is_array", ctypes.c_bool),
        ("array_size", ctypes.c_size_t),
        ("is_upper_bound", ctypes.c_bool),
        ("offset", ctypes.c_uint32),
        ("default_value", ctypes.c_void_p),
        ("functions", ctypes.c_void_p * 6),
    ]


INIT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int)


class Members(ctypes.Structure):
    """rosidl_typesupport_introspection_c__MessageMembers."""

    _fields_ = [
        ("namespace", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("member_count", ctypes.c_uint32),
        ("size_of", ctypes.c_size_t),
        ("has_any_key_member", ctypes.c_bool),
        ("members", ctypes.POINTER(Member)),
        ("init_function", INIT),
        ("fini_function", ctypes.c_void_p),
    ]


class TypeSupport(ctypes.Structure):
    """rosidl_message_type_support_t, up to what is read here."""


FUNC = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(TypeSupport), ctypes.c_char_p)
TypeSupport._fields_ = [
    ("identifier", ctypes.c_char_p),
    ("data", ctypes.POINTER(Members)),
    ("func", FUNC),
]


class Text(ctypes.Structure):
    """rosidl_runtime_c__String or rosidl_runtime_c__U16String; or any sequence."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("capacity", ctypes.c_size_t),
    ]


def introspection_of(cls: Any) -> Members:
    """Copy the introspection of a message class."""
    metaclass = type(cls)
    if metaclass._TYPE_SUPPORT is None:
        metaclass.__import_type_support__()
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype = ctypes.POINTER(TypeSupport)
    get_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    get_name = ctypes.pythonapi.PyCapsule_GetName
    get_name.restype = ctypes.c_char_p
    get_name.argtypes = [ctypes.py_object]
    capsule = metaclass._TYPE_SUPPORT
    generated = get_pointer(capsule, get_name(capsule))
    found = ctypes.cast(generated.contents.func(generated, _INTROSPECTION), type(generated))
    return Members.from_buffer_copy(found.contents.data.contents)


class Twin:
    """A class like a message class, with a type support of its own, and so without a plan yet."""

    #: Plans are never freed.
    _all: list[Twin] = []  # noqa: RUF012

    def __init__(self, cls: Any) -> None:
        self._all.append(self)
        self.addresses: list[int] = []
        self._introspection = introspection_of(cls)
        address = ctypes.cast(self._introspection.init_function, ctypes.c_void_p).value
        assert address is not None
        self._init = INIT(address)  # a copy: what the field gives follows the field
        self._introspection.init_function = INIT(self._note_and_init)
        count = self._introspection.member_count
        self._members = (Member * count)(*self._introspection.members[:count])
        self._introspection.members = ctypes.cast(self._members, ctypes.POINTER(Member))
        self._type_support: TypeSupport = TypeSupport(
            _INTROSPECTION,
            ctypes.pointer(self._introspection),
            FUNC(lambda _, __: ctypes.addressof(self._type_support)),
        )
        new_capsule = ctypes.pythonapi.PyCapsule_New
        new_capsule.restype = ctypes.py_object
        new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        capsule = new_capsule(ctypes.addressof(self._type_support), None, None)
        metaclass: Any = type("Metaclass", (type(cls),), {"_TYPE_SUPPORT": capsule})
        attributes = {name: value for name, value in vars(cls).items() if name not in cls.__slots__}
        self.cls = metaclass(cls.__name__, (), attributes)

    def _note_and_init(self, struct: int, kind: int) -> None:
        self.addresses.append(struct)
        self._init(struct, kind)

    def member(self, field: str) -> Member:
        """Return what the introspection says of a field."""
        found: Member = next(each for each in self._members if each.name.decode() == field)
        return found

    def text(self, field: str) -> Text:
        """Return the string or the sequence of a field, in the only struct that was made."""
        (address,) = self.addresses
        return Text.from_address(address + self.member(field).offset)

    def message(self, field: str, value: object) -> Any:
        """Make a message with a value that no setter has looked at."""
        message = self.cls()
        setattr(message, f"_{field}", value)
        return message
