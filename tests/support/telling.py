# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# An entity that tells its node of its end, on rclpy of any release.

from __future__ import annotations

from typing import Any

from rclpy.node import Node
from rclpy.subscription import Subscription

from aiorcl._patches.destroy import change_destroy_of


class _TellsNode(Subscription):  # type: ignore[type-arg]  # no generic on Jazzy
    """A subscription in the shape of rclpy 10.0.9's: its node loses it before it is destroyed."""

    node: Any

    def destroy(self) -> None:
        """Leave the node with all that is its own, wake the executor, and be destroyed; once."""
        node, self.node = self.node, None
        if node is None:
            return
        node._subscriptions.remove(self)
        for handler in self.event_handlers:
            node._Node__waitables.remove(handler)
        node._wake_executor()
        super().destroy()


change_destroy_of(_TellsNode)  # as that of rclpy's own classes


def subscription_that_tells(node: Node, *arguments: Any) -> Any:
    """Make a subscription; nobody but itself may destroy it.

    From rclpy 10.0.9 on it is one as it comes.
    """
    made: Any = node.create_subscription(*arguments)
    if not hasattr(made, "_on_destroy"):
        made.__class__, made.node = _TellsNode, node
    return made
