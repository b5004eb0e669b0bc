# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Programs written for rclpy's executors print the same by python and by aiorcl exec.
"""The programs are in ``tests/program/rclpy_programs``. None of them knows of aiorcl."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from rclpy.executors import Executor

from tests.support import network
from tests.support.processes import started

DEADLINE_SEC = 40.0
PROGRAMS = Path(__file__).parent / "rclpy_programs"
PYTHON = (sys.executable,)
EXEC = (sys.executable, "-m", "aiorcl", "exec")
ALONE = sorted({path.stem for path in PROGRAMS.glob("*.py")} - {"listener", "talker", "waits"})

#: What ``nested.py`` prints. Newer releases of rclpy refuse a spin inside a callback.
NESTED = """\
by_helper -> helper got an answer
by_global -> the same got an answer
by_other -> another got an answer
by_polling -> polling got an answer
ended
"""

Ended = tuple[int, str, str]


def run(*command: str, domain_id: int | None = None) -> Ended:
    """Run a command; its exit status, and what it wrote."""
    domain_id = network.domain_id() if domain_id is None else domain_id
    with started(command, domain_id=domain_id, cwd=PROGRAMS) as process:
        stdout, stderr = process.communicate(timeout=DEADLINE_SEC)
        return process.returncode, stdout, stderr


@pytest.mark.parametrize("program", ALONE)
def test_program(program: str) -> None:
    """Line by line, with nothing on stderr."""
    if program == "nested" and hasattr(Executor, "is_spinning"):
        stdout = NESTED
    else:  # rclpy may tell of what it did not fetch
        status, stdout, _ = run(*PYTHON, f"{program}.py")
        assert status == 0
        assert stdout
    assert run(*EXEC, f"{program}.py") == (0, stdout, "")


@pytest.mark.parametrize("listener", [PYTHON, EXEC], ids=["python", "exec"])
@pytest.mark.parametrize("talker", [PYTHON, EXEC], ids=["python", "exec"])
def test_talker_and_listener(talker: tuple[str, ...], listener: tuple[str, ...]) -> None:
    """Two processes, each under either."""
    domain_id = network.domain_id()
    with started([*talker, "talker.py"], domain_id=domain_id, cwd=PROGRAMS) as process:
        heard = [f"I heard: Hello World: {number}" for number in range(1, 6)]
        lines = ["Before: False", *heard, "After: True None"]
        ended = run(*listener, "listener.py", domain_id=domain_id)
        assert ended == (0, "\n".join(lines) + "\n", "")
        stdout, stderr = process.communicate(timeout=DEADLINE_SEC)
    said = [f"Publishing: Hello World: {number}" for number in range(1, 6)]
    assert (process.returncode, stderr) == (0, "")
    assert stdout.splitlines() == [*said, "Nobody listens any more"]


@pytest.mark.parametrize(
    ("number", "said"),
    [(signal.SIGINT, "KeyboardInterrupt\ndestroyed\n"), (signal.SIGTERM, "destroyed\n")],
)
def test_signal(number: signal.Signals, said: str) -> None:
    """Ctrl-C and SIGTERM end the program's spin as they do under rclpy, where nothing races there.

    rclpy's own executor may sleep over the signal, or meet a context that is down already.
    """
    command = [*EXEC, "waits.py"]
    with started(command, domain_id=network.domain_id(), cwd=PROGRAMS) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=DEADLINE_SEC)
    assert (process.returncode, stdout, stderr) == (0, said, "")
