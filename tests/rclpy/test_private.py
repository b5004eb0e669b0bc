# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Each private attribute of rclpy that we use is there, and is what we take it for: a newer rclpy
# that has renamed one fails here, by its name.

from __future__ import annotations

import inspect
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
import rclpy.task
from lifecycle_msgs.msg import State
from rclpy.action.client import ActionClient, ClientGoalHandle
from rclpy.action.server import ActionServer, ServerGoalHandle
from rclpy.callback_groups import CallbackGroup
from rclpy.clock import Clock
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.lifecycle import LifecycleNode
from rclpy.lifecycle.node import LifecycleNodeMixin
from rclpy.node import Node
from rclpy.timer import Rate, Timer
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

from aiorcl._rclpy import private
from aiorcl._rclpy import private_actions as actions
from tests.support.elsewhere import DEADLINE_SEC


class Objects(NamedTuple):
    """One of each kind, of rclpy alone; a goal has ended."""

    node: Node
    future: Any
    client: Any
    rate: Rate
    action_client: Any
    action_server: Any
    client_goal: Any
    server_goal: Any
    executor: Any
    lifecycle_node: LifecycleNode
    known: Any  # the handle of the goal, while it was under way


@pytest.fixture
def objects(context: Context, lone: Node) -> Iterator[Objects]:
    """Serve a goal by an executor of rclpy."""
    goals: list[ServerGoalHandle[Any, Any, Any]] = []

    def execute(goal: Any) -> Fibonacci.Result:
        goal.succeed()
        return Fibonacci.Result()

    server = ActionServer(lone, Fibonacci, "action", execute, handle_accepted_callback=goals.append)
    client = ActionClient(lone, Fibonacci, "action")
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(lone)
    asked = client.send_goal_async(Fibonacci.Goal())
    executor.spin_until_future_complete(asked, DEADLINE_SEC)
    handle = asked.result()
    assert handle is not None
    known = actions.known_handle(client, handle.goal_id)
    goals[0].execute()
    ended = handle.get_result_async()
    executor.spin_until_future_complete(ended, DEADLINE_SEC)
    lifecycle_node = LifecycleNode("lifecycle", context=context)
    yield Objects(
        node=lone,
        future=rclpy.task.Future(executor=executor),
        client=lone.create_client(Trigger, "service"),
        rate=lone.create_rate(1.0),
        action_client=client,
        action_server=server,
        client_goal=handle,
        server_goal=goals[0],
        executor=executor,
        lifecycle_node=lifecycle_node,
        known=known,
    )
    lifecycle_node.destroy_node()
    executor.shutdown()


def is_code_of_task(code: Any) -> bool:
    """Tell whether it is that of a method of tasks."""
    return code.co_name in ("__call__", "_execute_coroutine_step")


def goal_id(objects: Objects) -> Any:
    """Return the id of the goal."""
    return objects.client_goal.goal_id


def failed() -> Any:
    """Return a future with an exception that was fetched."""
    future: Any = rclpy.task.Future()
    future.set_exception(LookupError())
    private.note_fetched(future)
    return future


def without_callback(future: Any) -> Any:
    """Add a done callback, take it away, and return what is left."""
    future.add_done_callback(print)
    private.remove_done_callback(future, print)
    return private.callbacks_of(future)


def without_callback_of(future: Any) -> Any:
    """Add a done callback, take those of its class, and return them and what is left."""
    future.add_done_callback(print)
    return private.take_callbacks(future, type(print)), private.callbacks_of(future)


def with_executor(executor: Any) -> Any:
    """Return a future of an executor."""
    future: Any = rclpy.task.Future()
    private.set_executor(future, executor)
    return future


def called_twice(executor: Any) -> Any:
    """Call a task once more than it needs, where tasks are called; older ones poll."""
    task = executor.create_task(list)
    if hasattr(executor, "_call_task_in_next_spin"):
        private.call_task_in_next_spin(task)
    executor.spin_until_future_complete(task, DEADLINE_SEC)
    return task.result()


def locked_twice() -> bool:
    """Tell whether a thread can take the lock of a future twice."""
    future: rclpy.task.Future[None] = rclpy.task.Future()
    private.let_lock_again(future)
    with future._lock:
        taken = future._lock.acquire(blocking=False)
        future._lock.release()
    return taken


def with_field() -> Any:
    """Return a message of which a field was set."""
    message = private.unchecked(Int64)
    private.set_field(message, "data", 3)
    return message


NODE_LISTS = ("clients", "guards", "publishers", "services", "subscriptions", "timers", "waitables")


