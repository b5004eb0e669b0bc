# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A heater without hardware: the other side of a pseudo-terminal.

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tty
from pathlib import Path
from types import TracebackType
from typing import Self

PERIOD_SEC = 0.1


class Port:
    """A serial port that is a pseudo-terminal, seen from the device.

    :param path: a link to make, in place of the ``/dev/pts/N`` that the system chooses.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    async def __aenter__(self) -> Self:
        self._device, self._host = os.openpty()
        tty.setraw(self._host)
        self._unfinished = b""
        self._lines: asyncio.Queue[str] = asyncio.Queue()
        asyncio.get_running_loop().add_reader(self._device, self._read)
        self.path.symlink_to(os.ttyname(self._host))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Unplug it."""
        self.path.unlink()
        asyncio.get_running_loop().remove_reader(self._device)
        os.close(self._host)
        os.close(self._device)

    def say(self, line: str) -> None:
        """Send a line to the host."""
        os.write(self._device, f"{line}\n".encode())

    async def hear(self) -> str:
        """Wait for a line of the host."""
        return await self._lines.get()

    def _read(self) -> None:
        *lines, self._unfinished = (self._unfinished + os.read(self._device, 4096)).split(b"\n")
        for line in lines:
            self._lines.put_nowait(line.decode())


class Heater:
    """Warms up while it is on, up to a limit."""

    def __init__(self) -> None:
        self.celsius = 20.0
        self.on = False

    def step(self, seconds: float) -> None:
        """Let time pass."""
        self.celsius += (2.0 if self.on else (20.0 - self.celsius) / 10) * seconds
        self.on = self.on and self.celsius < 80

    def obey(self, command: str) -> str:
        """Do what the host says; the answer."""
        if command not in ("HEAT 0", "HEAT 1"):
            return "ERR what?"
        if command == "HEAT 1" and self.celsius > 75:
            return "ERR too hot"
        self.on = command == "HEAT 1"
        return "OK"


async def simulate(path: Path) -> None:
    """Be a heater at ``path`` until cancelled."""
    heater = Heater()
    async with Port(path) as port, asyncio.TaskGroup() as tasks:

        async def measure() -> None:
            while True:
                port.say(f"T {heater.celsius:.2f}")
                await asyncio.sleep(PERIOD_SEC)
                heater.step(PERIOD_SEC)

        tasks.create_task(measure())
        print(f"A heater is at {path}", flush=True)
        while True:
            port.say(heater.obey(await port.hear()))


def main() -> None:
    """Be a heater at the path of the first argument, until Ctrl-C."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "/tmp/heater")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(simulate(path))


if __name__ == "__main__":
    main()
