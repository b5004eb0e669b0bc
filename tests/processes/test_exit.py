# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The end of a process: nothing is left to complain about, however the program ends.

from __future__ import annotations

import contextlib

import pytest

from tests.support import network
from tests.support.children import Ended, start
from tests.support.loops import LOOPS

PROPER = ("leave_properly", "leave_the_block")
#: Each is a function of the program, which says what it does.
WAYS = (
    *PROPER,
    "leave_all_behind",
    "leave_the_context_first",
    "leave_by_exit",
    "leave_a_thread",
    "leave_unused",
)
#: Warnings are errors; but rosidl imports a deprecated module with the first message type.
STRICT = ("-W", "error", "-W", "ignore:module 'sre_:DeprecationWarning")

#: A thread that is left in the middle of a callback leaves what it holds there. Users are not told.
USERS = {"AIORCL_LEAK_WARNINGS": ""}


def end_on_every_loop(
    way: str, options: tuple[str, ...], environment: dict[str, str]
) -> dict[str, Ended]:
    """Run the program on each kind of loop."""
    with contextlib.ExitStack() as running:
        children = {
            loop: running.enter_context(
                start(
                    *("all_kinds", way, loop),
                    domain_id=network.domain_id(),
                    options=options,
                    environment=environment,
                )
            )
            for loop in LOOPS
        }
        return {loop: child.end() for loop, child in children.items()}


@pytest.mark.parametrize("way", WAYS)
def test_the_end_of_a_process_is_silent(way: str) -> None:
    """The process ends with status 0 and an empty stderr: no leak report, no warning, no crash.

    A program that forgets its loop is not told of it here: that is asyncio's warning to give.
    """
    options = STRICT if way in PROPER else ()
    ended = end_on_every_loop(way, options, USERS if way == "leave_a_thread" else {})
    assert ended == dict.fromkeys(LOOPS, Ended(0, "", ""))


@pytest.mark.parametrize("way", PROPER)
def test_asyncio_in_debug_mode_finds_nothing(way: str) -> None:
    """With PYTHONASYNCIODEBUG=1 no call from a wrong thread, and nothing unclosed, is found."""
    environment = {"PYTHONASYNCIODEBUG": "1"}
    ended = end_on_every_loop(way, ("-X", "dev", *STRICT), environment)
    assert ended == dict.fromkeys(LOOPS, Ended(0, "", ""))


@pytest.mark.parametrize("way", ["call", "publish"])
def test_who_waits_on_a_pool_does_not_keep_the_interpreter(way: str) -> None:
    """The executor is on a daemon thread, which nobody waits for: what waits for it gives up."""
    with start("waits_at_exit", way, domain_id=network.domain_id(), environment=USERS) as child:
        ended = child.end()
        assert (ended.status, ended.stderr) == (0, "")
        # The worker is waited for, but nobody waits for the task to publish once more.
        assert ended.stdout.count("cancelled\n") in ((2,) if way == "call" else (1, 2))


def test_who_waits_for_an_executor_that_goes_on_is_answered() -> None:
    """The interpreter waits for its thread, so nothing gives up when the main thread ends."""
    with start("waits_at_exit", "stays", domain_id=network.domain_id()) as child:
        child.hear_that("main has ended")
        child.tell("go")
        assert child.end() == Ended(0, 2 * "answered\n", "")


@pytest.mark.parametrize(
    "way",
    ["waits", "waits_late", "shut_down_shortly", "in_a_daemon", "ends_with_ros", "given_loop"],
)
def test_a_worker_that_waits_for_the_loop_does_not_keep_the_interpreter(way: str) -> None:
    """Nobody has shut the executor down, or not for long: that is done now; its cleanup is run."""
    with start("worker_at_exit", way, domain_id=network.domain_id(), environment=USERS) as child:
        assert child.end() == Ended(0, "main ends\ncancelled\ncleaned up\n", "")


def test_a_worker_for_which_ctrl_c_has_ended_the_wait_is_waited_for_no_more() -> None:
    """It does not come to its end: one Ctrl-C in shutdown() is enough, and Python says why.

    Threads of the user's, and of pools, also of processes, are waited for as ever; those are named.
    """
    program, domain_id = "worker_at_exit", network.domain_id()
    with start(program, "left_alone", domain_id=domain_id, environment=USERS) as child:
        ended = child.end()
    assert (ended.status, ended.stdout) == (
        0,
        "interrupted\nmain ends\nsaved on a thread\nsaved in a pool\n",
    )
    assert "The end of the executor waits" not in ended.stderr
    assert "was left alone before" in ended.stderr
    assert ended.stderr.count("The end of the program waits for the thread 'saves', at ") == 1
    assert "(); Ctrl-C ends that" in ended.stderr


def test_a_worker_waits_for_a_thread_that_runs_the_executor_again() -> None:
    """It does not run it at the moment when the main thread ends, which waits for it."""
    with start("worker_at_exit", "stays", domain_id=network.domain_id()) as child:
        child.hear_that("main ends")
        child.tell("came to its end")
        assert child.end() == Ended(0, "came to its end\ncleaned up\n", "")


def test_a_worker_waits_for_a_thread_that_runs_the_executor_only_then() -> None:
    """It has not run it before the main thread, which did, has ended."""
    with start("worker_at_exit", "handed_over", domain_id=network.domain_id()) as child:
        child.hear_that("main ends")
        child.tell("came to its end")
        assert child.end() == Ended(0, "came to its end\ncleaned up\n", "")


def test_a_worker_does_not_wait_for_the_loop_when_no_thread_is_left_that_might_run_it() -> None:
    """The executor is shut down after that."""
    program, domain_id = "worker_at_exit", network.domain_id()
    with start(program, "not_handed_over", domain_id=domain_id, environment=USERS) as child:
        assert child.end() == Ended(0, "main ends\ndoes without\ncancelled\ncleaned up\n", "")


@pytest.mark.parametrize("way", ["waited_for", "waits_for_pool"])
def test_a_worker_does_not_wait_for_a_thread_that_runs_nothing_for_long(way: str) -> None:
    """Which may wait for the worker itself, or for what Python ends only after the executor."""
    with start("worker_at_exit", way, domain_id=network.domain_id(), environment=USERS) as child:
        ended = child.end()
    went_on = "went on\n" if way == "waited_for" else ""
    assert ended == Ended(0, f"main ends\ncancelled\ncleaned up\n{went_on}", "")


@pytest.mark.parametrize("way", ["sleeps", "wakes"])
def test_a_daemon_thread_is_left_in_a_callback(way: str) -> None:
    """The process of a user ends silently, whatever the thread does while the interpreter ends."""
    with start("daemon", way, domain_id=network.domain_id(), environment=USERS) as child:
        assert child.end() == Ended(0, "", "")


def test_an_end_that_fails_keeps_no_other_from_coming() -> None:
    """Every executor is ended, whatever the end of another one raises; all of that is told."""
    with start("errors_at_exit", domain_id=network.domain_id(), environment=USERS) as child:
        ended = child.end()
    assert ended.stdout == 4 * "stopped\n"
    assert ended.stderr.count("\nValueError: the motors are gone\n") == 2
