# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A library that spins in a thread of its own, as a listener of transforms does.

import threading

import rclpy
from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.time import Time
from std_srvs.srv import Trigger


class Buffer:
    """The newest transform of each frame, for whichever thread waits for it."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.frames: dict[str, TransformStamped] = {}

    def set(self, transform: TransformStamped) -> None:
        """Note one that came."""
        with self.changed:
            self.frames[transform.child_frame_id] = transform
            self.changed.notify_all()

    def lookup(self, frame: str, timeout: Duration) -> TransformStamped:
        """Block until it is there."""
        with self.changed:
            self.changed.wait_for(lambda: frame in self.frames, timeout.nanoseconds / 1e9)
            return self.frames[frame]


class Listener:
    """Fills a buffer; its subscription belongs to a node of the user's, which it spins."""

    def __init__(self, buffer: Buffer, node: Node) -> None:
        self.subscription = node.create_subscription(TransformStamped, "tf", buffer.set, 100)
        self.executor = SingleThreadedExecutor()

        def run() -> None:
            self.executor.add_node(node)
            try:
                self.executor.spin()
            except ExternalShutdownException:
                print("the listener has ended")
            self.executor.remove_node(node)

        self.thread = threading.Thread(target=run)
        self.thread.start()


def main() -> None:
    """Look transforms up in callbacks that block, while the thread of the library spins."""
    rclpy.init()
    node, listener_node, broadcaster = Node("user"), Node("listener"), Node("broadcaster")
    buffer = Buffer()
    listener = Listener(buffer, listener_node)
    publisher = broadcaster.create_publisher(TransformStamped, "tf", 100)
    while publisher.get_subscription_count() == 0:
        pass

    def look_up(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        transform = TransformStamped(child_frame_id="tool")
        transform.header.stamp = Time(seconds=3).to_msg()
        publisher.publish(transform)
        found = buffer.lookup("tool", Duration(seconds=20))
        response.message = f"{found.child_frame_id} at {found.header.stamp.sec}"
        return response

    node.create_service(Trigger, "look_up", look_up)
    client = node.create_client(Trigger, "look_up")
    rclpy.spin_once(node, timeout_sec=0.0)
    future = client.call_async(Trigger.Request())
    rclpy.spin_until_future_complete(node, future)
    print("found", future.result().message)
    rclpy.shutdown()
    listener.thread.join()


if __name__ == "__main__":
    main()
