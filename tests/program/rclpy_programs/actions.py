# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Action servers: one that executes goals one after the other, one that has a single goal.

import collections
import threading
import time
from typing import Any

import rclpy
from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node
from test_msgs.action import Fibonacci


class Queue(Node):
    """Executes one goal at a time, in the order in which they came, and lets them be canceled."""

    def __init__(self) -> None:
        super().__init__("queue")
        self.waiting: collections.deque[Any] = collections.deque()
        self.lock = threading.Lock()
        self.current: Any = None
        self.server = ActionServer(
            self,
            Fibonacci,
            "queue",
            handle_accepted_callback=self.accepted,
            execute_callback=self.execute,
            goal_callback=lambda goal: (
                GoalResponse.REJECT if goal.order < 0 else GoalResponse.ACCEPT
            ),
            cancel_callback=lambda goal: CancelResponse.ACCEPT,
            callback_group=ReentrantCallbackGroup(),
        )

    def accepted(self, goal: Any) -> None:
        """Start a goal, or put it off."""
        with self.lock:
            if self.current is not None:
                print("queued:", goal.request.order)
                self.waiting.append(goal)
            else:
                self.current = goal
                goal.execute()

    def execute(self, goal: Any) -> Fibonacci.Result:
        """Compute it, slowly: as blocking code does."""
        try:
            sequence = [0, 1]
            while len(sequence) < goal.request.order:
                if goal.is_cancel_requested:
                    goal.canceled()
                    return Fibonacci.Result()
                sequence.append(sequence[-1] + sequence[-2])
                goal.publish_feedback(Fibonacci.Feedback(sequence=sequence))
                time.sleep(0.01)
            goal.succeed()
            return Fibonacci.Result(sequence=sequence)
        finally:
            with self.lock:
                self.current = self.waiting.popleft() if self.waiting else None
                if self.current is not None:
                    self.current.execute()


class Single(Node):
    """Has one goal: a new one aborts that before."""

    def __init__(self) -> None:
        super().__init__("single")
        self.goal: Any = None
        self.server = ActionServer(
            self,
            Fibonacci,
            "single",
            handle_accepted_callback=self.accepted,
            execute_callback=self.execute,
            callback_group=ReentrantCallbackGroup(),
        )

    def accepted(self, goal: Any) -> None:
        """Abort the one before."""
        if self.goal is not None and self.goal.is_active:
            self.goal.abort()
        self.goal = goal
        goal.execute()

    def execute(self, goal: Any) -> Fibonacci.Result:
        """Go on until it is aborted, or as long as its order says."""
        for _ in range(goal.request.order):
            if not goal.is_active:
                return Fibonacci.Result()
            time.sleep(0.001)
        goal.succeed()
        return Fibonacci.Result(sequence=[goal.request.order])


NAMES = {
    GoalStatus.STATUS_SUCCEEDED: "succeeded",
    GoalStatus.STATUS_CANCELED: "canceled",
    GoalStatus.STATUS_ABORTED: "aborted",
}


def show(response: Any) -> None:
    """Print how a goal ended."""
    print(NAMES[response.status], list(response.result.sequence))


def main() -> None:
    """Send goals to both."""
    rclpy.init()
    servers, node = (Queue(), Single()), Node("client")
    queue, single = (ActionClient(node, Fibonacci, name) for name in ("queue", "single"))
    executor = MultiThreadedExecutor(num_threads=4)
    for each in (*servers, node):
        executor.add_node(each)
    thread = threading.Thread(target=executor.spin)
    thread.start()

    queue.wait_for_server()
    single.wait_for_server()
    show(queue.send_goal(Fibonacci.Goal(order=5)))

    # From the main thread, while another one spins.
    print("accepted:", wait(queue.send_goal_async(Fibonacci.Goal(order=-1))).accepted)
    feedback: list[int] = []
    goals = []
    for order in (1000, 3, 4):
        future = queue.send_goal_async(
            Fibonacci.Goal(order=order),
            feedback_callback=lambda message: feedback.append(len(message.feedback.sequence)),
        )
        goals.append(wait(future))
    results = [goal.get_result_async() for goal in goals]
    print("canceling:", len(wait(goals[0].cancel_goal_async()).goals_canceling))
    for result in results:
        show(wait(result))
    print("feedback:", bool(feedback))

    first = wait(single.send_goal_async(Fibonacci.Goal(order=100_000)))
    second = wait(single.send_goal_async(Fibonacci.Goal(order=3)))
    for goal in (first, second):
        show(wait(goal.get_result_async()))
    executor.shutdown()
    thread.join()
    for server in servers:
        server.server.destroy()
    rclpy.shutdown()


def wait(future: Any) -> Any:
    """Wait on this thread for what another one brings."""
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    done.wait()
    return future.result()


if __name__ == "__main__":
    main()
