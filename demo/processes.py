# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A process of the demo: started, read line by line, and ended with the demo, however that ends."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Self

from demo.isolation import ros_environment

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 5.0
# A report can be longer than the 64 KiB that asyncio allows for a line by default.
LINE_LIMIT = 1 << 20


class DemoError(Exception):
    """An expectation of the demo failed; the message is a sentence for the terminal."""


class Process:
    """``python -m module``, for the time of an ``async with`` block.

    It runs in a session of its own: the terminal's Ctrl-C reaches the demo alone, which then ends
    its processes. Where ``setpriv`` exists, the kernel ends them too when the demo is killed.

    :param on_log: is given each line that the process writes to stderr.
    """

    def __init__(self, name: str, *arguments: str, on_log: Callable[[str], None]) -> None:
        self.name = name
        self.arguments = arguments
        self.on_log = on_log

    async def __aenter__(self) -> Self:
        tie = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        self.process = await asyncio.create_subprocess_exec(
            *tie,
            sys.executable,
            "-m",
            *self.arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            limit=LINE_LIMIT,
            start_new_session=True,
            cwd=ROOT,
            env=ros_environment(),
        )
        self.reading = asyncio.create_task(self._read_log())
        return self

    async def __aexit__(self, *exception: object) -> None:
        try:
            in_time = await self._stop()
        finally:
            if self.process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    self.process.kill()
                await self._drain()
        if exception[0] is not None:
            return
        if not in_time:
            raise DemoError(f"{self.name} did not stop within {STOP_SECONDS:.0f} s of SIGTERM")
        if self.process.returncode != 0:
            raise self.ended()

    @property
    def pid(self) -> int:
        return self.process.pid

    async def read_line(self) -> str:
        """The next line that the process writes to stdout.

        :raises DemoError: when the process ends.
        """
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        if not line:
            await self.watch()
        return line.decode()

    async def watch(self) -> NoReturn:
        """Wait as long as the process lives.

        :raises DemoError: when the process ends.
        """
        await self.process.wait()
        await asyncio.wait([self.reading])
        raise self.ended()

    def ended(self) -> DemoError:
        code = self.process.returncode
        assert code is not None
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit status {code}"
        return DemoError(f"{self.name} ended {how}")

    async def _read_log(self) -> None:
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            self.on_log(line.decode(errors="replace").rstrip())

    async def _stop(self) -> bool:
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._drain()
        except TimeoutError:
            return False
        return True

    async def _drain(self) -> None:
        # wait() returns only when the pipes are read to their end, so somebody has to read them.
        assert self.process.stdout is not None
        while await self.process.stdout.read(LINE_LIMIT):
            pass
        await self.process.wait()
        await asyncio.wait([self.reading])
