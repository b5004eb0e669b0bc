# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""rclpy's blocking calls on a thread that runs an executor: refused, or told of when long.

What is called on any other thread, or under any other executor, is rclpy's own.
"""

from __future__ import annotations

import functools
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rclpy.action.client import ActionClient, ClientGoalHandle
from rclpy.client import Client
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.exceptions import ROSInterruptException
from rclpy.node import Node
from rclpy.parameter_client import AsyncParameterClient
from rclpy.publisher import Publisher
from rclpy.timer import Rate
from rclpy.utilities import get_default_context

from aiorcl._loop.aside import loop_here
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.private import frame_above
from aiorcl._loop.run import something_runs_here
from aiorcl._rclpy import private, private_actions
from aiorcl._serving.naming import described, name_of
from aiorcl._serving.registry import (
    served_here,
    served_nodes_here,
    serving_and_node_of,
    serving_here,
)
from aiorcl._tasks.blocked_calls import OF_WHAT_IS_GONE, UnansweredError
from aiorcl._tasks.workers import workers_here

if TYPE_CHECKING:
    from rclpy.context import Context

    from aiorcl._tasks.blocked_calls import Sleep
    from aiorcl._tasks.workers import Workers

# How long a wait without a timeout may go on before it is named: it may never end.
_PATIENCE_SEC = 1.0

# How often a wait in a worker looks whether the executor ends: as often as rclpy looks itself.
_LOOK_SEC = 0.25


class BlockedLoopWarning(RuntimeWarning):
    """A call of rclpy has blocked an event loop, and with it all that runs there, for long.

    Given once for each method of an entity, where the call was made. Long is what the loop's
    ``slow_callback_duration`` says, as for asyncio itself: 0.1 s unless you set it.
    """


@dataclass(frozen=True, slots=True)
class _Endless:
    """A call that waits for what only the thread that makes it could bring."""

    cls: type
    method: str
    entity: Callable[[Any], Any]  # what an executor would have to serve meanwhile
    instead: str
    waits_for_response: bool = True  # which an executor brings that may be spun inside callbacks


_ENDLESS = (
    _Endless(Client, "call", lambda client: client, "await client.call_async(request)"),
    _Endless(
        ActionClient,
        "send_goal",
        lambda client: client,
        "goal_handle = await client.send_goal_async(goal)' and 'await "
        "goal_handle.get_result_async()",
    ),
    _Endless(
        ClientGoalHandle,
        "cancel_goal",
        private_actions.client_of,
        "await goal_handle.cancel_goal_async()",
    ),
    _Endless(
        ClientGoalHandle,
        "get_result",
        private_actions.client_of,
        "await goal_handle.get_result_async()",
    ),
    _Endless(
        Rate, "sleep", private.timer_of, "await asyncio.sleep(period)", waits_for_response=False
    ),
)


def _refuse_here(call: _Endless) -> Callable[..., Any]:
    method = getattr(call.cls, call.method)

    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        entity = call.entity(self)
        serving = serving_here(entity)
        if serving is not None and not (call.waits_for_response and serving.workers.spin_inside):
            found = served_here(entity)
            name = described(entity) if found is None else found.core.label
            node = "its node" if found is None else f"'{name_of(found.served_node.node)}'"
            raise RuntimeError(
                f"{call.cls.__name__}.{call.method}() of {name} would never return: this thread "
                f"runs the executor of {node}. Make the caller a coroutine function and write "
                f"'{call.instead}', or call it in another thread"
            )
        if call.waits_for_response and _ends_here(entity) and serving_and_node_of(entity) is None:
            raise UnansweredError  # that of an action may still send, and wait for ever
        try:
            return method(self, *args, **kwargs)
        except OF_WHAT_IS_GONE:
            if not _ends_here(entity):
                raise
            raise UnansweredError from None

    return wrapper


def _ends_here(entity: Any) -> bool:
    """True in a worker whose context ends, unless its callback was written for rclpy.

    Nor for an entity of another context that is up: an executor of that may serve it.
    """
    workers = workers_here()
    if workers is None or workers.threads is not None or not workers.context_ends():
        return False
    context = _context_of(entity)
    return context is None or workers.are_of(context) or not context.ok()


def _context_of(entity: Any) -> Context | None:
    """Return the context of a client, of services or of actions; of other entities None."""
    if isinstance(entity, Client):
        return entity.context
    node = private_actions.node_of_action(entity)
    return None if node is None else node.context


def _tell_here(cls: type, name: str) -> Callable[..., Any]:
    """As the method, which takes its time; then tell if that was long."""
    method = getattr(cls, name)

    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not something_runs_here():
            return method(self, *args, **kwargs)
        began = time.monotonic()
        result = method(self, *args, **kwargs)
        _tell(self, f"{cls.__name__}.{name}()", time.monotonic() - began)
        return result

    return wrapper


def _wait_here(cls: type, name: str) -> Callable[..., Any]:
    """As `_tell_here`; a wait without a timeout is told of while it goes on.

    It is not refused: whoever it waits for may be another process.
    """
    method = getattr(cls, name)
    told = _tell_here(cls, name)

    @functools.wraps(method)
    def wrapper(self: Any, timeout_sec: float | None = None) -> Any:
        workers = workers_here()
        if workers is not None:
            return _wait_in_worker(workers, functools.partial(method, self), timeout_sec)
        if timeout_sec is not None or not something_runs_here():
            return told(self, timeout_sec)
        began = time.monotonic()
        came = method(self, _PATIENCE_SEC)
        outlook = "" if came else ", and goes on until its server is there"
        _tell(self, f"{cls.__name__}.{name}()", time.monotonic() - began, outlook)
        return came or method(self, None)

    return wrapper


def _wait_in_worker(
    workers: Workers, wait: Callable[[float], bool], timeout_sec: float | None
) -> bool:
    """Wait as rclpy does, which looks every quarter of a second, unless the executor ends.

    A callback that was written for rclpy gets what rclpy would give it, if that ever returned.
    """
    end = None if timeout_sec is None else time.monotonic() + timeout_sec
    with _sleep_in_worker(workers, lambda: None, is_limited=timeout_sec is not None) as sleep:
        while True:
            began = time.monotonic()
            left = _LOOK_SEC if end is None else min(_LOOK_SEC, end - began)
            if wait(left):
                return True
            now = time.monotonic()
            is_too_soon = now - began < left / 2  # the context is down
            if is_too_soon:
                sleep.look()
            if sleep.cancelled or is_too_soon or (end is not None and now >= end):
                return False


def _sleep_in_worker(workers: Workers, wake: Callable[[], object], *, is_limited: bool) -> Sleep:
    if workers.threads is None:
        return workers.sleep(wake)
    return workers.sleep(wake, error=_unanswered_while_up, outlasts=is_limited)


def _unanswered_while_up(context_is_down: bool) -> BaseException | None:
    return None if context_is_down else UnansweredError()


def _interrupted(context_is_down: bool) -> BaseException:
    return ROSInterruptException() if context_is_down else UnansweredError()


def _end_rate(sleep: Callable[[Rate], None]) -> Callable[[Rate], None]:
    """As the method; but the end of the executor that has the timer ends it, on any thread.

    Where the context is down it raises what rclpy raises, which sets its flag perhaps later, and by
    a signal not at all.
    """

    @functools.wraps(sleep)
    def wrapper(self: Rate) -> None:
        found = serving_and_node_of(private.timer_of(self))
        workers = workers_here() if found is None else found[0].workers
        if workers is None:
            sleep(self)
            return
        node = None if found is None else found[1]
        with workers.sleep(private.event_of(self).set, node, _interrupted):
            sleep(self)

    return wrapper


class _ContextStandIn:
    """Stands in for a context in ``Clock.sleep_until`` in a worker, to wake it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._callbacks: list[Callable[[], object]] = []
        self._is_woken = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def on_shutdown(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)
        if self._is_woken:
            callback()
        self._context.on_shutdown(callback)

    def wake(self) -> None:
        self._is_woken = True
        for callback in list(self._callbacks):
            callback()


