# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What the dispatcher, in C++, calls in Python."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import weakref

    from rclpy.client import Client
    from rclpy.task import Future, Task
    from rclpy.timer import Timer

    from aiorcl import _core


class Hooks(Protocol):
    """Who runs a dispatcher: it is handed to each call that lets entities run.

    All are called on the loop's thread, between two callbacks at most. What they raise goes to
    ``on_error``, as what callbacks raise does; ``on_error`` itself must not raise.

    :ivar executor: whose the futures are that the dispatcher completes.
    """

    executor: weakref.ref[Any]

    def create_task(self, callback: Callable[..., Any], *args: Any) -> Any:
        """A future was completed: its executor is to call a done callback in its turn."""

    def on_error(self, source: object, error: BaseException) -> None:
        """An entity, ``source``, could not run, or its plain callback has raised ``error``."""

    def on_slow_callback(self, entity: _core.Entity, took_ns: int) -> None:
        """An entity kept the loop for ``slow_ns`` of the dispatcher or longer; must not raise."""

    def start_callback(self, entity: _core.Entity, coroutine: Coroutine[Any, Any, Any]) -> None:
        """The callback of ``entity`` has returned a coroutine: run it as a task.

        When it has ended ``entity.ended()`` must follow, which gives its place in the group back.
        """

    def start_service_callback(
        self, entity: _core.Service, coroutine: Coroutine[Any, Any, Any], request_id: object
    ) -> None:
        """As ``start_callback``; what the coroutine returns goes to ``entity.respond``."""

    def response_unsent(self, entity: _core.Service, response: object, request_id: bytes) -> None:
        """``entity`` could not send what its callback has returned: ``respond`` may do later."""

    def complete_future(self, client: Client[Any, Any], future: Future[Any], response: Any) -> None:
        """A response was taken, and the future of its request is not just that of rclpy."""

    def complete_request(self, client: Client[Any, Any], number: int, response: Any) -> None:
        """A response was taken of a client that looks for the future by a method of the user's."""

    def call_task(self, task: Task[Any]) -> None:
        """A future is complete that a task of rclpy awaits, of any executor: let it go on."""

    def ask_guards(self) -> bool:
        """A spin_once would return with nothing done: look where events come late; True if one did.

        Anything that was triggered before must be ready now.
        """
        ...

    def timer_argument(self, callback: Callable[..., Any]) -> str | None:
        """Name the parameter of a timer's callback that wants a TimerInfo; asked once for each."""

    def timer_info(self, timer: Timer, expected_ns: int, actual_ns: int) -> Any:
        """Make the TimerInfo of one call, for a callback that wants it."""

    def take_waitable(self, entity: _core.Waitable) -> Any:
        """Something of a waitable is ready, or may be: take its data.

        :return: False if it is not ready; else what its ``execute`` returned. A coroutine is
            handed to ``start_callback`` next.
        """

    def is_waitable_ready(self, entity: _core.Waitable) -> bool:
        """Tell whether something of a waitable is ready, before a group is asked for a place."""
        ...

    def take_ready_waitable(self, entity: _core.Waitable) -> Any:
        """As ``take_waitable``, of a waitable that is ready."""

    def take_driven_waitable(self, entity: _core.DrivenWaitable) -> Any:
        """As ``take_waitable``, of a waitable that has said that it is ready."""
