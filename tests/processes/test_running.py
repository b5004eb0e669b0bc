# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Signals of programs that aiorcl.run runs: the first one ends them well, the second one at once.

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

import pytest
from rclpy.context import Context

from tests.support.children import Child, Ended, start
from tests.support.loops import LOOPS

SIGNALS = pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name
)
CLEANED, DESTROYED = "cleaned up, rclpy is up", "destroyed, rclpy is up"
RETURNED = "returned None, rclpy is down"


@contextlib.contextmanager
def on_every_loop(context: Context, way: str) -> Iterator[dict[str, Child]]:
    """Run the program on each kind of loop."""
    with contextlib.ExitStack() as running:
        yield {
            loop: running.enter_context(
                start("running", way, loop, domain_id=context.get_domain_id())
            )
            for loop in LOOPS
        }


def end_all(children: dict[str, Child], *said: str) -> None:
    """See that each has ended well, and said this."""
    expected = Ended(0, "".join(f"{line}\n" for line in said), "")
    assert {loop: child.end() for loop, child in children.items()} == dict.fromkeys(LOOPS, expected)


@SIGNALS
@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("main", (CLEANED, RETURNED)),
        ("node", (DESTROYED, RETURNED)),
    ],
)
def test_a_signal_ends_it_cleanly(
    context: Context, way: str, said: tuple[str, ...], number: signal.Signals
) -> None:
    """What is under way is cancelled, nodes are destroyed, then ROS goes down; run returns."""
    with on_every_loop(context, way) as children:
        for child in children.values():
            child.hear_that("ready")
            child.send_signal(number)
        end_all(children, *said)


@SIGNALS
def test_a_signal_ends_coroutines_and_nodes(context: Context, number: signal.Signals) -> None:
    """Coroutines end first, while their nodes are served, then the nodes do."""
    with on_every_loop(context, "both") as children:
        for child in children.values():
            child.hear_that("ready")
            child.hear_that("ready")
            child.send_signal(number)
        end_all(children, CLEANED, DESTROYED, RETURNED)


def test_the_second_signal_interrupts(context: Context) -> None:
    """Code that blocks the loop holds up the first one, but not the second."""
    with on_every_loop(context, "blocked") as children:
        for child in children.values():
            child.hear_that("ready")
            child.send_signal(signal.SIGINT)
            child.send_signal(signal.SIGTERM)
        end_all(children, "KeyboardInterrupt")


def test_the_second_signal_ends_a_program_that_a_worker_holds_up(context: Context) -> None:
    """Nodes are destroyed all the same; then the process ends, though the thread does not."""
    with on_every_loop(context, "held") as children:
        for child in children.values():
            assert sorted(child.hear() for _ in range(3)) == ["ready", "ready", "waits"]
            child.send_signal(signal.SIGINT)
            child.hear_that(CLEANED)
            child.send_signal(signal.SIGINT)
        for child in children.values():
            ended = child.end()
            assert (ended.status, ended.stdout) == (0, f"{DESTROYED}\nKeyboardInterrupt\n")
            assert "was left alone before" in ended.stderr
