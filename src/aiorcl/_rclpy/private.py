# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Each private attribute of rclpy's objects that Python of ours reads, calls or sets.

No other module does but ``private_actions.py``, which has those of actions. rclpy 7.1, 9.1, 10 and
11 have all of them, unless it says more. What C++ takes is in
``src/core/python/private_names.hpp``.
"""

from __future__ import annotations

import threading
import warnings
from _thread import RLock  # the class; threading.RLock is a function around it
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import rclpy.task
from rclpy.clock import Clock
from rclpy.node import Node

from aiorcl import _core

if TYPE_CHECKING:
    import weakref
    from collections.abc import Callable, Iterable
    from types import CodeType

    from rclpy.callback_groups import CallbackGroup
    from rclpy.client import Client
    from rclpy.executors import Executor
    from rclpy.parameter import Parameter
    from rclpy.timer import Rate, Timer
    from rclpy.waitable import Waitable

    AnyFuture = rclpy.task.Future[Any]

# Futures and tasks. What each await asks is no further call of Python.

#: Whether a future is neither done nor cancelled.
is_pending: Callable[[AnyFuture], bool] = rclpy.task.Future._pending

#: The exception and the result of a future that is done; its exception does not count as fetched.
exception_and_result_of: Callable[[AnyFuture], tuple[Exception | None, Any]]
exception_and_result_of = attrgetter("_exception", "_result")


def callbacks_of(future: AnyFuture) -> list[Any]:
    """Return the done callbacks of a future that is pending, and from 10.0.10 on waiting tasks."""
    return future._callbacks


def remove_done_callback(future: Any, callback: object) -> None:
    """Take a done callback from a future, by identity: those of users may refuse to be compared.

    Of a future that is not rclpy's as that does it, if it can: that of a thread pool cannot.
    """
    if isinstance(future, rclpy.task.Future):
        _core.discard_callback(future, callback)
    else:
        getattr(future, "remove_done_callback", lambda _: None)(callback)


#: The method by which a future that is done hands its callbacks to its executor, or calls them.
SCHEDULE_CALLBACKS = "_schedule_or_invoke_done_callbacks"


#: Take the done callbacks of a class from a future, and return them.
take_callbacks: Callable[[AnyFuture, type], list[Any]] = _core.take_callbacks


def let_lock_again(future: AnyFuture) -> None:
    """Let the thread that has the lock of a new future take it again.

    A signal handler may come between any two lines of rclpy's, and complete the future.
    """
    future._lock = RLock()  # type: ignore[assignment]  # no difference in its use


def was_fetched(future: AnyFuture) -> bool:
    """Tell whether somebody was given the exception of a future."""
    return future._exception_fetched


def note_fetched(future: AnyFuture) -> None:
    """Let nobody complain that the exception of a future was never retrieved."""
    future._exception_fetched = True


def executor_of(future: AnyFuture) -> Any:
    """Return the executor that runs the done callbacks of a future; None if there is none."""
    return None if future._executor is None else future._executor()


def set_executor(future: AnyFuture, executor: Executor) -> None:
    """Let an executor run the done callbacks of a future."""
    future._set_executor(executor)


def call_task_in_next_spin(task: rclpy.task.Task[Any]) -> None:
    """Let a task take its next step, on its own executor: what it awaits is done. Any thread.

    Tasks that await are called by their executors from 7.1.9, 9.1.4 on.
    """
    executor = executor_of(task)
    if executor is None:
        warnings.warn(f"{task!r} will not go on: its executor is gone", stacklevel=2)
    else:
        executor._call_task_in_next_spin(task)


def step_of_tasks() -> CodeType:
    """Return the code in which tasks of rclpy step: a method of its own from 7.1.9, 9.1.4 on."""
    task: Any = rclpy.task.Task
    step: CodeType = getattr(task, "_execute_coroutine_step", task.__call__).__code__
    return step


# Nodes.

#: The method by which a node tells its executor that its entities have changed.
WAKE_EXECUTOR = "_wake_executor"

#: The list behind each property of a node that names its entities.
LISTS_OF_NODES = {
    "clients": "_clients",
    "guards": "_guards",
    "publishers": "_publishers",
    "services": "_services",
    "subscriptions": "_subscriptions",
    "timers": "_timers",
    "waitables": "_Node__waitables",
}
_PROPERTIES = {name: getattr(Node, name) for name in LISTS_OF_NODES}


def reader_of_list(node: Node, entities: str) -> Callable[[Node], list[Any]] | None:
    """Return what reads the list behind a property of a node, such as ``"timers"``.

    What comes is appended to it. Other threads change it; what is one step of the interpreter sees
    it whole. None if there is no list, or the node's class has a property of its own.
    """
    if getattr(type(node), entities) is not _PROPERTIES[entities]:
        return None
    if not isinstance(getattr(node, LISTS_OF_NODES[entities], None), list):
        return None
    return attrgetter(LISTS_OF_NODES[entities])


def nodes_of(context: Any) -> list[Node]:
    """Return the nodes of a context that were not destroyed, in their order; none on 7.1."""
    references = [*getattr(context, "_Context__node_weak_ref_list", ())]  # others change it
    return [node for each in references if (node := each()) is not None]


def clock_of(node: Node) -> Clock | None:
    """Return the clock that rclpy has made for a node; None if something else is in its place.

    ``get_clock()`` may be the user's own.
    """
    clock = getattr(node, "_clock", None)
    return clock if isinstance(clock, Clock) else None


def default_group_of(node: Node) -> CallbackGroup | None:
    """Return the default group that a node keeps; ``default_callback_group`` may be the user's."""
    return getattr(node, "_default_callback_group", None)


