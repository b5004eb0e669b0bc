# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A lifecycle node, led through its states by another node.

from typing import Any

import rclpy
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.node import Node
from std_msgs.msg import String


class Talker(LifecycleNode):
    """Talks while it is active."""

    def __init__(self) -> None:
        super().__init__("lc_talker")
        self.publisher: Any = None

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Make what it needs."""
        print("configure from", state.label)
        self.publisher = self.create_lifecycle_publisher(String, "lc_chatter", 10)
        self.timer = self.create_timer(0.01, self.talk)
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin."""
        print("activate from", state.label)
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Pause."""
        print("deactivate from", state.label)
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Give all back."""
        print("clean up from", state.label)
        self.destroy_timer(self.timer)
        self.destroy_publisher(self.publisher)
        return TransitionCallbackReturn.SUCCESS

    def talk(self) -> None:
        """Publish, which does nothing while it is inactive."""
        self.publisher.publish(String(data="hello"))


class Leader(Node):
    """Changes the state of the other node."""

    def __init__(self) -> None:
        super().__init__("leader")
        self.change = self.create_client(ChangeState, "/lc_talker/change_state")
        self.state = self.create_client(GetState, "/lc_talker/get_state")
        self.heard = 0
        self.create_subscription(String, "lc_chatter", self.listen, 10)

    def listen(self, message: String) -> None:
        """Count the messages."""
        self.heard += 1


def main() -> None:
    """Lead it through all its states."""
    rclpy.init()
    executor = SingleThreadedExecutor()
    talker, leader = Talker(), Leader()
    executor.add_node(talker)
    executor.add_node(leader)
    leader.change.wait_for_service()
    for transition in (
        Transition.TRANSITION_CONFIGURE,
        Transition.TRANSITION_ACTIVATE,
        Transition.TRANSITION_DEACTIVATE,
        Transition.TRANSITION_CLEANUP,
    ):
        request = ChangeState.Request(transition=Transition(id=transition))
        future = leader.change.call_async(request)
        executor.spin_until_future_complete(future)
        print("changed:", future.result().success)
        if transition == Transition.TRANSITION_ACTIVATE and future.result().success:
            while leader.heard < 3:
                executor.spin_once()
        future = leader.state.call_async(GetState.Request())
        executor.spin_until_future_complete(future)
        print("state:", future.result().current_state.label)
    executor.shutdown()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
