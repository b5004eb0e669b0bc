# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The stubs of each interface package that is installed: true to its classes, and to what is wrong.

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.interfaces import Check, installed_packages

pytestmark = pytest.mark.timeout(300)  # mypy reads all of numpy

PARTS = ("Request", "Response", "Event", "Goal", "Result", "Feedback")
HEADER = """\
import array
import numpy
from typing import Any
{imports}

def use(value: object) -> None: ...

"""


def message_classes(package: str) -> Iterator[tuple[str, Any]]:
    """Yield the message classes of a package, as users name them."""
    for kind in ("msg", "srv", "action"):
        try:
            module = importlib.import_module(f"{package}.{kind}")
        except ModuleNotFoundError:
            continue
        for name, cls in vars(module).items():
            path = f"{module.__name__}.{name}"
            if hasattr(cls, "SLOT_TYPES"):
                yield path, cls
            for part in PARTS:
                if hasattr(cls, part):
                    yield f"{path}.{part}", getattr(cls, part)


def type_given(value: Any) -> str:
    """Name the type of what a field of a new message holds."""
    kind = type(value)
    if kind.__name__ == "ndarray":
        return f"numpy.ndarray[Any, numpy.dtype[numpy.{value.dtype.name}]]"
    if kind.__name__ == "array":
        return f"array.array[{'float' if value.typecode in 'fd' else 'int'}]"
    if kind is list:
        return f"list[{type_given(value[0])}]" if value else "list[Any]"
    return str(
        kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    )


def right_lines(path: str, cls: Any) -> Iterator[str]:
    """Yield what is right with a message class."""
    message = cls()
    for name in cls.get_fields_and_field_types():
        kind = type_given(getattr(message, name))
        yield f"field: {kind} = {path}().{name}"
        yield f"{path}().{name} = {path}().{name}"
        yield f"use({path}({name}={path}().{name}))"
    for name, value in vars(type(cls)).items():
        if isinstance(value, property):
            yield f"constant: {type_given(getattr(cls, name))} = {path}.{name}"
    yield f"use({path}(check_fields=True))"
    yield f"names: dict[str, str] = {path}.get_fields_and_field_types()"


def wrong_lines(path: str, cls: Any) -> Iterator[str]:
    """Yield what is wrong with a message class."""
    yield f"{path}().no_such_field = 1"
    yield f"use({path}().no_such_field)"
    yield f"use({path}(no_such_field=1))"
    yield f"use({path}(1))"
    for name in cls.get_fields_and_field_types():
        yield f"{path}().{name} = object()"
        yield f"use({path}({name}=object()))"
    for name, value in vars(type(cls)).items():
        if isinstance(value, property) and not name.endswith("__DEFAULT"):
            yield f"{path}.{name} = {path}.{name}"


def program(lines_of: Callable[[str, Any], Iterator[str]]) -> tuple[str, list[str]]:
    """Write a program; each of its lines is a function of its own, which has names of its own."""
    modules, lines = set(), []
    for package in installed_packages():
        for path, cls in message_classes(package):
            modules |= {cls.__module__, cls.__module__.rpartition(".")[0]}
            lines += lines_of(path, cls)
    imports = "\n".join(f"import {module}" for module in sorted(modules))
    functions = [f"def f{number}() -> None: {line}\n" for number, line in enumerate(lines)]
    return HEADER.format(imports=imports) + "".join(functions), lines


def test_stubs_have_what_the_classes_have(check: Check) -> None:
    """mypy's stubtest finds no difference between the stubs and the generated code."""
    said = check(*installed_packages(), "--concise", "--ignore-missing-stub", tool="mypy.stubtest")
    assert said == ""


def test_right_programs_are_clean(check: Check, tmp_path: Path) -> None:
    """Each field gives the type of what rclpy puts there, and takes what it gives.

    The program is run as well: what is right for mypy is so for rclpy.
    """
    text, lines = program(right_lines)
    file = tmp_path / "right.py"
    file.write_text(text)
    assert check("--strict", file) == "Success: no issues found in 1 source file\n"
    names: dict[str, Any] = {}
    exec(compile(text, str(file), "exec"), names)
    for number in range(len(lines)):
        names[f"f{number}"]()


def test_wrong_lines_are_errors(check: Check, tmp_path: Path) -> None:
    """A field that is not there, and a value that no field takes, are errors; each one of them."""
    text, lines = program(wrong_lines)
    file = tmp_path / "wrong.py"
    file.write_text(text)
    said = check("--strict", "--hide-error-context", file)
    found = {int(number) for number in re.findall(r"wrong\.py:(\d+): error", said)}
    first = text.splitlines().index(f"def f0() -> None: {lines[0]}") + 1
    missed = [line for number, line in enumerate(lines, first) if number not in found]
    assert missed == []