def _sleep_until(sleep_until: Callable[..., bool]) -> Callable[..., bool]:
    """As the method; but on ROS time it waits for /clock, which the executor would have to take.

    In a worker the end of the executor ends it; one that was written for rclpy sleeps its time.
    """

    @functools.wraps(sleep_until)
    def wrapper(self: Clock, until: Any, context: Context | None = None) -> bool:
        # By its type: newer rclpy has no class for this.
        is_ros = self.clock_type is ClockType.ROS_TIME
        is_on_ros_time = is_ros and getattr(self, "ros_time_is_active", False)
        if is_on_ros_time:
            for served_node in served_nodes_here():
                if private.clock_of(served_node.node) is self:
                    raise RuntimeError(
                        "Clock.sleep_until() on ROS time would never return: this thread runs the "
                        f"executor of '{name_of(served_node.node)}', which takes /clock. Await "
                        "AsyncioClock.sleep_until_async(), or call it in another thread"
                    )
        workers = workers_here()
        if workers is None:
            return sleep_until(self, until, context)
        stand_in = _ContextStandIn(get_default_context() if context is None else context)
        with _sleep_in_worker(workers, stand_in.wake, is_limited=not is_on_ros_time):
            return sleep_until(self, until, stand_in)

    return wrapper


# The calls that were told of, by what they were made on.
_told: ByIdentity[Any, set[str]] = ByIdentity()


