# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Processes that a test starts: real ROS processes, of the same Python, that it talks to by lines.
"""A child says on its stdout when it is ready, and is told on its stdin when to go on.

A child that hangs prints the stacks of its threads and ends: ``programs`` set a deadline for
themselves, and the deadline of the test kills what is left.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import started

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it had said since it was last listened to."""

    status: int
    stdout: str
    stderr: str


class Child:
    """A process that runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def hear(self) -> str:
        """Wait for one line."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"The child has ended: {self.end()}")
        return line.rstrip("\n")

    def hear_that(self, words: str) -> None:
        """Wait for one line, which must be this one."""
        heard = self.hear()
        assert heard == words, f"Expected {words!r}, heard {heard!r}, then {self.kill()}"

    def tell(self, words: str) -> None:
        """Send one line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{words}\n")
        self._process.stdin.flush()

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def end(self) -> Ended:
        """Wait for the end of the process."""
        stdout, stderr = self._process.communicate()
        return Ended(self._process.returncode, stdout, stderr)

    def kill(self) -> Ended:
        """End the process at once."""
        self._process.kill()
        return self.end()


@contextlib.contextmanager
def start(
    program: str,
    *arguments: object,
    domain_id: int,
    options: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Child]:
    """Run a program of ``tests.processes.programs``; it is killed if it outlives the block.

    :param options: those of the interpreter.
    """
    module = f"tests.processes.programs.{program}"
    command = [sys.executable, *options, "-m", module, *map(str, arguments)]
    with started(command, domain_id=domain_id, cwd=ROOT, environment=environment) as process:
        yield Child(process)