def names(node: Node, executor: weakref.ref[Any]) -> bool:
    """Tell whether a node says that an executor is its own; the collector may be at that.

    Then neither the node's reference nor this one leads to it any more. But they are one object:
    CPython makes one for each object.
    """
    found = executor()
    if found is not None:
        return node.executor is found
    return getattr(node, "_Node__executor_weakref", None) is executor


#: Return the parameters of a node by their names, also those that have no value.
parameters_of: Callable[[Node], dict[str, Parameter[Any]]] = attrgetter("_parameters")

#: The method by which a node calls its callbacks when parameters were set.
CALL_POST_SET_CALLBACKS = "_call_post_set_parameters_callback"


# Lifecycle nodes.

#: What makes a transition, and the callback of the service that asks for one.
CHANGE_STATE = "_LifecycleNodeMixin__change_state"
ON_CHANGE_STATE = "_LifecycleNodeMixin__on_change_state"

state_machine_of: Callable[[Any], Any] = attrgetter("_state_machine")

#: Return the callbacks of a node's transitions, by the id of the state that calls them.
transition_callbacks_of: Callable[[Any], dict[int, Callable[..., Any]]] = attrgetter("_callbacks")


# Clients of services, rates, waitables.


def pending_requests_of(client: Client[Any, Any]) -> dict[int, AnyFuture]:
    """Return the futures of the requests of a client that have no response yet."""
    return client._pending_requests


#: Return the timer by which a rate sleeps, and what wakes those who sleep.
timer_of: Callable[[Rate], Timer] = attrgetter("_timer")
event_of: Callable[[Rate], threading.Event] = attrgetter("_event")

#: The futures of a waitable, which it completes in ``execute``.
futures_of: Callable[[Waitable[Any]], Iterable[AnyFuture]] = attrgetter("_futures")


# Messages: their slots, which rosidl makes, behind the properties that may check what is set.


def unchecked(cls: Any) -> Any:
    """Return a message of a class without its fields, whose setters check nothing."""
    message = cls.__new__(cls)
    message._check_fields = False
    return message


def set_field(message: Any, name: str, value: Any) -> None:
    """Set a field of a message, unchecked."""
    setattr(message, f"_{name}", value)
