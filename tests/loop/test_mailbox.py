# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A task is run, cancelled or refused, wherever the end comes; jobs go before all that is ready.
"""Another thread comes in between two steps of a method: stand-ins let it run there."""

from __future__ import annotations

import contextlib
import functools
import itertools
import sys
import threading
from collections import deque
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from rclpy.context import Context
from rclpy.node import Node

from aiorcl import AsyncioExecutor, _core
from aiorcl._loop import mailbox as module
from aiorcl._loop.mailbox import Mailbox, SingleJob
from tests.support.elsewhere import call_elsewhere
from tests.support.instructions import TRACES_INSTRUCTIONS
from tests.support.makers import MakeNode


class Hooks:
    """Raises what is raised."""

    def on_error(self, source: object, error: BaseException) -> None:
        raise error


class Work:
    """A task that notes what becomes of it."""

    def __init__(self, cancelled_by: Callable[[], object] = lambda: None) -> None:
        self.fate: list[str] = []

    def __call__(self) -> bool:
        self.fate.append("run")
        return True

    def cancel(self) -> None:
        self.fate.append("cancelled")


class Interrupted(deque[Any]):
    """A deque that lets somebody else run before, or after, something is appended."""

    point = ""
    hook: Callable[[], object] = staticmethod(lambda: None)

    def append(self, item: Any) -> None:
        self.reach("before it is appended")
        super().append(item)
        self.reach("when it is appended")

    def popleft(self) -> Any:
        self.reach("before it is taken")
        return super().popleft()

    def pop(self, *index: Any) -> Any:
        self.reach("before it is refused")
        return super().pop(*index)

    def reach(self, point: str) -> None:
        """Let the other one run, once, if this is its point."""
        if point == Interrupted.point:
            Interrupted.point = ""
            Interrupted.hook()


POINTS = [
    "before it is appended",
    "when it is appended",
    "before it is taken",
    "before it is refused",
    "when it is posted",
]


def make_mailbox(monkeypatch: pytest.MonkeyPatch, point: str) -> tuple[_core.Dispatcher, Mailbox]:
    """Make a mailbox whose end comes at a point of ``post_task``, or of ``cancel_tasks``."""
    monkeypatch.setattr(module, "deque", Interrupted)
    dispatcher = _core.Dispatcher()
    mailbox = Mailbox(dispatcher)
    monkeypatch.setattr(Interrupted, "point", point)
    monkeypatch.setattr(Interrupted, "hook", lambda: call_elsewhere(mailbox.refuse_tasks))
    return dispatcher, mailbox