def _tell(entity: Any, call: str, seconds: float, outlook: str = "") -> None:
    loop = loop_here()
    if loop is None or seconds < loop.slow_callback_duration:
        return
    told = _told.setdefault(entity, set())
    if call in told:
        return
    told.add(call)
    name = _name_of(entity)
    warnings.warn(
        f"{call}{name and ' of '}{name} has blocked the event loop for {seconds:.3g} s{outlook}. "
        "Call it before the executor runs, or in another thread (await asyncio.to_thread(...))",
        BlockedLoopWarning,
        stacklevel=_level_of_caller(),
    )


def _name_of(entity: Any) -> str:
    found = served_here(entity)
    if found is not None:
        return found.core.label
    name = (
        getattr(entity, "srv_name", None)
        or private_actions.action_name_of(entity)
        or getattr(entity, "remote_node_name", None)
    )
    if name is None and isinstance(entity, Node):
        name = entity.get_fully_qualified_name()
    return "" if name is None else f"'{name}'"


def _level_of_caller() -> int:
    """Return the stack level, as ``warnings.warn`` in the caller counts it, of the user's line."""
    level, frame = 1, frame_above(1)
    while frame.f_back is not None and frame.f_globals["__name__"].startswith(
        ("rclpy.", "aiorcl.")
    ):
        level, frame = level + 1, frame.f_back
    return level


def apply() -> None:
    """Change the classes of rclpy; once, when aiorcl is imported."""
    setattr(Rate, "sleep", _end_rate(Rate.sleep))
    for call in _ENDLESS:
        setattr(call.cls, call.method, _refuse_here(call))
    setattr(Client, "wait_for_service", _wait_here(Client, "wait_for_service"))
    setattr(ActionClient, "wait_for_server", _wait_here(ActionClient, "wait_for_server"))
    setattr(
        AsyncParameterClient,
        "wait_for_services",
        _wait_here(AsyncParameterClient, "wait_for_services"),
    )
    setattr(Node, "wait_for_node", _tell_here(Node, "wait_for_node"))
    setattr(Publisher, "wait_for_all_acked", _tell_here(Publisher, "wait_for_all_acked"))
    setattr(Clock, "sleep_until", _sleep_until(_tell_here(Clock, "sleep_until")))
