# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What amendments leave as the installed release has it, shown with modules of no release.

from __future__ import annotations

from pathlib import Path

import pytest

from aiorcl._stubs.amended import amended_stubs
from tests.support.interfaces import Check

pytestmark = pytest.mark.timeout(120)  # mypy reads all of numpy

RELEASED = """\
from typing import Generic, TypeVar

GoalT = TypeVar("GoalT")
ImplT = TypeVar("ImplT", bound=list)


class BaseTimer:
    @property
    def period(self):
        return 1

    @period.setter
    def period(self, value: int):
        pass

    def reset(self, hard: bool = False):
        pass


class Timer(BaseTimer):
    pass


class Handle(Generic[GoalT, ImplT]):
    def __init__(self, goal, impl: ImplT):
        self.impl = impl
"""
AMENDMENT = """\
from collections.abc import Callable
from typing import Generic

class Timer:
    @property
    def period(self) -> int: ...
    def reset(self) -> None: ...

class Handle(Generic[GoalT]):
    def __init__(self, goal: GoalT) -> None: ...
    def then(self, callback: Callable[[Handle[GoalT]], None]) -> None: ...
"""
HEADER = """\
from __future__ import annotations
from typing import assert_type
from released import Handle, Timer

"""
RIGHT = """\
timer = Timer()
assert_type(timer.period, int)
timer.period = 5
timer.reset(hard=True)

def of_old(handle: Handle[int]) -> None: ...
def of_today(handle: Handle[int, str]) -> None: ...

handle = Handle(1, "impl")
assert_type(handle, Handle[int, str])
assert_type(handle.impl, str)
handle.then(of_old)
handle.then(of_today)
"""
WRONG = """\
Timer().period = "5"
Timer().reset("hard")
handle: Handle[str] = Handle(1, "impl")
other: Handle[int, str, int]
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with the stub of the module."""
    stubs = amended_stubs({"released.pyi": RELEASED}, {"released.pyi": AMENDMENT})
    (tmp_path / "released.pyi").write_text(stubs["released.pyi"])
    return tmp_path


def test_what_the_release_has_is_left(check: Check, directory: Path) -> None:
    """Setters, also of what has gone to a base, and type parameters that amendments leave out."""
    (directory / "right.py").write_text(HEADER + RIGHT)
    said = check("--strict", directory / "right.py")
    assert said == "Success: no issues found in 1 source file\n"


def test_what_is_amended_is_so(check: Check, directory: Path) -> None:
    """Each line that is wrong is an error."""
    (directory / "wrong.py").write_text(HEADER + WRONG)
    said = check("--strict", directory / "wrong.py")
    first = HEADER.count("\n") + 1
    lines = [line.partition(": error: ")[0] for line in said.splitlines()]
    numbers = range(first, first + WRONG.count("\n"))
    assert lines[:-1] == [f"{directory / 'wrong.py'}:{number}" for number in numbers], said
