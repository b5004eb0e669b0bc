# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What a signal does: a table of what returns and what raises, each row in processes of its own.
"""``aiorcl run`` is tested with the command itself.

Three parties install signal handlers, and the last one wins unless it calls the one before:
``rclpy.init`` (which does; not with ``SignalHandlerOptions.NO``), ``asyncio.run`` (for SIGINT, if
Python's own handler is in place; rclpy's replaces it below Python, so asyncio takes it for that),
and uvicorn (which raises the signal once more when it has stopped, for the handler before it).
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from rclpy.context import Context

from tests.support.children import Ended, start
from tests.support.loops import LOOPS

INT, TERM = signal.SIGINT, signal.SIGTERM
#: The status of a process that SIGTERM has ended.
TERMINATED = -signal.SIGTERM


@dataclass(frozen=True)
class Row:
    """How a program runs, and what a signal does to it."""

    way: str
    #: Where rclpy.init() is called: outside of the coroutine that asyncio runs, or inside.
    init: str
    #: Whether rclpy.init() installs its handlers.
    handlers: str
    number: signal.Signals
    #: What the process says on its way; nothing if the signal ends it.
    said: tuple[str, ...]
    status: int = 0

    def __str__(self) -> str:
        return f"{self.way}-{self.init}-{self.handlers}-{self.number.name}"


INTERRUPTED = "KeyboardInterrupt"
SHUT_DOWN = "ExternalShutdownException"
SPINS = ("spin", "rclpy.spin", "spin_until_future_complete")
ROWS = [
    *(Row(way, "outside", "all", INT, (f"{INTERRUPTED}, rclpy is down",)) for way in SPINS),
    *(Row(way, "outside", "all", TERM, (f"{SHUT_DOWN}, rclpy is down",)) for way in SPINS),
    *(Row(way, "outside", "no", INT, (f"{INTERRUPTED}, rclpy is up",)) for way in SPINS),
    *(Row(way, "outside", "no", TERM, (), TERMINATED) for way in SPINS),
    # asyncio.run() replaces rclpy's handler of SIGINT, so rclpy does not hear of it.
    Row("async_with", "outside", "all", INT, (f"{INTERRUPTED}, rclpy is up",)),
    Row(
        *("async_with", "outside", "all", TERM),
        ("wait_for_shutdown returned", "returned, rclpy is down"),
    ),
    # rclpy calls asyncio's handler: the main task is cancelled, whatever it waits for.
    Row("async_with", "inside", "all", INT, (f"{INTERRUPTED}, rclpy is down",)),
    Row(
        *("async_with", "inside", "all", TERM),
        ("wait_for_shutdown returned", "returned, rclpy is down"),
    ),
    Row("async_with", "inside", "no", INT, (f"{INTERRUPTED}, rclpy is up",)),
    Row("async_with", "inside", "no", TERM, (), TERMINATED),
    # uvicorn ends the lifespan first, and raises the signal then.
    Row("uvicorn", "outside", "all", INT, ("lifespan left", f"{INTERRUPTED}, rclpy is up")),
    Row("uvicorn", "outside", "all", TERM, ("lifespan left",), TERMINATED),
    Row("uvicorn", "inside", "all", INT, ("lifespan left", f"{INTERRUPTED}, rclpy is down")),
    Row("uvicorn", "inside", "all", TERM, ("lifespan left",), TERMINATED),
    Row("uvicorn", "inside", "no", INT, ("lifespan left", f"{INTERRUPTED}, rclpy is up")),
    Row("uvicorn", "inside", "no", TERM, ("lifespan left",), TERMINATED),
]


def turns() -> Iterator[object]:
    """Yield each row with one kind of loop, in turn; and for the long tests with the others."""
    for number, row in enumerate(ROWS):
        loops = [*LOOPS]
        one = loops.pop(number % len(loops))
        yield pytest.param(row, [one], id=str(row))
        yield pytest.param(row, loops, id=f"{row}-others", marks=pytest.mark.long)


@pytest.mark.parametrize(("row", "loops"), [*turns()])
def test_a_signal(row: Row, loops: list[str], context: Context) -> None:
    """A signal that finds the executor waiting ends it as the table says, on every kind of loop."""
    arguments = [row.way, "--init", row.init, "--handlers", row.handlers]
    if row.said and row.said[-1].endswith("down"):
        arguments.append("--goes-down")
    domain_id = context.get_domain_id()
    with contextlib.ExitStack() as running:
        children = {
            loop: running.enter_context(
                start("signals", *arguments, "--loop", loop, domain_id=domain_id)
            )
            for loop in loops
        }
        for child in children.values():
            child.hear_that("ready")
            child.send_signal(row.number)
        said = "".join(f"{line}\n" for line in row.said)
        for loop, child in children.items():
            assert (loop, child.end()) == (loop, Ended(row.status, said, ""))
