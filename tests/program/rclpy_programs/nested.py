# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Spin calls inside callbacks: of the same executor, of another one, of a helper's node.

from typing import Any

import rclpy
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_srvs.srv import Trigger


class Helper(Node):
    """As libraries have it: a node of its own that is spun until there is an answer."""

    def __init__(self, context_of: str) -> None:
        super().__init__(f"helper_of_{context_of}")
        self.client = self.create_client(Trigger, "answer")

    def ask(self) -> str:
        """Ask and wait."""
        future = self.client.call_async(Trigger.Request())
        rclpy.spin_until_future_complete(self, future)
        return str(future.result().message)


class Relay(Node):
    """A service that asks another one before it answers."""

    def __init__(self) -> None:
        super().__init__("relay")
        self.helper = Helper("relay")
        self.group = MutuallyExclusiveCallbackGroup()
        self.client = self.create_client(Trigger, "answer", callback_group=self.group)
        self.create_service(Trigger, "by_helper", self.by_helper)
        self.create_service(Trigger, "by_global", self.by_global)
        self.create_service(Trigger, "by_other", self.by_other)
        self.create_service(Trigger, "by_polling", self.by_polling)

    def by_helper(self, request: Any, response: Trigger.Response) -> Trigger.Response:
        """Let the helper spin."""
        response.message = f"helper got {self.helper.ask()}"
        return response

    def by_global(self, request: Any, response: Trigger.Response) -> Trigger.Response:
        """Spin the executor that is running this."""
        future = self.client.call_async(Trigger.Request())
        rclpy.spin_until_future_complete(self, future)
        response.message = f"the same got {future.result().message}"
        return response

    def by_other(self, request: Any, response: Trigger.Response) -> Trigger.Response:
        """Spin an executor that is made for it."""
        node = Node("made_for_it")
        client = node.create_client(Trigger, "answer_of_other")
        server = Node("server_of_other")
        server.create_service(Trigger, "answer_of_other", answer)
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        executor.add_node(server)
        future = client.call_async(Trigger.Request())
        executor.spin_until_future_complete(future)
        response.message = f"another got {future.result().message}"
        executor.shutdown()
        node.destroy_node()
        server.destroy_node()
        return response

    def by_polling(self, request: Any, response: Trigger.Response) -> Trigger.Response:
        """Spin again and again."""
        future = self.client.call_async(Trigger.Request())
        while not future.done():
            rclpy.spin_once(self, timeout_sec=0.1)
        response.message = f"polling got {future.result().message}"
        return response


def answer(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
    """Answer a request."""
    response.message = "an answer"
    return response


def main() -> None:
    """Ask for each, in a timer's callback, which spins, too."""
    rclpy.init()
    relay, server, asker = Relay(), Node("server"), Node("asker")
    server.create_service(Trigger, "answer", answer)
    ways = ("by_helper", "by_global", "by_other", "by_polling")
    clients = {way: asker.create_client(Trigger, way) for way in ways}
    executor = rclpy.get_global_executor()
    executor.add_node(server)
    executor.add_node(relay)

    def ask_all() -> None:
        timer.cancel()
        for way, client in clients.items():
            future = client.call_async(Trigger.Request())
            rclpy.spin_until_future_complete(asker, future)
            print(way, "->", future.result().message)
        rclpy.shutdown()

    ticker = Node("ticker")
    timer = ticker.create_timer(0.01, ask_all)
    rclpy.spin(ticker)
    print("ended")


if __name__ == "__main__":
    main()
