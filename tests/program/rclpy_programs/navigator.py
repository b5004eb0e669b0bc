# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A navigator that is a node itself: its methods spin it until a goal has ended.

import time
from typing import Any

import rclpy
from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, CancelResponse
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci


class Navigator(Node):
    """Goes where it is told; all on the global executor."""

    def __init__(self) -> None:
        super().__init__("navigator")
        self.goal: Any = None
        self.result: Any = None
        self.feedback: Any = None
        self.client = ActionClient(self, Fibonacci, "go")

    def go(self, order: int) -> bool:
        """Begin."""
        while not self.client.wait_for_server(timeout_sec=1.0):
            pass
        future = self.client.send_goal_async(Fibonacci.Goal(order=order), self.came)
        rclpy.spin_until_future_complete(self, future)
        self.goal = future.result()
        self.result = self.goal.get_result_async()
        return bool(self.goal.accepted)

    def came(self, message: Any) -> None:
        """Note the feedback."""
        self.feedback = message.feedback

    def is_complete(self) -> bool:
        """Spin a little, and look."""
        rclpy.spin_until_future_complete(self, self.result, timeout_sec=0.01)
        return bool(self.result.done())

    def cancel(self) -> None:
        """Cancel it, and wait for the answer."""
        future = self.goal.cancel_goal_async()
        rclpy.spin_until_future_complete(self, future)


class Server(Node):
    """Executes the goals."""

    def __init__(self) -> None:
        super().__init__("server")
        self.server = ActionServer(
            self, Fibonacci, "go", self.execute, cancel_callback=lambda _: CancelResponse.ACCEPT
        )
        self.timer = self.create_timer(0.005, self.tick)
        self.ticked: list[Any] = []

    def tick(self) -> None:
        """Let the goals go on."""
        waiting, self.ticked = self.ticked, []
        for future in waiting:
            future.set_result(None)

    async def execute(self, goal: Any) -> Fibonacci.Result:
        """Count."""
        for number in range(goal.request.order):
            if goal.is_cancel_requested:
                goal.canceled()
                return Fibonacci.Result()
            goal.publish_feedback(Fibonacci.Feedback(sequence=[number]))
            self.ticked.append(rclpy.task.Future())
            await self.ticked[-1]
        goal.succeed()
        return Fibonacci.Result(sequence=[goal.request.order])


def main() -> None:
    """Use it in the main thread, and in a callback of a node that is spun there."""
    rclpy.init()
    navigator, server, user = Navigator(), Server(), Node("user")
    rclpy.get_global_executor().add_node(server)

    print("accepted:", navigator.go(5))
    while not navigator.is_complete():
        pass
    succeeded = navigator.result.result().status == GoalStatus.STATUS_SUCCEEDED
    print("succeeded:", succeeded, navigator.feedback is not None)

    def patrol(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        navigator.go(100_000)
        navigator.feedback = None
        while navigator.feedback is None:
            navigator.is_complete()
        navigator.cancel()
        began = time.monotonic()
        while not navigator.is_complete() and time.monotonic() < began + 20:
            pass
        canceled = navigator.result.result().status == GoalStatus.STATUS_CANCELED
        response.message = f"canceled: {canceled}"
        return response

    user.create_service(Trigger, "patrol", patrol)
    client = user.create_client(Trigger, "patrol")
    executor = SingleThreadedExecutor()
    executor.add_node(user)
    future = client.call_async(Trigger.Request())
    executor.spin_until_future_complete(future)
    print(future.result().message)
    navigator.client.destroy()
    server.server.destroy()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
