# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Run ordinary rclpy nodes on the asyncio event loop."""

try:
    # First: this loads librcl and its kin, which our extension expects to find in the process.
    import rclpy.impl.implementation_singleton  # noqa: F401
except ImportError as error:
    error.add_note(
        "aiorcl needs ROS 2: source your ROS 2 setup (for example /opt/ros/jazzy/setup.bash), "
        "or pip install ros-rclpy and ros-rmw-fastrtps-cpp"
    )
    raise

from aiorcl import _patches
from aiorcl._core import RclError, check_layout
from aiorcl._coroutines.calls import call
from aiorcl._coroutines.goals.client import RunningGoal, goal
from aiorcl._coroutines.goals.errors import (
    GoalAbortedError,
    GoalCanceledError,
    GoalError,
    GoalLostError,
    GoalRejectedError,
)
from aiorcl._coroutines.goals.server import ServedGoal, serve_action
from aiorcl._coroutines.publishing import publish
from aiorcl._coroutines.readiness import action_ready, node_ready, service_ready, subscribers_ready
from aiorcl._coroutines.streams.messages import MessageStream, messages, next_message
from aiorcl._coroutines.streams.parameter_changes import ParameterStream, parameter_changes
from aiorcl._coroutines.streams.qos_events import EventStream, qos_events
from aiorcl._coroutines.streams.requests import RequestStream, ServedRequest, requests
from aiorcl._coroutines.streams.stream import Stream
from aiorcl._coroutines.streams.synchronized import SynchronizedStream, synchronized
from aiorcl._coroutines.streams.ticks import Tick, TickStream, ticks
from aiorcl._loop.clock import AsyncioClock, TimeSourceChangedError
from aiorcl._loop.event_loop import EventLoop, new_event_loop
from aiorcl._patches.blocking import BlockedLoopWarning
from aiorcl._program.install import install
from aiorcl._program.lifespan import Lifespan, lifespan
from aiorcl._program.run import run
from aiorcl._serving.abstract import AbstractExecutor, ExecutorBase
from aiorcl._serving.followers import EntityGoneError
from aiorcl._serving.statistics import Durations, EntityStats, ExecutorStats
from aiorcl._tasks.future import Future
from aiorcl._tasks.groups import LimitedCallbackGroup, ThreadCallbackGroup
from aiorcl._tasks.task import Task
from aiorcl.executor import AsyncioExecutor

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
    "Lifespan",
    "LimitedCallbackGroup",
    "MessageStream",
    "ParameterStream",
    "RclError",
    "RequestStream",
    "RunningGoal",
    "ServedGoal",
    "ServedRequest",
    "Stream",
    "SynchronizedStream",
    "Task",
    "ThreadCallbackGroup",
    "Tick",
    "TickStream",
    "TimeSourceChangedError",
    "action_ready",
    "call",
    "goal",
    "install",
    "lifespan",
    "messages",
    "new_event_loop",
    "next_message",
    "node_ready",
    "parameter_changes",
    "publish",
    "qos_events",
    "requests",
    "run",
    "serve_action",
    "service_ready",
    "subscribers_ready",
    "synchronized",
    "ticks",
]

check_layout()
_patches.apply()


def __getattr__(name: str) -> str:
    """Look up ``__version__`` when it is asked for: the metadata of packages take milliseconds."""
    if name == "__version__":
        import importlib.metadata

        return importlib.metadata.version("aiorcl")
    raise AttributeError(f"module 'aiorcl' has no attribute {name!r}")
