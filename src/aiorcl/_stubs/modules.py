# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The text of a stub module: the classes of one interface.

The classes of a service and of an action are written inside of its class, where users name them:
as aliases, which they are at run time, no type checker takes the class for one that has them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from textwrap import indent
from typing import Any

from rosidl_parser.definition import NamespacedType

from aiorcl._stubs.fields import Builtins, Field, constants_of, fields_of, namespaced_types
from aiorcl._stubs.packages import Interface

#: The first line of each file, by which those that may be written over are known.
MARK = "# Written by 'aiorcl stubs': write it anew after a change of the package."

_IMPORTS = """\
import builtins
from array import array as _array
from collections.abc import Sequence as _Sequence
from typing import Any as _Any, ClassVar as _ClassVar, Final as _Final, TypeAlias as _TypeAlias

import numpy as _numpy
from numpy.typing import NDArray as _NDArray
"""
_SERVICE = ("Request", "Response", "Event")
_LITERALS = (bool, int, str, bytes)


def module_text(interface: Interface) -> str:
    """Write the stub of the file of an interface."""
    writer = _Writer(interface)
    classes = writer.classes()
    imports = "".join(f"import {module}\n" for module in sorted(writer.modules))
    return "\n".join([f"{MARK}\n", _IMPORTS, imports, *writer.metaclasses, classes])


def packages_held_by(interface: Interface) -> set[str]:
    """Return the packages of the messages in the fields of an interface."""
    packages = {"action_msgs"} if hasattr(interface.cls, "Goal") else set()
    for message in interface.messages.values():
        packages |= {next(iter(kind.namespaces)) for kind in namespaced_types(message)}
    return packages


class _Writer:
    """Writes the classes of a file; ``modules`` and ``metaclasses`` are what those need."""

    def __init__(self, interface: Interface) -> None:
        self._interface = interface
        self._own = interface.cls.__name__
        self._paths: dict[str, str] = {}  # by which a class inside of the other is named
        self.modules: set[str] = set()
        self.metaclasses: list[str] = []

    def classes(self) -> str:
        """Write the class that users import, and the names that rclpy gives to those inside."""
        own = self._own
        if own in self._interface.messages:
            return self._message(own, own)
        if hasattr(self._interface.cls, "Goal"):
            written = self._action()
        else:
            self._note_service(own, own)
            written = self._service(own, own)
        aliases = [f"{name}: _TypeAlias = {path}\n" for name, path in self._paths.items()]
        return f"{written}\n{''.join(aliases)}"

    def _action(self) -> str:
        own = self._own
        parts = ("Goal", "Result", "Feedback")
        services = {"SendGoalService": f"{own}_SendGoal", "GetResultService": f"{own}_GetResult"}
        for part in parts:
            self._paths[f"{own}_{part}"] = f"{own}.{part}"
        for part, name in services.items():
            self._note_service(name, f"{own}.Impl.{part}")
        self._paths[f"{own}_FeedbackMessage"] = f"{own}.Impl.FeedbackMessage"
        self.modules |= {"action_msgs.msg", "action_msgs.srv"}
        inner = [self._service(name, part) for part, name in services.items()]
        inner.append(self._message(f"{own}_FeedbackMessage", "FeedbackMessage"))
        inner.append("CancelGoalService: _TypeAlias = action_msgs.srv.CancelGoal\n")
        inner.append("GoalStatusMessage: _TypeAlias = action_msgs.msg.GoalStatusArray\n")
        members = [self._message(f"{own}_{part}", part) for part in parts]
        members.append(_class("Impl", inner))
        return self._class(own, own, members)

    def _note_service(self, name: str, path: str) -> None:
        for part in self._parts(name):
            self._paths[f"{name}_{part}"] = f"{path}.{part}"
        if path != name:
            self._paths[name] = path

    def _parts(self, service: str) -> list[str]:
        return [part for part in _SERVICE if f"{service}_{part}" in self._interface.messages]

    def _service(self, name: str, written: str) -> str:
        members = [self._message(f"{name}_{part}", part) for part in self._parts(name)]
        return self._class(name, written, members)

    def _message(self, name: str, written: str) -> str:
        cls = self._interface.messages[name]
        fields = list(fields_of(cls, self._name_of))
        builtin = Builtins(cls)
        members = list(_constants(cls, builtin))
        members.append(f"SLOT_TYPES: _ClassVar[{builtin('tuple')}[_Any, ...]]\n")
        members.append(f"__hash__: _ClassVar[None]  # {'type: ignore'}[assignment]\n")
        taken = [f"{field.name}: {field.takes} = ..." for field in fields]
        taken.append(f"check_fields: {builtin('bool')} = ...")
        members.append(f"def __init__(self, *, {', '.join(taken)}) -> None: ...\n")
        members.append(f"def __repr__(self) -> {builtin('str')}: ...\n")
        members.append(f"def __eq__(self, other: {builtin('object')}) -> {builtin('bool')}: ...\n")
        members.append(
            f"@{builtin('classmethod')}\ndef get_fields_and_field_types(cls) -> "
            f"{builtin('dict')}[{builtin('str')}, {builtin('str')}]: ...\n"
        )
        members += [_property(field, builtin) for field in fields]
        return self._class(name, written, members, self._named(cls), self._named(type(cls)))

    def _named(self, cls: type) -> list[str]:
        """Name the bases that a class has of newer ROS, by which its rclpy knows a message."""
        bases = [base for base in cls.__bases__ if base not in (object, type)]
        self.modules |= {base.__module__ for base in bases}
        return [f"{base.__module__}.{base.__qualname__}" for base in bases]

    def _class(
        self,
        name: str,
        written: str,
        members: list[str],
        bases: Sequence[str] = (),
        metabases: Sequence[str] = (),
    ) -> str:
        metaclass = f"Metaclass_{name}"
        of_type_support = "_TYPE_SUPPORT: _ClassVar[_Any]\n"
        of_type_support += "@classmethod\ndef __import_type_support__(cls) -> None: ...\n"
        self.metaclasses.append(
            _class(metaclass, [of_type_support], ", ".join(metabases) or "type")
        )
        return _class(written, members, ", ".join([*bases, f"metaclass={metaclass}"]))

    def _name_of(self, kind: NamespacedType) -> str:
        if kind.name in self._paths:
            return self._paths[kind.name]
        module = ".".join(kind.namespaces)
        self.modules.add(module)
        return f"{module}.{kind.name}"


def _class(name: str, members: list[str], bases: str = "") -> str:
    head = f"class {name}({bases}):\n" if bases else f"class {name}:\n"
    return head + indent("".join(members), "    ")


def _property(field: Field, builtin: Builtins) -> str:
    read = f"@{builtin('property')}\ndef {field.name}(self) -> {field.gives}: ...\n"
    setter = f"@{field.name}.setter\ndef {field.name}(self, value: {field.takes}) -> None: ...\n"
    return read + setter


def _constants(cls: Any, builtin: Builtins) -> Iterator[str]:
    for name, value in constants_of(cls).items():
        if type(value) in _LITERALS or (type(value) is float and math.isfinite(value)):
            yield f"{name}: _Final = {value!r}\n"
        else:  # an infinite number, or the default of a sequence
            kind = builtin("float") if type(value) is float else "_Any"
            yield f"{name}: _ClassVar[{kind}]\n"
