# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How an action server is watched: what handles its requests, and forgets its goals."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from rclpy.action.server import (
    ActionServer,
    default_cancel_callback,
    default_goal_callback,
    default_handle_accepted_callback,
)
from rclpy.waitable import Waitable

from aiorcl import _core
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._rclpy import private_actions
from aiorcl._rclpy.own_methods import OwnMethods
from aiorcl._serving.action_messages import ActionSource
from aiorcl._serving.actions import TAKEN, Action, finish
from aiorcl._serving.judging import NotCalledError, begin, gated

if TYPE_CHECKING:
    from aiorcl._serving.watcher import Watcher

_TAKES = OwnMethods(ActionServer, *TAKEN)

# Which block nothing.
_DEFAULTS = (default_goal_callback, default_handle_accepted_callback, default_cancel_callback)

# One stays in the graph when its node is destroyed, which then does not list it.
_names: ByIdentity[Any, str] = ByIdentity()


def is_plain_server(waitable: Waitable[Any]) -> bool:
    """Return True for an action server that is taken and executed as rclpy does it."""
    return isinstance(waitable, ActionServer) and _TAKES.are_those_of(waitable)


def servers_of(name: str) -> list[ActionServer[Any, Any, Any]]:
    """Return the servers of an action, by its resolved name, that are watched here, or were."""
    return [server for server in _names.objects() if _names.get(server) == name]


def watch_server(
    watcher: Watcher,
    server: ActionServer[Any, Any, Any],
    group: _core.Group | None,
    wait_set: int,
) -> Action:
    """Watch an action server; ``wait_set`` is the address of one that holds only its entities."""
    handle: Any = private_actions.server_handle_of(server)
    impl = server.action_type.Impl
    node = private_actions.node_of_action(server)
    assert node is not None  # of an action
    with handle:
        # Resolved already by newer rcl_action, but not by that of Jazzy.
        name = node.resolve_topic_name(_core.action_server_name(handle.pointer))
    _names[server] = name
    action = Action(server, "server", name, handle, server.action_type)

    in_worker = watcher.workers.calls_in_shared(server.callback_group)

    def execute(key: str, part: int) -> Callable[[Any], Coroutine[Any, Any, None] | None]:
        def callable_for(callback: Callable[..., Any]) -> Callable[..., Any]:
            if any(callback is each for each in _DEFAULTS):
                return callback
            gate = action.others[part]
            return gated(callback if in_worker is None else in_worker(callback, gate), gate)

        def run(data: Any) -> Coroutine[Any, Any, None] | None:
            try:
                return begin(server.execute({key: data}), callable_for)  # type: ignore[misc]  # one of all
            except NotCalledError:  # the server is gone, or the context: nobody can be answered
                return None

        return run

    def expire() -> None:
        with private_actions.lock_of(server):
            expired = handle.expire_goals(max(1, len(private_actions.goals_of(server))))
        finish(server.execute({"expired": expired}))

    for part, (source, service, key) in enumerate(
        (
            (ActionSource.GOAL_REQUEST, impl.SendGoalService, "goal"),
            (ActionSource.CANCEL_REQUEST, impl.CancelGoalService, "cancel"),
            (ActionSource.RESULT_REQUEST, impl.GetResultService, "result"),
        )
    ):
        run = execute(key, part)
        action.others.append(action.add(watcher, handle, group, source, service.Request, run))
    action.others.append(
        _core.GoalExpiry(
            *(watcher.dispatcher, server, handle, action.label_of("expiry")),
            *(wait_set, expire),
        )
    )
    return action