def asked_for_result(objects: Objects) -> Any:
    """Ask for a result."""
    return objects.client_goal.get_result_async()


def sent_again(objects: Objects, request: str) -> int | None:
    """Send a request once more that was just sent."""
    client, goal = objects.action_client, objects.client_goal
    future = asked_for_result(objects) if request == "result" else goal.cancel_goal_async()
    number = actions.number_of(client, request, future)
    assert number is not None
    return actions.send_again(client, request, number, goal.goal_id)


#: By the name of each function: calls of it, and what they have to return.
USES: dict[str, tuple[Callable[[Objects], Any], Callable[[Any], bool]]] = {
    "is_pending": (lambda o: private.is_pending(o.future), lambda got: got is True),
    "exception_and_result_of": (
        lambda o: private.exception_and_result_of(o.future),
        lambda got: got == (None, None),
    ),
    "callbacks_of": (lambda o: private.callbacks_of(o.future), lambda got: got == []),
    "remove_done_callback": (
        lambda o: without_callback(o.future),
        lambda got: got == [],
    ),
    "take_callbacks": (
        lambda o: without_callback_of(o.future),
        lambda got: got == ([print], []),
    ),
    "was_fetched": (lambda o: private.was_fetched(failed()), lambda got: got is True),
    "note_fetched": (lambda o: private.was_fetched(failed()), lambda got: got is True),
    "executor_of": (
        lambda o: private.executor_of(o.future) is o.executor,
        lambda got: got is True,
    ),
    "let_lock_again": (
        lambda o: locked_twice(),
        lambda got: got is True,
    ),
    "set_executor": (
        lambda o: private.executor_of(with_executor(o.executor)),
        lambda got: isinstance(got, SingleThreadedExecutor),
    ),
    "call_task_in_next_spin": (lambda o: called_twice(o.executor), lambda got: got == []),
    "step_of_tasks": (lambda o: private.step_of_tasks(), is_code_of_task),
    "reader_of_list": (
        lambda o: [
            private.reader_of_list(o.node, name)(o.node) == list(getattr(o.node, name))  # type: ignore[misc]
            for name in NODE_LISTS
        ],
        lambda got: got == [True] * len(NODE_LISTS),
    ),
    "nodes_of": (
        lambda o: private.nodes_of(o.node.context),
        lambda got: bool(got) == hasattr(Context, "track_node"),
    ),
    "clock_of": (lambda o: private.clock_of(o.node), lambda got: isinstance(got, Clock)),
    "default_group_of": (
        lambda o: private.default_group_of(o.node),
        lambda got: isinstance(got, CallbackGroup),
    ),
    "names": (
        lambda o: [private.names(o.node, weakref.ref(each)) for each in (o.executor, o.client)],
        lambda got: got == [True, False],
    ),
    "pending_requests_of": (lambda o: private.pending_requests_of(o.client), lambda got: got == {}),
    "timer_of": (lambda o: private.timer_of(o.rate), lambda got: isinstance(got, Timer)),
    "event_of": (
        lambda o: private.event_of(o.rate),
        lambda got: isinstance(got, threading.Event),
    ),
    "futures_of": (
        lambda o: private.futures_of(o.action_server),
        lambda got: isinstance(got, list),
    ),
    "node_of_action": (
        lambda o: [
            actions.node_of_action(each) is o.node for each in (o.action_client, o.action_server)
        ],
        lambda got: got == [True, True],
    ),
    "action_name_of": (
        lambda o: actions.action_name_of(o.action_client),
        lambda got: got == "action",
    ),
    "logger_of_action": (
        lambda o: [actions.logger_of_action(each) for each in (o.action_client, o.action_server)],
        lambda got: all(isinstance(each, RcutilsLogger) for each in got),
    ),
    "lock_of": (
        lambda o: [actions.lock_of(each) for each in (o.action_client, o.action_server)],
        lambda got: all(hasattr(each, "__enter__") for each in got),
    ),
    "type_of": (lambda o: actions.type_of(o.action_client), lambda got: got is Fibonacci),
    "client_handle_of": (
        lambda o: actions.client_handle_of(o.action_client).pointer,
        lambda got: got != 0,
    ),
    "pending_of": (
        lambda o: actions.pending_of(o.action_client),
        lambda got: set(got) == set(actions.FORGET),
    ),
    "goal_ids_of": (
        lambda o: actions.goal_ids_of(o.action_client),
        lambda got: set(got) == {"goal", "result"},
    ),
    "forgetter_of": (
        lambda o: [actions.forgetter_of(o.action_client, each) for each in actions.FORGET],
        lambda got: all(callable(each) for each in got),
    ),
    "feedback_callbacks_of": (
        lambda o: actions.feedback_callbacks_of(o.action_client),
        lambda got: isinstance(got, dict),
    ),
    "known_handle": (
        lambda o: o.known,
        lambda got: isinstance(got, ClientGoalHandle),
    ),
    "cancel_goal_async": (
        lambda o: actions.cancel_goal_async(o.action_client, o.client_goal),
        lambda got: isinstance(got, rclpy.task.Future),
    ),
    "number_of": (
        lambda o: actions.number_of(o.action_client, "result", asked_for_result(o)),
        lambda got: isinstance(got, int),
    ),
    "send_again": (
        lambda o: [sent_again(o, request) for request in ("result", "cancel")],
        lambda got: all(isinstance(number, int) for number in got),
    ),
    "client_of": (
        lambda o: actions.client_of(o.client_goal) is o.action_client,
        lambda got: got is True,
    ),
    "server_handle_of": (
        lambda o: actions.server_handle_of(o.action_server).pointer,
        lambda got: got != 0,
    ),
    "server_of": (
        lambda o: actions.server_of(o.server_goal) is o.action_server,
        lambda got: got is True,
    ),
    "goals_of": (
        lambda o: actions.goals_of(o.action_server)[bytes(goal_id(o).uuid)] is o.server_goal,
        lambda got: got is True,
    ),
    "result_futures_of": (
        lambda o: actions.result_futures_of(o.action_server)[bytes(goal_id(o).uuid)],
        lambda got: isinstance(got, rclpy.task.Future),
    ),
    "execute_callback_of": (
        lambda o: actions.execute_callback_of(o.action_server).__name__,
        lambda got: got == "execute",
    ),
    "execute_goal_of": (
        lambda o: actions.execute_goal_of(o.action_server),
        inspect.iscoroutinefunction,
    ),
    "parameters_of": (
        lambda o: private.parameters_of(o.node),
        lambda got: got["use_sim_time"].value is False,
    ),
    "state_machine_of": (
        lambda o: private.state_machine_of(o.lifecycle_node).current_state[1],
        lambda got: got == "unconfigured",
    ),
    "transition_callbacks_of": (
        lambda o: private.transition_callbacks_of(o.lifecycle_node),
        lambda got: got[State.TRANSITION_STATE_CONFIGURING].__name__ == "on_configure",
    ),
    "unchecked": (lambda o: private.unchecked(Int64)._check_fields, lambda got: got is False),
    "set_field": (
        lambda o: with_field(),
        lambda got: got.data == 3,
    ),
}