@pytest.mark.parametrize("point", POINTS)
def test_a_task_meets_the_end(monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    """Wherever the other thread's end comes, the task gets one fate, and it gets it."""
    dispatcher, mailbox = make_mailbox(monkeypatch, point)
    if point == "when it is posted":
        real = mailbox.entity

        class Posting:
            def post(self) -> None:
                call_elsewhere(mailbox.refuse_tasks)
                real.post()

        mailbox.entity = Posting()  # type: ignore[assignment]
    if point == "before it is refused":
        mailbox.refuse_tasks()
    work = Work()
    mailbox.post_task(work)
    if point == "before it is taken":
        call_elsewhere(mailbox.refuse_tasks)
    dispatcher.run(Hooks(), 100, 1_000_000_000)
    assert work.fate == ["cancelled"]


def test_two_ends_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads that cancel what waits cancel each task once."""
    _, mailbox = make_mailbox(monkeypatch, "before it is taken")
    works = [Work(), Work()]
    for work in works:
        mailbox.post_task(work)
    mailbox.cancel_tasks()
    assert [work.fate for work in works] == [["cancelled"], ["cancelled"]]


def test_what_waits_is_cancelled_in_its_order() -> None:
    """Those that come after the end are cancelled as well, at once."""
    mailbox = Mailbox(_core.Dispatcher())
    works = [Work() for _ in range(3)]
    mailbox.post_task(works[0])
    mailbox.refuse_tasks()
    assert works[0].fate == ["cancelled"]
    mailbox.post_task(works[1])
    assert works[1].fate == ["cancelled"]
    mailbox.close()
    mailbox.post_task(works[2])
    assert works[2].fate == ["cancelled"]


def test_what_a_cancelled_task_posts_is_refused_alone() -> None:
    """As its done callbacks are: the next one that waits is cancelled after it, not inside it."""
    mailbox = Mailbox(_core.Dispatcher())
    fates: list[str] = []

    class WithCallback(Work):
        def cancel(self) -> None:
            fates.append("begin")
            callback = Work()
            mailbox.post_task(callback)
            fates.extend([*callback.fate, "end"])

    for _ in range(3):
        mailbox.post_task(WithCallback())
    mailbox.refuse_tasks()
    assert fates == ["begin", "cancelled", "end"] * 3


def test_jobs_are_done_in_one_batch() -> None:
    """Those of one moment at once, the first first; what they post has its turn after others."""
    dispatcher = _core.Dispatcher()
    mailbox = Mailbox(dispatcher)
    done: list[str] = []

    def post_more() -> None:
        done.append("one")
        mailbox.post_job(lambda: done.append("more"))

    task: Any = functools.partial(done.append, "task")
    for _ in range(2):
        mailbox.post_task(task)
    mailbox.post_job(post_more)
    mailbox.post_job(lambda: done.append("two"))
    mailbox.post_job(lambda: done.append("end"), first=True)
    assert dispatcher.run(Hooks(), 100, 1_000_000_000) == 2  # the tasks
    assert done == ["end", "one", "two", "task", "more", "task"]


def test_a_job_that_raises_keeps_none_back() -> None:
    """The others are done, whatever one of them raises."""
    dispatcher = _core.Dispatcher()
    mailbox = Mailbox(dispatcher)
    done: list[int] = []
    errors: list[BaseException] = []

    class Noting:
        def on_error(self, source: object, error: BaseException) -> None:
            errors.append(error)

    mailbox.post_job(lambda: 1 / 0)
    mailbox.post_job(lambda: done.append(1))
    dispatcher.run(Noting(), 100, 1_000_000_000)
    assert done == [1]
    assert [type(error) for error in errors] == [ZeroDivisionError]


def test_one_look_is_pending_at_a_time() -> None:
    """However often it is asked for; and what is asked for during one is done after it."""
    dispatcher = _core.Dispatcher()
    mailbox = Mailbox(dispatcher)
    done: list[int] = []

    def look() -> None:
        done.append(1)
        if len(done) == 1:
            once.post()
            once.post()

    once = SingleJob(mailbox, look)
    for _ in range(10):
        once.post()
    dispatcher.run(Hooks(), 100, 1_000_000_000)
    assert done == [1, 1]


@TRACES_INSTRUCTIONS
@pytest.mark.usefixtures("no_collector")
def test_an_interrupt_before_any_instruction_loses_no_job() -> None:
    """It is done by the next run, and the single one may be posted again."""
    for count in itertools.count():
        dispatcher = _core.Dispatcher()
        mailbox = Mailbox(dispatcher)
        done: list[str] = []
        single = SingleJob(mailbox, functools.partial(done.append, "single"))
        mailbox.post_job(functools.partial(done.append, "job"))
        comes = InterruptBefore(count)
        with contextlib.suppress(KeyboardInterrupt), comes:
            single.post()
            dispatcher.run(Hooks(), 100, 1_000_000_000)
        single.post()
        mailbox.post_jobs()  # as a run does that begins
        dispatcher.run(Hooks(), 100, 1_000_000_000)
        assert set(done) == {"job", "single"}
        if not comes.has_come:
            assert count > 20
            return


class InterruptBefore:
    """A KeyboardInterrupt before the n-th instruction of the module, inside ``with``."""

    def __init__(self, count: int) -> None:
        self._left = count
        self.has_come = False

    def __enter__(self) -> None:
        sys.settrace(self._trace)

    def __exit__(self, *error: object) -> None:
        sys.settrace(None)

    def _trace(self, frame: FrameType, event: str, arg: object) -> Any:
        if frame.f_code.co_filename != module.__file__:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self._left -= 1
            if self._left < 0 and not self.has_come:
                self.has_come = True
                raise KeyboardInterrupt
        return self._trace


def test_a_busy_executor_follows_another_thread_at_once(
    context: Context, make_node: MakeNode
) -> None:
    """After hundreds of entities came and went elsewhere it lets go, runs a task and shuts down."""
    node: Node = make_node()
    calls: list[int] = []
    since: list[int] = []
    busy = threading.Event()
    go_on = threading.Event()

    def callback() -> None:
        calls.append(1)
        busy.set()
        go_on.wait()

    for _ in range(20):
        node.create_timer(0.0, callback)
    executor = AsyncioExecutor(context=context)
    executor.add_node(node)
    spinning = threading.Thread(target=executor.spin)
    spinning.start()
    busy.wait()
    doomed = node.create_timer(0.0, lambda: since.append(1))
    for _ in range(100):
        node.destroy_timer(node.create_timer(0.0, lambda: since.append(1)))
    node.destroy_timer(doomed)
    ran = threading.Event()
    counts: list[int] = []

    def task() -> None:
        counts.append(len(calls))
        busy.clear()
        go_on.clear()
        ran.set()

    executor.create_task(task)
    before = len(calls)
    go_on.set()
    ran.wait()
    assert counts[0] <= before + 20  # each timer has had its turn
    busy.wait()
    before = len(calls)
    assert executor.shutdown(timeout_sec=0) is False
    go_on.set()
    spinning.join()
    assert len(calls) == before
    assert since == []
