# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# aiorcl.install() in a program, before and after its imports; each in a process of its own.

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import aiorcl
from tests.support import network
from tests.support.processes import started

DEADLINE_SEC = 30.0

# Of a program that has imported all that there is before it calls install().
LATE = """\
import aiorcl
import rclpy
from rclpy import spin, spin_once
from rclpy.executors import Executor, MultiThreadedExecutor, SingleThreadedExecutor
from rclpy.executors import SingleThreadedExecutor as Other

of_rclpy = [SingleThreadedExecutor]

class Mine(SingleThreadedExecutor):
    def __init__(self, name):
        super().__init__()
        self.name = name

    def spin_once(self, timeout_sec=None):
        print("mine")
        super().spin_once(timeout_sec)

class Derived(Mine):
    pass

class InUse(SingleThreadedExecutor):
    pass

rclpy.init()
before = InUse()
first = rclpy.get_global_executor()
aiorcl.install()
aiorcl.install()

def is_ours(executor):
    return isinstance(executor, aiorcl.AsyncioExecutor), isinstance(executor, Executor)
"""


def run(folder: Path, program: str) -> str:
    """Run a program, which ends well; what it said."""
    (folder / "program.py").write_text(program)
    command = [sys.executable, "-W", "error::ResourceWarning", "program.py"]
    with started(command, domain_id=network.domain_id(), cwd=folder) as process:
        stdout, stderr = process.communicate(timeout=DEADLINE_SEC)
    assert (process.returncode, stderr) == (0, "")
    return stdout


def test_names_that_were_imported(tmp_path: Path) -> None:
    """Globals of modules are those of aiorcl afterwards, by whichever name; what exists stays."""
    program = """\
for cls in (SingleThreadedExecutor, Other, MultiThreadedExecutor):
    executor = cls()
    print(cls.__name__, *is_ours(executor), isinstance(executor, SingleThreadedExecutor))
    executor.shutdown()
print(of_rclpy[0] is SingleThreadedExecutor, is_ours(of_rclpy[0]()), spin is rclpy.spin)
print(is_ours(before), is_ours(first), is_ours(rclpy.get_global_executor()))
"""
    assert run(tmp_path, LATE + program).splitlines() == [
        "SingleThreadedExecutor True True True",
        "SingleThreadedExecutor True True True",
        "MultiThreadedExecutor True True False",
        "False (False, True) True",
        "(False, True) (False, True) (False, True)",
    ]


def test_classes_that_were_derived(tmp_path: Path) -> None:
    """They derive from aiorcl's afterwards, with their methods; not where an object exists."""
    program = """\
for executor in (Mine("a"), Derived("b"), InUse()):
    print(type(executor).__name__, *is_ours(executor), getattr(executor, "name", None))
    executor.spin_once(timeout_sec=0)
    executor.shutdown()
"""
    assert run(tmp_path, LATE + program).splitlines() == [
        "Mine True True a",
        "mine",
        "Derived True True b",
        "mine",
        "InUse False True None",
    ]


def test_names_that_are_imported_later(tmp_path: Path) -> None:
    """All are aiorcl's, EventsExecutor too where rclpy has it; the options are those of install."""
    program = """\
import asyncio
import aiorcl
errors = []
tell = lambda error, name: errors.append(name)
aiorcl.install(on_error=tell, loop_factory=asyncio.new_event_loop)

import rclpy
from rclpy.executors import *
try:
    from rclpy.experimental.events_executor import EventsExecutor
    from rclpy.experimental import EventsExecutor as same
    assert same is EventsExecutor
except ImportError:
    EventsExecutor = SingleThreadedExecutor

rclpy.init()

async def fail():
    raise ValueError

for cls in (SingleThreadedExecutor, MultiThreadedExecutor, EventsExecutor):
    executor = cls()
    assert isinstance(executor, aiorcl.AsyncioExecutor)
    print(type(executor.loop).__module__)
    executor.create_task(fail)
    while not errors:
        executor.spin_once()
    print(errors.pop())
    executor.shutdown()
"""
    assert run(tmp_path, program) == "asyncio.unix_events\ntask 'fail'\n" * 3


def test_a_spin_on_an_executor_of_another_kind(tmp_path: Path) -> None:
    """``rclpy.spin`` runs an executor of rclpy's, or of the user's own, as ever."""
    program = """\
node = rclpy.create_node("node")
node.create_timer(0.001, rclpy.shutdown)
calls = []
spin_once = before.spin_once
before.spin_once = lambda: (calls.append(None), spin_once())
rclpy.spin(node, before)
print(bool(calls))
"""
    assert run(tmp_path, LATE + program) == "True\n"


@pytest.mark.parametrize("arguments", ["wait_for_ready_callbacks()", "can_execute(None)"])
def test_what_needs_wait_sets_says_what_to_write(tmp_path: Path, arguments: str) -> None:
    """A class of the program's that builds on them is to be derived from another one."""
    program = f"""\
try:
    Mine("a").{arguments}
except RuntimeError as error:
    print(error)
"""
    said = run(tmp_path, LATE + program)
    assert said.startswith(f"{arguments.partition('(')[0]}() is for executors that build wait sets")
    assert said.endswith("Derive the class from rclpy.executors.Executor, which is rclpy's own\n")


@pytest.mark.parametrize("argument", ["on_error", "loop_factory"])
def test_what_is_no_function_is_refused(argument: str) -> None:
    """With the name of the argument, and nothing is installed."""
    options = {argument: 3}
    with pytest.raises(TypeError, match=rf"aiorcl.install\(\) takes a function as {argument}"):
        aiorcl.install(**options)  # type: ignore[arg-type]


def test_what_makes_no_loop_is_named(tmp_path: Path) -> None:
    """By whatever would run the executor."""
    program = """
aiorcl.install(loop_factory=lambda: 5)
try:
    SingleThreadedExecutor().spin_once(timeout_sec=0)
except TypeError as error:
    print(error)
"""
    words = "aiorcl.install(): the loop_factory returned no event loop, but 5 (int)\n"
    assert run(tmp_path, LATE + program) == words


def test_a_spin_of_a_subclass_is_not_that_of_rclpy(tmp_path: Path) -> None:
    """``rclpy.spin()`` calls ``spin_once()``, again and again, and not what may call it itself."""
    program = """
class Ours(SingleThreadedExecutor):
    def spin(self):
        rclpy.spin(self.node, self)

executor = Ours()
executor.node = rclpy.create_node("node")
ticks = []

def tick():
    ticks.append(1)
    if len(ticks) == 3:
        rclpy.shutdown()

executor.node.create_timer(0.001, tick)
executor.spin()
print(len(ticks))
"""
    assert run(tmp_path, LATE + program) == "3\n"
