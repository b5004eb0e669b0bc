# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Guard conditions, rates, tasks of an executor, and timers on several clocks.

import threading
from typing import Any

import rclpy
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.node import Node


def guards(executor: Executor, node: Node) -> None:
    """A guard condition is triggered by another thread."""
    done: Any = rclpy.task.Future()
    guard = node.create_guard_condition(lambda: done.set_result("triggered"))
    thread = threading.Thread(target=guard.trigger)
    thread.start()
    executor.spin_until_future_complete(done)
    thread.join()
    print("guard condition:", done.result())
    node.destroy_guard_condition(guard)


def tasks(executor: Executor) -> None:
    """Functions and coroutines are run, with their arguments and results."""

    async def wait_for(future: Any) -> str:
        return f"coroutine got {await future}"

    future: Any = rclpy.task.Future()
    second = executor.create_task(wait_for, future)
    first = executor.create_task(lambda value: future.set_result(value) or "set", 3)
    executor.spin_until_future_complete(second, timeout_sec=20)
    print("tasks:", first.result(), second.result())

    def fail() -> None:
        raise ValueError("of a task")

    failing = executor.create_task(fail)
    try:
        executor.spin_until_future_complete(failing)
        failing.result()
    except ValueError as error:
        print("raised:", error)
    print("exception:", failing.exception())


def rates(executor: Executor, node: Node) -> None:
    """The main thread sleeps by a rate while another one spins."""
    thread = threading.Thread(target=executor.spin)
    thread.start()
    rate = node.create_rate(100)
    for _ in range(3):
        rate.sleep()
    print("rate: three sleeps")
    executor.shutdown()
    thread.join()


def timers(executor: Executor, node: Node) -> None:
    """A timer on each clock; one is canceled in its callback and reset later."""
    calls: list[str] = []
    done: Any = rclpy.task.Future()

    def call(name: str) -> None:
        calls.append(name)
        if calls.count("steady") == 2:
            made["steady"].cancel()
        if calls.count("steady") >= 2 and "system" in calls and not done.done():
            done.set_result(None)

    made = {
        name: node.create_timer(0.01, lambda name=name: call(name), clock=Clock(clock_type=kind))
        for name, kind in (("steady", ClockType.STEADY_TIME), ("system", ClockType.SYSTEM_TIME))
    }
    executor.spin_until_future_complete(done)
    print("timers:", made["steady"].is_canceled(), calls.count("steady"))
    for timer in made.values():
        node.destroy_timer(timer)


def main() -> None:
    """One after the other."""
    rclpy.init()
    executor, node = SingleThreadedExecutor(), Node("assorted")
    executor.add_node(node)
    guards(executor, node)
    tasks(executor)
    timers(executor, node)
    rates(executor, node)
    print(executor.get_nodes())
    rclpy.shutdown()


if __name__ == "__main__":
    main()
