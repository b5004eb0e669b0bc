# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What lifecycle nodes of tests have in common."""

from rclpy.lifecycle.node import LifecycleNodeMixin


class TellsState(LifecycleNodeMixin):
    """Says in which state it is. A base in front of that which makes it a lifecycle node."""

    @property
    def state(self) -> str:
        """What the node says of itself."""
        return str(self._state_machine.current_state[1])
