# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Tests of the demo: it shows all, it fails with a sentence, and it leaves no process behind.
"""Every test runs ``python -m demo`` as a user does, and tampers with its real processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import select
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
DEADLINE_SEC = 50.0


class Demo:
    """A running ``python -m demo``; ``said`` is what it wrote to stdout so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""

    async def wait_for(self, pattern: str) -> str:
        """Read on until a line matches; what its only group caught."""
        assert self.process.stdout is not None
        while line := (await self.process.stdout.readline()).decode():
            self.said += line
            if match := re.search(pattern, line):
                return match[1]
        raise AssertionError(f"The demo ended before {pattern!r}:\n{self.said}")

    async def end(self) -> int:
        """Wait for the end of the demo; its exit status. Nothing may come on stderr."""
        stdout, stderr = await self.process.communicate()
        self.said += stdout.decode()
        assert stderr.decode() == ""
        assert self.process.returncode is not None
        return self.process.returncode

    def pids(self) -> list[int]:
        """The processes that the demo has named."""
        return [int(pid) for pid in re.findall(r"process (\d+)", self.said)]


@contextlib.asynccontextmanager
async def demo(*arguments: str) -> AsyncIterator[Demo]:
    """Start the demo; it is killed if it has not ended by itself, or has not in time."""
    command = [sys.executable, "-m", "demo", "--seconds=0.5", *arguments]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env={**os.environ, "COLUMNS": "200"}, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(DEADLINE_SEC):
            yield Demo(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_tells_its_story_and_ends() -> None:
    """The demo shows the robot, both executors and the page, and exits 0 by itself."""

    async def main() -> None:
        async with demo() as story:
            assert await story.end() == 0, story.said
            assert "the robot drives" in story.said
            assert "CPU per message" in story.said
            assert len(story.pids()) == 3
            assert not any(map(exists, story.pids()))

    asyncio.run(main())


def test_keep_serves_until_interrupted() -> None:
    """With --keep page, state and service stay up; a mute robot is a 504; Ctrl-C ends it with 0."""

    async def main() -> None:
        async with demo("--keep") as story:
            url = await story.wait_for(r"The page stays at (http://127\.0\.0\.1:\d+);")
            async with httpx.AsyncClient(base_url=url, trust_env=False) as browser:
                page = await browser.get("/")
                assert "<title>aiorcl dashboard</title>" in page.text
                state = (await browser.get("/api/state")).json()
                topics = {"odom", "imu", "scan", "joint_states", "battery", "plan"}
                assert set(state["robot"]) == topics
                stopped = await browser.post("/api/motors", json={"on": False})
                assert stopped.json() == {"success": True, "message": "The motors are off"}

                robot = story.pids()[0]
                os.kill(robot, signal.SIGSTOP)
                answer = await browser.post("/api/motors", json={"on": True})
                os.kill(robot, signal.SIGCONT)
                assert answer.status_code == httpx.codes.GATEWAY_TIMEOUT
                assert answer.json() == {"detail": "The robot does not answer"}
            story.process.send_signal(signal.SIGINT)
            assert await story.end() == 0
            assert not any(map(exists, story.pids()))

    asyncio.run(main())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_it(number: signal.Signals) -> None:
    """A signal in the middle ends every process, without a traceback, and shows in the status."""

    async def main() -> None:
        async with demo("--seconds=60") as story:
            await story.wait_for(r"(Robot ready)")
            story.process.send_signal(number)
            assert await story.end() == 128 + number
            assert not any(map(exists, story.pids()))

    asyncio.run(main())


def test_kill_leaves_no_process() -> None:
    """When the demo itself is killed, the kernel ends its processes."""

    async def main() -> None:
        async with demo("--seconds=60") as story:
            await story.wait_for(r"(Robot ready)")
            ends = select.poll()
            open_fds = [os.pidfd_open(pid) for pid in story.pids()]
            for fd in open_fds:
                ends.register(fd, select.POLLIN)
            story.process.kill()
            assert await story.process.wait() == -signal.SIGKILL
            while open_fds:
                ended = await asyncio.to_thread(ends.poll, 1000 * DEADLINE_SEC)
                assert ended
                for fd, _ in ended:
                    ends.unregister(fd)
                    open_fds.remove(fd)
                    os.close(fd)

    asyncio.run(main())


def test_dead_robot_is_a_failure() -> None:
    """When the robot dies, the demo says so and exits 1."""

    async def main() -> None:
        async with demo("--seconds=60") as story:
            os.kill(int(await story.wait_for(r"process (\d+) publishes")), signal.SIGKILL)
            assert await story.end() == 1
            assert "✗ The robot ended by SIGKILL" in story.said

    asyncio.run(main())


def test_silent_robot_is_a_failure() -> None:
    """When no messages come, the demo says on which topics and exits 1."""

    async def main() -> None:
        async with demo("--patience=1") as story:
            robot = int(await story.wait_for(r"process (\d+) publishes"))
            os.kill(robot, signal.SIGSTOP)
            assert await story.end() == 1
            assert (
                "heard nothing on /odom, /imu, /scan, /joint_states, /battery, /plan for 1 s"
                in story.said
            )
            assert not exists(robot)

    asyncio.run(main())


def test_taken_port_is_a_failure() -> None:
    """When the page's port is taken, the demo says so and exits 1."""

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            async with demo("--keep", f"--port={port}") as story:
                assert await story.end() == 1
                assert f"Cannot serve the page on 127.0.0.1:{port}" in story.said
                assert not any(map(exists, story.pids()))

    asyncio.run(main())


def test_the_comparison_of_dashboards() -> None:
    """Both dashboards serve a page until it has all topics; the table has a row of each."""
    command = [sys.executable, "-m", "demo.comparison", "--rounds=1", "--seconds=0.5"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_SEC)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    assert re.search(r"^AsyncioExecutor .* 5 x \d", ended.stdout, re.M)
    assert re.search(r"^SingleThreadedExecutor in a thread .* 5 x \d", ended.stdout, re.M)
