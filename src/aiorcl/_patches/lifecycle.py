# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Transitions of lifecycle nodes, whose callbacks may be coroutine functions."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lifecycle_msgs.msg import State
from rclpy.exceptions import InvalidHandle
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.lifecycle.node import LifecycleNodeMixin

from aiorcl._rclpy import private
from aiorcl._rclpy.compiled import RCLError
from aiorcl._serving.registry import served_node_named_by

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from lifecycle_msgs.srv import ChangeState


def _is_awaited(node: Any) -> bool:
    """Tell whether transitions of a node are coroutines: one of its callbacks is, and it is ours.

    Others are rclpy's own affair, as nodes are that are on no executor of ours.
    """
    callbacks = private.transition_callbacks_of(node).values()
    return any(map(inspect.iscoroutinefunction, callbacks)) and (
        served_node_named_by(node) is not None
    )


def _awaited(change_state: Callable[[Any, int], Any]) -> Callable[[Any, int], Any]:
    """As the method, behind ``trigger_configure()`` and the like; or a coroutine that does it."""

    @functools.wraps(change_state)
    def wrapper(self: Any, transition_id: int) -> Any:
        if _is_awaited(self):
            return _Transition(self).run(transition_id)
        return change_state(self, transition_id)

    return wrapper


def _answered(on_change_state: Callable[..., Any]) -> Callable[..., Any]:
    """As the callback of the service; or a coroutine, so that it is answered at its end."""

    @functools.wraps(on_change_state)
    def wrapper(
        self: Any, request: ChangeState.Request, response: ChangeState.Response
    ) -> ChangeState.Response | Coroutine[Any, Any, ChangeState.Response]:
        if _is_awaited(self):
            return _answer(self, request, response)
        answered: ChangeState.Response = on_change_state(self, request, response)
        return answered

    return wrapper


async def _answer(
    node: Any, request: ChangeState.Request, response: ChangeState.Response
) -> ChangeState.Response:
    transition_id, label = request.transition.id, request.transition.label
    response.success = False
    if label:
        try:
            machine = private.state_machine_of(node)
            transition_id = machine.get_transition_by_label(label)
        except RCLError:
            return response
    returned = await _Transition(node).run(transition_id)
    response.success = returned == TransitionCallbackReturn.SUCCESS
    return response


class _Transition:
    """One transition, step by step as ``LifecycleNodeMixin`` makes it.

    A cancellation is an error of the callback: the node is not left between two states.
    """

    def __init__(self, node: Any) -> None:
        self._node = node
        self._logger = node.get_logger()
        self._machine = private.state_machine_of(node)
        state_id, label = self._machine.current_state
        self._previous = LifecycleState(state_id=state_id, label=label)

    async def run(self, transition_id: int) -> TransitionCallbackReturn:
        """Make it, and return what its callback has returned."""
        try:
            self._machine.trigger_transition_by_id(transition_id, True)
        except RCLError:
            self._logger.error(
                f"Unable to start transition {transition_id} from current state "
                f"{self._machine.current_state}"
            )
            return TransitionCallbackReturn.ERROR
        try:
            returned = await self._call()
            if not self._complete(returned):
                return TransitionCallbackReturn.ERROR
            if returned == TransitionCallbackReturn.ERROR:
                self._complete(await self._call())
        except asyncio.CancelledError:
            with contextlib.suppress(RCLError, InvalidHandle):  # of a node that is gone
                await self._give_up()
            raise
        return returned

    async def _give_up(self) -> None:
        """Let ``on_error`` handle what was cancelled, if it was not that itself."""
        error = TransitionCallbackReturn.ERROR.to_label()
        self._machine.trigger_transition_by_label(error, True)
        state_id, _ = self._machine.current_state
        if state_id == State.TRANSITION_STATE_ERRORPROCESSING:
            with contextlib.suppress(asyncio.CancelledError):  # once more; the first goes on
                error = (await self._call()).to_label()
            self._machine.trigger_transition_by_label(error, True)

    async def _call(self) -> TransitionCallbackReturn:
        """Call the callback of the state that the node is in now."""
        state_id, label = self._machine.current_state
        callback = private.transition_callbacks_of(self._node).get(state_id)
        if callback is None:
            return TransitionCallbackReturn.SUCCESS
        try:
            returned = callback(self._previous)
            if inspect.isawaitable(returned):
                returned = await returned
        except Exception as error:
            # As rclpy's, it leads to on_error(), and nowhere else; but rclpy's tells nobody.
            lines = "".join(traceback.format_exception(error))
            self._logger.error(f"The callback of the transition '{label}' raised:\n{lines}")
            return TransitionCallbackReturn.ERROR
        if isinstance(returned, TransitionCallbackReturn):
            return returned
        self._logger.error(
            f"The callback of the transition '{label}' returned {returned!r}: write "
            "'return TransitionCallbackReturn.SUCCESS' at its end"
        )
        return TransitionCallbackReturn.ERROR

    def _complete(self, returned: TransitionCallbackReturn) -> bool:
        """Go on by what a callback has returned; False if that is not possible."""
        try:
            self._machine.trigger_transition_by_label(returned.to_label(), True)
        except RCLError:
            self._logger.error(
                f"Failed to complete the transition from '{self._previous.label}' by "
                f"'{returned.to_label()}', current state is {self._machine.current_state}"
            )
            return False
        return True


def apply() -> None:
    """Change the class; once."""
    for name, change in (
        (private.CHANGE_STATE, _awaited),
        (private.ON_CHANGE_STATE, _answered),
    ):
        setattr(LifecycleNodeMixin, name, change(getattr(LifecycleNodeMixin, name)))
