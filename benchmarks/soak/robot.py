# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The soaked process: a node with everything that a node can hold, on one executor."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import threading
from collections import Counter
from typing import Any

import rclpy
from rclpy.action.server import ActionServer, CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.client import Client
from rclpy.executors import ExternalShutdownException
from rclpy.service import Service
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import Int64
from std_srvs.srv import Empty
from test_msgs.action import Fibonacci

from ..executors import EXECUTORS
from ..measured import die_with_parent
from ..measurement import end
from ..nodes import DEPTH, MeasuredNode, TaskExecutor
from .samples import Sampler

TICK_SEC = 0.001
ROUND_SEC = 0.03


class Robot(MeasuredNode):
    """Receives, answers, executes goals, ticks, and makes entities that it destroys again.

    ``counts`` says how often, ``tasks`` how many tasks its event loop had a moment ago.
    """

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.tasks = 0
        self._steps: list[Future[None]] = []
        self.create_subscription(JointState, "joints", self._count("joints"), DEPTH)
        self.create_subscription(Image, "images", self._count("images"), DEPTH)
        self.create_service(Empty, "answer", self._answer)
        self.server = ActionServer(
            self,
            Fibonacci,
            "count",
            execute_callback=self._execute,
            cancel_callback=lambda goal_handle: CancelResponse.ACCEPT,
            callback_group=ReentrantCallbackGroup(),
        )
        self.create_timer(TICK_SEC, self._tick)
        self.create_timer(ROUND_SEC, self._make_and_destroy)

    def _count(self, what: str) -> Any:
        def callback(_message: object) -> None:
            self.counts[what] += 1

        return callback

    def _answer(self, request: Empty.Request, response: Empty.Response) -> Empty.Response:
        self.counts["calls"] += 1
        return response

    def _tick(self) -> None:
        self.counts["ticks"] += 1
        waiting, self._steps = self._steps, []
        for step in waiting:
            step.set_result(None)
        with contextlib.suppress(RuntimeError):  # rclpy's executors have no event loop
            self.tasks = len(asyncio.all_tasks())

    def _make_and_destroy(self) -> None:
        self.counts["rounds"] += 1
        publisher = self.create_publisher(Int64, "made", DEPTH)
        subscription = self.create_subscription(Int64, "made", lambda message: None, DEPTH)
        service: Service[Any, Any] = self.create_service(
            Empty, "made", lambda request, response: response
        )
        client: Client[Any, Any] = self.create_client(Empty, "made")
        timer = self.create_timer(ROUND_SEC, lambda: None)
        guard = self.create_guard_condition(lambda: None)
        publisher.publish(Int64())
        guard.trigger()
        self.destroy_publisher(publisher)
        self.destroy_subscription(subscription)
        self.destroy_service(service)
        self.destroy_client(client)
        self.destroy_timer(timer)
        self.destroy_guard_condition(guard)

    async def _execute(self, goal_handle: Any) -> Fibonacci.Result:
        """Take a step with each tick of the timer, with feedback, until it is cancelled."""
        for _ in range(goal_handle.request.order):
            if goal_handle.is_cancel_requested:
                goal_handle.canceled()
                self.counts["cancelled"] += 1
                return Fibonacci.Result()
            goal_handle.publish_feedback(Fibonacci.Feedback())
            step: Future[None] = Future()
            self._steps.append(step)
            await step
        goal_handle.succeed()
        self.counts["succeeded"] += 1
        return Fibonacci.Result()

    async def listen(self) -> None:
        """Open a stream, take some of its messages, and leave it, on and on."""
        import aiorcl

        while True:
            async with aiorcl.messages(self, JointState, "joints") as joints:
                async for _message in joints:
                    self.counts["streamed"] += 1
                    if self.counts["streamed"] % 10 == 0:
                        break
            self.counts["streams"] += 1


class Soak:
    """What an executor begins with, in the place of a measurement. SIGTERM ends it."""

    def __init__(self, robot: Robot, sampler: Sampler, *, listens: bool) -> None:
        self._robot = robot
        self._sampler = sampler
        self._listens = listens

    def begin(self, executor: TaskExecutor) -> None:
        """Start the samples; the executor is about to spin."""
        if self._listens:
            executor.create_task(self._robot.listen)
        self._sampler.start()
        ends = threading.Thread(target=end, args=(self._robot, executor), daemon=True)
        # Which runs between two callbacks, so with the next tick at the latest.
        signal.signal(signal.SIGTERM, lambda number, frame: ends.start())


def main() -> None:
    """Run the robot until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak.robot", description=__doc__)
    parser.add_argument("executor", choices=[name for name in EXECUTORS if name != "floor"])
    parser.add_argument("--every", type=float, required=True, help="seconds")
    parser.add_argument("--parent", type=int, required=True, help="process id")
    arguments = parser.parse_args()
    die_with_parent(arguments.parent)

    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    robot = Robot()
    sampler = Sampler(arguments.every, robot.counts, lambda: robot.tasks)
    soak = Soak(robot, sampler, listens=arguments.executor.startswith("asyncio"))
    with contextlib.suppress(ExternalShutdownException):
        EXECUTORS[arguments.executor].run(robot, soak, "spin")
    sampler.stop()
    robot.server.destroy()
    robot.destroy_node()


if __name__ == "__main__":
    main()
