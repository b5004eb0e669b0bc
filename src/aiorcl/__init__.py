# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Run ordinary rclpy nodes on the asyncio event loop."""

try:
    # First: this loads librcl and its kin, which our extension expects to find in the process.
    import rclpy.impl.implementation_singleton  # noqa: F401
except ImportError as error:
    error.add_note(
        "aiorcl needs ROS 2: source your ROS 2 setup (for example /opt/ros/jazzy/setup.bash), "
        "or pip install 'aiorcl[kilted]' or 'aiorcl[jazzy]'"
    )
    raise

from aiorcl import _blocking_calls, _rclpy_patches
from aiorcl._blocking_calls import BlockedLoopWarning
from aiorcl._core import RclError
from aiorcl._followers import EntityGoneError
from aiorcl.abstract import AbstractExecutor, ExecutorBase
from aiorcl.actions.client import RunningGoal, goal
from aiorcl.actions.errors import (
    GoalAbortedError,
    GoalCanceledError,
    GoalError,
    GoalLostError,
    GoalRejectedError,
)
from aiorcl.actions.server import ServedGoal, serve_action
from aiorcl.calls import call, publish
from aiorcl.clock import AsyncioClock, TimeSourceChangedError
from aiorcl.executor import AsyncioExecutor
from aiorcl.futures import Future, Task
from aiorcl.groups import LimitedCallbackGroup, ThreadCallbackGroup
from aiorcl.loops import EventLoop, new_event_loop
from aiorcl.readiness import action_ready, node_ready, service_ready, subscribers_ready
from aiorcl.running import run
from aiorcl.stats import Durations, EntityStats, ExecutorStats
from aiorcl.streams.messages import MessageStream, messages, next_message
from aiorcl.streams.qos_events import EventStream, qos_events
from aiorcl.streams.stream import Stream
from aiorcl.streams.ticks import Tick, TickStream, ticks

__all__ = [
    "AbstractExecutor",
    "AsyncioClock",
    "AsyncioExecutor",
    "BlockedLoopWarning",
    "Durations",
    "EntityGoneError",
    "EntityStats",
    "EventLoop",
    "EventStream",
    "ExecutorBase",
    "ExecutorStats",
    "Future",
    "GoalAbortedError",
    "GoalCanceledError",
    "GoalError",
    "GoalLostError",
    "GoalRejectedError",
    "LimitedCallbackGroup",
    "MessageStream",
    "RclError",
    "RunningGoal",
    "ServedGoal",
    "Stream",
    "Task",
    "ThreadCallbackGroup",
    "Tick",
    "TickStream",
    "TimeSourceChangedError",
    "action_ready",
    "call",
    "goal",
    "messages",
    "new_event_loop",
    "next_message",
    "node_ready",
    "publish",
    "qos_events",
    "run",
    "serve_action",
    "service_ready",
    "subscribers_ready",
    "ticks",
]

_rclpy_patches.apply()
_blocking_calls.apply()
