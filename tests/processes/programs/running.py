# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A program that aiorcl.run runs, until signals come; says how it ended.

from __future__ import annotations

import asyncio
import signal
import sys
import threading

import rclpy
from rclpy.node import Node
from rclpy.task import Future

import aiorcl
from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from tests.processes.programs.talk import say, set_deadline
from tests.support.counters import wait_until_asleep
from tests.support.loops import LOOPS


def announce() -> None:
    """Say that a signal may come, once the main thread waits for events."""
    main_thread = threading.main_thread().native_id
    assert main_thread is not None

    def tell() -> None:
        wait_until_asleep(main_thread)
        say("ready")

    threading.Thread(target=tell).start()


class Robot(Node):
    """Says when it is destroyed, and whether ROS is up then."""

    def __init__(self) -> None:
        super().__init__("robot")
        self._timer = self.create_timer(0.0, self._begin)

    def _begin(self) -> None:
        self._timer.cancel()
        announce()

    def destroy_node(self) -> None:
        say(f"destroyed, rclpy is {'up' if rclpy.ok() else 'down'}")
        super().destroy_node()


class Held(Robot):
    """One whose worker waits for a done callback of what nobody completes."""

    def __init__(self) -> None:
        super().__init__()
        self._future: Future[None] = Future()
        self._hold = self.create_timer(0.0, self._wait, callback_group=ThreadCallbackGroup(1))

    def _wait(self) -> None:
        self._hold.cancel()
        done = threading.Event()
        self._future.add_done_callback(lambda _: done.set())
        say("waits")
        done.wait()


async def patient(executor: AsyncioExecutor) -> None:
    """Wait until it is cancelled."""
    executor.add_node(Node("node"))
    announce()
    try:
        await asyncio.Event().wait()
    finally:
        say(f"cleaned up, rclpy is {'up' if rclpy.ok() else 'down'}")


async def blocked(executor: AsyncioExecutor) -> None:
    """Block the loop.

    Not in one call: the system may hand the second of two signals to another thread, and then this
    one would not wake up for it.
    """
    say("ready")
    while True:
        threading.Event().wait(0.01)


WAYS = {
    "main": patient,
    "node": Robot,
    "both": [Robot, patient],
    "blocked": blocked,
    "held": [Held, patient],
}


def main() -> None:
    """Run, and say what was returned or raised."""
    set_deadline(20)
    way, loop = sys.argv[1:]
    try:
        result = aiorcl.run(WAYS[way], loop_factory=LOOPS[loop])  # type: ignore[call-overload]
        say(f"returned {result}, rclpy is {'up' if rclpy.ok() else 'down'}")
    except BaseException as error:
        say(type(error).__name__)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


if __name__ == "__main__":
    main()
