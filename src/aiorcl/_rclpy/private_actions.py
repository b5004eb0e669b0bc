# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""As ``private.py``, of what rclpy has for actions: clients, servers and goals."""

from __future__ import annotations

import contextlib
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from rclpy.action.client import ActionClient, ClientGoalHandle
from rclpy.action.server import ActionServer, ServerGoalHandle

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    import rclpy.task
    from rclpy.impl.rcutils_logger import RcutilsLogger
    from rclpy.node import Node

    AnyFuture = rclpy.task.Future[Any]
    AnyActionClient = ActionClient[Any, Any, Any]
    AnyActionServer = ActionServer[Any, Any, Any]
    AnyServerGoalHandle = ServerGoalHandle[Any, Any, Any]

_ACTIONS = (ActionClient, ActionServer)

#: What is asked of a server, and the method by which a client forgets the request.
FORGET = {
    "goal": "_remove_pending_goal_request",
    "cancel": "_remove_pending_cancel_request",
    "result": "_remove_pending_result_request",
}

# Methods of ActionClient that are replaced, or called by name.
CANCEL_GOAL_ASYNC = "_cancel_goal_async"
CANCEL_GOAL = "_cancel_goal"
GET_RESULT = "_get_result"
GET_RESULT_ASYNC = "_get_result_async"


def node_of_action(entity: Any) -> Node | None:
    """Return the node of an action client or server; of other entities None."""
    # Not yet, of one that is under construction.
    return getattr(entity, "_node", None) if isinstance(entity, _ACTIONS) else None


def action_name_of(entity: Any) -> str | None:
    """Return the name of the action of a client; of other entities None."""
    return getattr(entity, "_action_name", None) if isinstance(entity, ActionClient) else None


def logger_of_action(action: AnyActionClient | AnyActionServer) -> RcutilsLogger:
    """Return the logger of an action client or server."""
    return action._logger


def lock_of(action: AnyActionClient | AnyActionServer) -> AbstractContextManager[object]:
    """Return what guards the requests or the goals; that of clients is from 7.1.6, 9.1.2 on."""
    return getattr(action, "_lock", None) or contextlib.nullcontext()


def type_of(client: AnyActionClient) -> Any:
    """Return the type of the action of a client; servers say theirs."""
    return client._action_type


def client_handle_of(client: AnyActionClient) -> Any:
    """Return rclpy's handle of an action client."""
    return client._client_handle


def pending_of(client: AnyActionClient) -> dict[str, dict[int, AnyFuture]]:
    """Return the futures of what was asked of a server, by what and by the request's number."""
    return {
        "goal": client._pending_goal_requests,
        "cancel": client._pending_cancel_requests,
        "result": client._pending_result_requests,
    }


def goal_ids_of(client: AnyActionClient) -> dict[str, dict[int, Any]]:
    """Return whose acceptance or result was asked for, by the request's number."""
    return {
        "goal": client._goal_sequence_number_to_goal_id,
        "result": client._result_sequence_number_to_goal_id,
    }


def forgetter_of(client: AnyActionClient, request: str) -> Callable[[AnyFuture], None]:
    """Return the done callback of a request's future, by which a client forgets it."""
    return getattr(client, FORGET[request])  # type: ignore[no-any-return]


def feedback_callbacks_of(client: AnyActionClient) -> dict[bytes, Callable[[Any], Any]]:
    """Return the callbacks of a client that take feedback, by the ids of goals."""
    return client._feedback_callbacks


def known_handle(client: AnyActionClient, goal_id: Any) -> ClientGoalHandle[Any, Any, Any] | None:
    """Return the handle of a goal that a client has sent, if somebody holds it."""
    reference = client._goal_handles.get(bytes(goal_id.uuid))
    return None if reference is None else reference()


def cancel_goal_async(
    client: AnyActionClient, handle: ClientGoalHandle[Any, Any, Any]
) -> AnyFuture:
    """Ask the server to cancel a goal, of whose handle the id is read."""
    return client._cancel_goal_async(handle)


def number_of(client: AnyActionClient, request: str, future: AnyFuture) -> int | None:
    """Return the number of a request, by its future; under the lock of the client."""
    pending = list(pending_of(client)[request].items())
    return next((number for number, kept in pending if kept is future), None)


def send_again(client: AnyActionClient, request: str, number: int, goal_id: Any) -> int | None:
    """Ask once more for a ``"result"``, or to ``"cancel"``, and let the same future get the answer.

    :return: the new number of the request; None if nobody waits for an answer to it.
    """
    futures, goal_ids = pending_of(client)[request], goal_ids_of(client).get(request, {})
    message: Any
    if request == "result":
        message = type_of(client).Impl.GetResultService.Request(goal_id=goal_id)
    else:
        message = type_of(client).Impl.CancelGoalService.Request()
        message.goal_info.goal_id = goal_id
    with lock_of(client):
        if number not in futures:
            return None
        handle: Any = client._client_handle
        new: int = getattr(handle, f"send_{request}_request")(message)
        futures[new] = futures.pop(number)
        if number in goal_ids:
            goal_ids[new] = goal_ids.pop(number)
    return new


def client_of(handle: ClientGoalHandle[Any, Any, Any]) -> AnyActionClient:
    """Return the client that has sent a goal."""
    return handle._action_client


#: Return rclpy's handle of an action server.
server_handle_of: Callable[[AnyActionServer], Any] = attrgetter("_handle")

#: Return the server of a goal.
server_of: Callable[[AnyServerGoalHandle], AnyActionServer] = attrgetter("_action_server")


def goals_of(server: AnyActionServer) -> dict[bytes, AnyServerGoalHandle]:
    """Return the goals that a server knows, by their ids; under its lock."""
    return server._goal_handles


def result_futures_of(server: AnyActionServer) -> dict[bytes, AnyFuture]:
    """Return what the clients' requests for results wait for, by the ids of goals."""
    return server._result_futures


def execute_callback_of(server: AnyActionServer) -> Any:
    """Return what executes the goals of a server; None if nothing does, from rclpy 7.1.8 on."""
    return getattr(server, "_execute_callback", None)


def execute_goal_of(server: AnyActionServer) -> Callable[..., Any]:
    """Return the coroutine function that calls an execute callback, and ends the goal after it."""
    return server._execute_goal