def test_all_are_listed() -> None:
    """What the modules offer is used here."""
    offered = {
        name
        for name, value in (vars(private) | vars(actions)).items()
        if callable(value) and not name.startswith("_") and not inspect.isclass(value)
    }
    assert offered - {"attrgetter"} == set(USES)


@pytest.mark.parametrize("name", USES)
def test_it_is_there(objects: Objects, name: str) -> None:
    """And what we take it for."""
    use, expected = USES[name]
    assert expected(use(objects))


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        (rclpy.task.Future, private.SCHEDULE_CALLBACKS),
        (Node, private.WAKE_EXECUTOR),
        (Node, private.CALL_POST_SET_CALLBACKS),
        (ActionClient, actions.CANCEL_GOAL_ASYNC),
        (ActionClient, actions.CANCEL_GOAL),
        (ActionClient, actions.GET_RESULT),
        (ActionClient, actions.GET_RESULT_ASYNC),
        (LifecycleNodeMixin, private.CHANGE_STATE),
        (LifecycleNodeMixin, private.ON_CHANGE_STATE),
    ],
)
def test_a_method_is_there(cls: type, name: str) -> None:
    """Those that are replaced, or called by name."""
    assert callable(getattr(cls, name))


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("client", ["_lock", "_pending_requests"]),
        (
            "future",
            ["_lock", "_callbacks", "_exception", "_exception_fetched", "_executor", "_result"],
        ),
        ("future", ["_state"]),
        ("subscription", ["_callback", "_callback_type"]),
    ],
)
def test_what_the_extension_takes_is_there(objects: Objects, kind: str, names: list[str]) -> None:
    """Those of src/core/python/private_names.hpp."""
    subscription = objects.node.create_subscription(Int64, "topic", print, 10)
    thing = subscription if kind == "subscription" else getattr(objects, kind)
    for name in names:
        assert hasattr(thing, name), name
