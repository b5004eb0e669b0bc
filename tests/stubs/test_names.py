# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Fields and constants with names, and values, that Python has a use of its own for.

from __future__ import annotations

from pathlib import Path

import pytest

from aiorcl.cli import main
from tests.support.interfaces import Check, write_package

pytestmark = pytest.mark.timeout(120)  # mypy reads all of numpy

# As rosidl generates it.
MESSAGE = """\
import math
from abc import ABC
from rosidl_parser.definition import BasicType, UnboundedSequence, UnboundedString, UnboundedWString

NAMES = ("bool", "int", "float", "str", "list", "tuple", "dict", "object", "property", "lambda")


class Metaclass_Odd(type(ABC)):
    @property
    def INFINITE(cls):
        return math.inf

    @property
    def QUOTED(cls):
        return "it's \\n \\"so\\""

    @property
    def classmethod(cls):
        return 3


class Odd(ABC, metaclass=Metaclass_Odd):
    SLOT_TYPES = (
        BasicType("boolean"),
        BasicType("int32"),
        BasicType("long double"),
        UnboundedString(),
        UnboundedSequence(BasicType("octet")),
        UnboundedSequence(UnboundedWString()),
        UnboundedSequence(BasicType("double")),
        BasicType("char"),
        UnboundedSequence(BasicType("long double")),
        BasicType("int8"),
    )

    @staticmethod
    def get_fields_and_field_types():
        return dict.fromkeys(NAMES, "")
"""
RIGHT = """\
import array
from abc import ABC
from odd_msgs.msg import Odd

odd = Odd(bool=True)
a: bool = odd.bool
b: int = odd.int
c: float = odd.float
d: str = odd.str
e: list[bytes] = odd.list
f: list[str] = odd.tuple
g: array.array[float] = odd.dict
h: str = odd.object
i: list[float] = odd.property
j: float = Odd.INFINITE
k: str = Odd.QUOTED
odd.list = (b"a", b"b")
l: ABC = odd
"""


def test_names_of_builtins_are_names_of_fields(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A field named as what the stub needs hides it from no other; bases are kept."""
    workspace, program = tmp_path / "workspace", tmp_path / "right.py"
    write_package(workspace, "odd_msgs", "from odd_msgs.msg._odd import Odd")
    (workspace / "odd_msgs" / "msg" / "_odd.py").write_text(MESSAGE)
    monkeypatch.syspath_prepend(workspace)
    output = tmp_path / "typings"
    assert main(["stubs", "odd_msgs", "--output", str(output)]) == 0
    monkeypatch.setenv("PYTHONPATH", str(output))
    program.write_text(RIGHT)
    assert check("--strict", program).startswith("Success")
    assert check("--strict", "--package", "odd_msgs").startswith("Success")
