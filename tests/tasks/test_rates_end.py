# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Whoever sleeps by a rate when ROS ends.

from __future__ import annotations

import signal
import threading

from rclpy.context import Context
from rclpy.exceptions import ROSInterruptException
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from tests.support.children import start
from tests.support.counters import wait_until_asleep
from tests.support.elsewhere import Elsewhere
from tests.support.threads import a_message

DEADLINE_SEC = 10.0


def test_in_a_thread(context: Context, lone: Node) -> None:
    """It is told what rclpy tells, also if the executor hears of the end before the rate does."""
    raised: list[type[BaseException]] = []

    def sleep() -> None:
        try:
            rate.sleep()
        except BaseException as error:
            raised.append(type(error))

    sleeper = threading.Thread(target=sleep)
    with Elsewhere(AsyncioExecutor(context=context)) as running:
        running.executor.add_node(lone)
        context.on_shutdown(lambda: sleeper.join(DEADLINE_SEC))  # between the two, in this order
        rate = lone.create_rate(0.001)
        sleeper.start()
        assert sleeper.native_id is not None
        wait_until_asleep(sleeper.native_id)
        context.shutdown()
    assert not sleeper.is_alive()
    assert raised == [ROSInterruptException]


def test_in_a_worker(context: Context, lone: Node) -> None:
    """That it leaves the callback says no more than the end of the spin."""
    begun, workers = threading.Event(), list[int]()
    raised: list[type[BaseException]] = []
    spun: list[type[BaseException]] = []

    def callback(_: Int64) -> None:
        workers.append(threading.get_native_id())
        begun.set()
        try:
            rate.sleep()
        except BaseException as error:
            raised.append(type(error))
            raise

    def spin() -> None:
        try:
            executor.spin()
        except BaseException as error:
            spun.append(type(error))

    a_message(lone, ThreadCallbackGroup(1), callback)
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    rate = lone.create_rate(0.001)
    thread = threading.Thread(target=spin)
    thread.start()
    assert begun.wait(DEADLINE_SEC)
    wait_until_asleep(workers[0])
    context.shutdown()
    thread.join(DEADLINE_SEC)
    executor.shutdown()  # which waits for the worker
    assert raised == [ROSInterruptException]
    assert spun == [ExternalShutdownException]


def test_by_a_signal(context: Context) -> None:
    """Of which nobody tells the rate, and rclpy's own would sleep on."""
    with start("rate", domain_id=context.get_domain_id()) as child:
        child.hear_that("sleeps")
        child.send_signal(signal.SIGTERM)
        ended = child.end()
    # At its end the interpreter may complain of how rclpy keeps a rate.
    assert (ended.status, ended.stdout) == (0, "interrupted\n")
