# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Spins until Ctrl-C, as most nodes do, and cleans up.

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node


def main() -> None:
    """Say what has ended the spin."""
    rclpy.init()
    node = Node("waits")

    def tell() -> None:
        timer.cancel()
        print("ready", flush=True)

    timer = node.create_timer(0.01, tell)
    try:
        rclpy.spin(node)
    except KeyboardInterrupt:
        print("KeyboardInterrupt")
    except ExternalShutdownException:
        pass  # after SIGTERM; rclpy may return instead, if it looks at the context first
    finally:
        node.destroy_node()
        print("destroyed")
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
