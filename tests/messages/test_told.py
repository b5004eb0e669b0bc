# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Which types rclpy's functions convert, and why, is told: by the log and by statistics.

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import rclpy.logging
from rclpy.context import Context
from rclpy.impl.logging_severity import LoggingSeverity
from rclpy.node import Node
from std_msgs.msg import Int64, String

from aiorcl import AsyncioExecutor
from aiorcl._core import MessageType
from aiorcl._program.table import make_table
from aiorcl._rclpy.conversion import ros_name_of


@pytest.fixture
def debug() -> Iterator[None]:
    """Our logger tells all."""
    rclpy.logging.set_logger_level("aiorcl", LoggingSeverity.DEBUG)
    yield
    rclpy.logging.set_logger_level("aiorcl", LoggingSeverity.UNSET)


def a_subclass() -> Any:
    """Make a class that has no plan."""
    return type("Mine", (String,), {"__module__": __name__})


@pytest.mark.usefixtures("debug")
def test_the_log_says_so_once(capfd: pytest.CaptureFixture[str]) -> None:
    """At debug level, with the reason, however many entities have the type."""
    cls = a_subclass()
    for _ in range(3):
        MessageType(cls)
    told = capfd.readouterr().err
    assert told.count("is converted by rclpy") == 1
    assert "std_msgs/msg/String (tests.messages.test_told.Mine)" in told
    assert "a subclass of a message's class" in told


def test_statistics_say_so(context: Context, lone: Node) -> None:
    """Those of an executor, by the names of ROS; and the table of `aiorcl run --stats`."""
    cls = a_subclass()
    lone.create_subscription(Int64, "numbers", lambda _: None, 10)
    lone.create_subscription(cls, "topic", lambda _: None, 10)
    with AsyncioExecutor(context=context) as executor:
        executor.add_node(lone)
        stats = executor.stats()
    reasons = stats.converted_by_rclpy
    assert reasons[ros_name_of(cls)] == "a subclass of a message's class"
    assert "std_msgs/msg/Int64" not in reasons
    caption = make_table(stats, stats, 1.0).caption
    assert f"{ros_name_of(cls)} is converted by rclpy, slowly: a subclass" in str(caption)


def test_what_was_asked_for_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the environment variable."""
    monkeypatch.setenv("AIORCL_CONVERSION", "rclpy")
    cls = a_subclass()
    MessageType(cls)
    assert MessageType.without_plan()[cls] == "AIORCL_CONVERSION is rclpy"


def test_what_is_asked_for_no_more_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next entity of the type has a plan again."""
    monkeypatch.setenv("AIORCL_CONVERSION", "rclpy")
    MessageType(Int64)
    assert Int64 in MessageType.without_plan()
    monkeypatch.delenv("AIORCL_CONVERSION")
    MessageType(Int64)
    assert Int64 not in MessageType.without_plan()


def test_other_threads_note_more_meanwhile(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever takes statistics is not disturbed."""
    made: list[Any] = [a_subclass()]
    MessageType(made[0])

    def name(cls: type) -> str:
        made.append(a_subclass())
        MessageType(made[-1])
        return ros_name_of(cls)

    monkeypatch.setattr("aiorcl._serving.statistics.ros_name_of", name)
    with AsyncioExecutor(context=context) as executor:
        assert ros_name_of(made[0]) in executor.stats().converted_by_rclpy
