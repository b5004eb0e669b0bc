# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A service, and clients that call it: with a future, with its callback, and from a thread.

import threading
from typing import Any

import rclpy
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future
from test_msgs.srv import BasicTypes


class Server(Node):
    """Adds one."""

    def __init__(self) -> None:
        super().__init__("server")
        self.create_service(BasicTypes, "add_one", self.add_one)

    def add_one(
        self, request: BasicTypes.Request, response: BasicTypes.Response
    ) -> BasicTypes.Response:
        """Answer one request."""
        print("Incoming request:", request.int64_value)
        response.int64_value = request.int64_value + 1
        return response


class Client(Node):
    """Asks the server."""

    def __init__(self) -> None:
        super().__init__("client")
        self.client = self.create_client(BasicTypes, "add_one")

    def ask(self, value: int) -> "Future[Any]":
        """Send a request."""
        return self.client.call_async(BasicTypes.Request(int64_value=value))


def main() -> None:
    """Call in each way that there is."""
    rclpy.init()
    server, client = Server(), Client()
    executor = SingleThreadedExecutor()
    print(isinstance(executor, Executor), isinstance(executor, SingleThreadedExecutor))
    print(executor.add_node(server), executor.add_node(client), executor.add_node(client))
    while not client.client.wait_for_service(timeout_sec=1.0):
        pass

    future = client.ask(1)
    executor.spin_until_future_complete(future)
    print("Result:", future.result().int64_value)

    future = client.ask(10)
    future.add_done_callback(lambda done: print("Callback:", done.result().int64_value))
    while rclpy.ok() and not future.done():
        executor.spin_once(timeout_sec=1.0)
    executor.spin_once(timeout_sec=0.1)

    thread = threading.Thread(target=executor.spin)
    thread.start()
    print(
        "From the main thread:", client.client.call(BasicTypes.Request(int64_value=20)).int64_value
    )
    executor.shutdown()
    thread.join()
    print(executor.get_nodes())
    rclpy.shutdown()


if __name__ == "__main__":
    main()
