# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Message classes with abstract base classes, as newer releases of ROS generate them.

from __future__ import annotations

from pathlib import Path

import pytest

from aiorcl.cli import main
from tests.support.interfaces import Check, write_package

pytestmark = pytest.mark.timeout(120)  # mypy reads all of numpy

BASES = """\
from abc import ABC, ABCMeta, abstractmethod


class BaseMeta(ABCMeta):
    @classmethod
    @abstractmethod
    def __import_type_support__(cls) -> None: ...


class Base(ABC, metaclass=BaseMeta):
    @abstractmethod
    def __repr__(self) -> str: ...

    @abstractmethod
    def __eq__(self, other: object) -> bool: ...

    @classmethod
    @abstractmethod
    def get_fields_and_field_types(cls) -> dict[str, str]: ...
"""
MESSAGE = """\
from bases_of_messages import Base, BaseMeta
from rosidl_parser.definition import BasicType


class Metaclass_Derived(BaseMeta):
    @classmethod
    def __import_type_support__(cls):
        pass


class Derived(Base, metaclass=Metaclass_Derived):
    SLOT_TYPES = (BasicType("int32"),)

    def __init__(self, **values):
        self.number = values["number"]

    def __repr__(self):
        return f"Derived({self.number})"

    def __eq__(self, other):
        return other.number == self.number

    @classmethod
    def get_fields_and_field_types(cls):
        return {"number": "int32"}
"""
RIGHT = """\
from bases_of_messages import Base
from derived_msgs.msg import Derived

message = Derived(number=3)
base: Base = message
kind: type[Base] = Derived
assert repr(message) == "Derived(3)"
"""


def test_messages_that_derive_are_made(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is abstract in their bases is not in them: type checkers let programs make some."""
    workspace, output, program = tmp_path / "workspace", tmp_path / "typings", tmp_path / "right.py"
    (workspace / "bases_of_messages").mkdir(parents=True)
    (workspace / "bases_of_messages" / "py.typed").touch()
    (workspace / "bases_of_messages" / "__init__.py").write_text(BASES)
    write_package(workspace, "derived_msgs", "from derived_msgs.msg._derived import Derived")
    (workspace / "derived_msgs" / "msg" / "_derived.py").write_text(MESSAGE)
    monkeypatch.syspath_prepend(workspace)
    assert main(["stubs", "derived_msgs", "--output", str(output)]) == 0
    monkeypatch.setenv("PYTHONPATH", f"{output}:{workspace}")
    program.write_text(RIGHT)
    assert check("--strict", program) == "Success: no issues found in 1 source file\n"
    exec(compile(RIGHT, str(program), "exec"), {})
