# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The main thread returns while a worker waits for what it has given to the loop.

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from aiorcl._loop import interpreter_exit
from aiorcl._loop.interpreter_exit import end_when_main_ends, give_up_when_main_ends
from aiorcl._serving import hold_ups, interpreter_end
from aiorcl._serving.hold_ups import HoldUps
from aiorcl._tasks import worker_call
from tests.processes.programs.talk import listen, say, set_deadline
from tests.support.counters import wait_until_asleep

# Set at the end of the main thread: before executors do what they do then, and after that.
main_ends, executors_have_ended = threading.Event(), threading.Event()


# Pools of the user's that are open when the main thread ends.
pools = list[ProcessPoolExecutor | ThreadPoolExecutor]()


class Waiting(Node):
    """A node whose worker has the loop do something, and waits for it.

    :param may_wait: when.
    """

    def __init__(self, executor: AsyncioExecutor, may_wait: Callable[[], object]) -> None:
        super().__init__("waiting")
        self.executor_of_it = executor
        self.may_wait = may_wait
        self.may_end = executor.create_future()
        self.begun, self.is_over = threading.Event(), threading.Event()
        self.timer = self.create_timer(0.0, self.call, callback_group=ThreadCallbackGroup(1))

    def call(self) -> None:
        """Wait, for a cleanup, too, and say how that ended."""
        self.timer.cancel()
        self.begun.set()
        self.may_wait()
        loop = self.executor_of_it.loop
        try:
            say(asyncio.run_coroutine_threadsafe(self.wait(), loop).result())
        finally:
            say(asyncio.run_coroutine_threadsafe(self.clean_up(), loop).result())
            self.is_over.set()

    async def wait(self) -> str:
        """Wait for what comes only if somebody brings it."""
        self.begun.set()
        try:
            await self.may_end
        except asyncio.CancelledError:
            say("cancelled")
            raise
        return "came to its end"

    async def clean_up(self) -> str:
        """Take some turns of the loop."""
        for _ in range(10):
            await asyncio.sleep(0)
        return "cleaned up"


def interrupt_once_it_waits(executor: AsyncioExecutor) -> None:
    """As Ctrl-C does, while the end of the executor waits for the worker.

    A later one tells of that at once.
    """
    tells = HoldUps.look

    def look(_: HoldUps, *coroutines: object) -> None:
        setattr(HoldUps, "look", tells)
        executor.loop.call_soon(signal.raise_signal, signal.SIGINT)

    setattr(HoldUps, "look", look)
    hold_ups._SILENT_SEC = interpreter_exit._SILENT_SEC = 0.0


def wait_until_main_waits() -> None:
    """Wait until the main thread has ended, and waits for others."""
    main_ends.wait()
    native_id = threading.main_thread().native_id
    assert native_id is not None
    wait_until_asleep(native_id)


def save() -> None:
    """Do what must not be cut off, on a thread and then in a pool."""
    saved, pool = threading.Event(), ThreadPoolExecutor(1)

    def save_on_thread() -> None:
        wait_until_main_waits()
        say("saved on a thread")
        saved.set()

    def save_in_pool() -> None:
        saved.wait()
        wait_until_main_waits()
        say("saved in a pool")

    pool.submit(save_in_pool)
    threading.Thread(target=save_on_thread, name="saves").start()


def open_pool_of_processes() -> None:
    """Leave one of which Python ends the manager, a thread, at its own end.

    Before this process has a deadline: a fork would wait for its thread.
    """
    fork = multiprocessing.get_context("fork")
    pools.append(ProcessPoolExecutor(1, mp_context=fork, initializer=set_deadline))
    pools[-1].submit(int).result()


def wait_for_pool() -> None:
    """Wait for the thread of a pool, which Python ends when all executors have ended."""
    pools.append(ThreadPoolExecutor(1))
    pools[-1].submit(threading.current_thread).result().join()


def main() -> None:
    """Run one way, and return."""
    way = sys.argv[1]
    if way == "left_alone":
        open_pool_of_processes()
    set_deadline()
    worker_call._PATIENCE_SEC = 0.0
    rclpy.init()
    executor = AsyncioExecutor(loop=asyncio.new_event_loop() if way == "given_loop" else None)
    give_up_when_main_ends(main_ends.set)
    end_when_main_ends(executors_have_ended.set)  # called in this order
    moments = {"waits_late": main_ends, "left_alone": threading.Event()}
    node = Waiting(executor, moments[way].wait if way in moments else lambda: None)
    executor.add_node(node)

    spun = threading.Event()

    def spin_here() -> None:
        while not node.begun.is_set():
            executor.spin_once(timeout_sec=1.0)
        spun.set()

    def spin_twice() -> None:
        threading.Thread(target=lambda: node.may_end.set_result(listen())).start()
        spin_here()
        executors_have_ended.wait()
        executor.spin_until_future_complete(node.may_end)
        executor.shutdown()

    def spin_late() -> None:
        threading.Thread(target=lambda: node.may_end.set_result(listen()), daemon=True).start()
        wait_until_main_waits()
        executor.spin_until_future_complete(node.may_end)
        executor.shutdown()

    def do_without() -> None:
        wait_until_main_waits()
        say("does without")

    def go_on() -> None:
        node.is_over.wait()
        say("went on")

    def end_ros() -> None:
        executors_have_ended.wait()
        rclpy.shutdown()

    def spin_until_ros_ends() -> None:
        threading.Thread(target=end_ros).start()
        spin_here()
        executors_have_ended.wait()
        with contextlib.suppress(ExternalShutdownException):
            executor.spin()

    if way == "in_a_daemon":
        threading.Thread(target=executor.spin, daemon=True).start()
        spun.set()
    elif way == "ends_with_ros":
        threading.Thread(target=spin_until_ros_ends).start()
    elif way == "stays":
        threading.Thread(target=spin_twice).start()
    else:
        spin_here()
    node.begun.wait()
    spun.wait()
    if way in {"handed_over", "not_handed_over"}:
        interpreter_end._EXIT_SEC = 50.0
    if way == "handed_over":
        threading.Thread(target=spin_late).start()
    elif way == "not_handed_over":
        threading.Thread(target=do_without).start()
    elif way == "waited_for":
        threading.Thread(target=go_on).start()
    elif way == "waits_for_pool":
        threading.Thread(target=wait_for_pool).start()
    if way == "left_alone":
        save()
        interrupt_once_it_waits(executor)
        try:
            executor.shutdown()
        except KeyboardInterrupt:
            say("interrupted")
    say("main ends")
    if way == "shut_down_shortly":
        executor.shutdown(timeout_sec=0.0)


if __name__ == "__main__":
    main()
