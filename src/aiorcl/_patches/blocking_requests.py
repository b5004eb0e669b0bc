# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""rclpy's calls that block until a request is answered: the end of the executor ends them, too."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rclpy.action.client import ActionClient
from rclpy.client import Client

from aiorcl._rclpy import private_actions
from aiorcl._serving.registry import serving_and_node_of
from aiorcl._tasks.blocked_calls import UnansweredError, discard_wait, leave
from aiorcl._tasks.unwanted_requests import drop_unwanted

if TYPE_CHECKING:
    import rclpy.task
    from rclpy.node import Node

    from aiorcl._tasks.workers import Workers

# What waits for a response; ClientGoalHandle.cancel_goal() and get_result() call the last two.
_CALLS = (
    (Client, "call"),
    (ActionClient, "send_goal"),
    (ActionClient, private_actions.CANCEL_GOAL),
    (ActionClient, private_actions.GET_RESULT),
)


class _ClientStandIn:
    """Stands in for a client in a blocking call of rclpy: the end of its executor ends the call.

    Of the one that has its node then.

    :param wait: waits until the future of the response is done, on a thread that would have to
        bring that; None on any other.
    :param outlasts: the call ends by itself, and that is waited for, unless the context is down.
    """

    def __init__(
        self,
        client: Any,
        workers: Workers,
        node: Node,
        wait: Callable[[Any], object] | None,
        *,
        outlasts: bool,
    ) -> None:
        self._client = client
        self._workers = workers
        self._node = node
        self._wait = wait
        self._outlasts = outlasts
        self._future: Any = None
        self._twin: rclpy.task.Future[Any] | None = None

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        if not name.endswith("_async"):
            return attribute

        def call(*args: Any, **kwargs: Any) -> Any:
            self._future = attribute(*args, **kwargs)
            self._twin = self._workers.wait_for(self._future, self._node, outlasts=self._outlasts)
            if self._wait is not None:
                self._wait(self._future)
                if self._workers.nothing_answers():
                    self._workers.cancel_waits()
            return self._twin

        return call

    def drop_unanswered(self) -> None:
        """Drop the request if that is the one whose response nobody waits for any more.

        As where a task is cancelled that awaits it; the response may have come just now.
        """
        if self._twin is None or not isinstance(self._twin.exception(), UnansweredError):
            return
        leave(self._future)
        drop_unwanted(self._future)
        if isinstance(self._client, Client):  # whose executor may run no done callbacks any more
            self._client.remove_pending_request(self._future)

    def left(self) -> None:
        """The call has ended: nothing waits, whatever has ended it, as a KeyboardInterrupt may."""
        if self._twin is None or not discard_wait(self._twin):
            return
        leave(self._future)
        if isinstance(self._client, Client):
            self._client.remove_pending_request(self._future)

    def remove_pending_request(self, twin: Any) -> None:
        discard_wait(twin)
        self._client.remove_pending_request(self._future)


def _end_with_executor(cls: type, name: str) -> Callable[..., Any]:
    """As the method; but the response wakes the calling thread directly, and a shutdown too.

    rclpy has the executor run what wakes the thread, and one that is shut down runs nothing more.
    On the executor's own thread, if that may be spun inside callbacks, it is spun meanwhile.
    """
    method = getattr(cls, name)
    signature = inspect.signature(method)

    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = serving_and_node_of(self)
        if found is None:
            return method(self, *args, **kwargs)
        serving, node = found
        wait, spin, timeout_sec = None, serving.workers.spin_inside, None
        if spin is not None:  # the program was written for rclpy
            bound = signature.bind(self, *args, **kwargs)
            timeout_sec = bound.arguments.get("timeout_sec")
            if serving.run.runs_here():
                wait = functools.partial(spin, timeout=timeout_sec)
                if "timeout_sec" in signature.parameters:
                    bound.arguments["timeout_sec"] = 0.0  # over when the method begins to wait
                args, kwargs = bound.args[1:], bound.kwargs
        workers, outlasts = serving.workers, timeout_sec is not None
        stand_in = _ClientStandIn(self, workers, node, wait, outlasts=outlasts)
        try:
            return method(stand_in, *args, **kwargs)
        except UnansweredError:
            stand_in.drop_unanswered()
            raise
        finally:
            stand_in.left()

    return wrapper


def apply() -> None:
    """Change the classes; once, before those are refused that could never return."""
    for cls, method in _CALLS:
        setattr(cls, method, _end_with_executor(cls, method))
