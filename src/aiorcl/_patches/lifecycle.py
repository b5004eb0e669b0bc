# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Transitions of lifecycle nodes, whose callbacks may be coroutine functions."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import sys
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lifecycle_msgs.msg import State
from rclpy.exceptions import InvalidHandle
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.lifecycle.node import LifecycleNodeMixin

from aiorcl._loop.shutdown_state import shutdown_state_of
from aiorcl._rclpy import private
from aiorcl._rclpy.attachments import attach, attached
from aiorcl._rclpy.compiled import RCLError
from aiorcl._serving.judging import NotAwaitedError, begin, in_task
from aiorcl._tasks.task import is_coroutine_function

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from lifecycle_msgs.srv import ChangeState

# What is attached to a node while a transition is under way.
_UNDER_WAY = "in_transition"


def _is_ours(node: Any) -> bool:
    """Tell whether the transitions of a node are made here.

    On an executor of ours they are; and on none yet, or no more: what a callback returns may have
    to be awaited there, too, which is not known before.
    """
    executor = node.executor
    return executor is None or shutdown_state_of(executor) is not None


def _has_coroutine_functions(node: Any) -> bool:
    callbacks = private.transition_callbacks_of(node).values()
    return any(map(is_coroutine_function, callbacks))


def _changed(change_state: Callable[[Any, int], Any]) -> Callable[[Any, int], Any]:
    """As the method, behind ``trigger_configure()`` and the like; or what is to be awaited."""

    @functools.wraps(change_state)
    def wrapper(self: Any, transition_id: int) -> Any:
        if _is_ours(self):
            transition = _Transition(self).run(transition_id)
            # Who forgets to await finds the node as it was.
            return transition if _has_coroutine_functions(self) else begin(transition)
        return change_state(self, transition_id)

    return wrapper


def _answered(on_change_state: Callable[..., Any]) -> Callable[..., Any]:
    """As the callback of the service; or a coroutine, so that it is answered at its end."""

    @functools.wraps(on_change_state)
    def wrapper(
        self: Any, request: ChangeState.Request, response: ChangeState.Response
    ) -> ChangeState.Response | Coroutine[Any, Any, ChangeState.Response]:
        if _is_ours(self):
            return begin(_answer(self, request, response))
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

    A cancellation is an error of the callback: the node is not left between two states. But
    KeyboardInterrupt and SystemExit leave it there, as they do in rclpy's: the program ends.
    """

    def __init__(self, node: Any) -> None:
        self._node = node
        self._logger = node.get_logger()
        self._machine = private.state_machine_of(node)

    async def run(self, transition_id: int) -> TransitionCallbackReturn:
        """Make it, and return what its callback has returned."""
        # rcl would take one of its own steps, which end a transition, from anybody.
        if attached(self._node, _UNDER_WAY):
            return self._refuse(transition_id)
        state_id, label = self._machine.current_state
        self._previous = LifecycleState(state_id=state_id, label=label)
        try:
            self._machine.trigger_transition_by_id(transition_id, True)
        except RCLError:
            return self._refuse(transition_id)
        attach(self._node, _UNDER_WAY, True)
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
        except GeneratorExit:  # who was to await it has dropped it, or is gone
            with contextlib.suppress(RCLError, InvalidHandle):
                self._give_up_here()
            raise
        finally:
            attach(self._node, _UNDER_WAY, False)
        return returned

    def _refuse(self, transition_id: int) -> TransitionCallbackReturn:
        self._logger.error(
            f"Unable to start transition {transition_id} from current state "
            f"{self._machine.current_state}"
        )
        return TransitionCallbackReturn.ERROR

    async def _give_up(self) -> None:
        """Let ``on_error`` handle what was cancelled, if it was not that itself."""
        error = TransitionCallbackReturn.ERROR
        self._trigger(error)
        state_id, _ = self._machine.current_state
        if state_id == State.TRANSITION_STATE_ERRORPROCESSING:
            returned = error
            try:
                with contextlib.suppress(asyncio.CancelledError):  # once more; the first goes on
                    returned = await self._call()
            finally:
                self._trigger(returned)

    def _give_up_here(self) -> None:
        """As ``_give_up``; what ``on_error`` wants to await it cannot have any more."""
        if sys.is_finalizing():
            return  # which takes rclpy apart
        left = begin(self._give_up())
        if left is not None:
            left.close()

    def _trigger(self, returned: TransitionCallbackReturn) -> None:
        # Where ROS is down nobody is told of the new state, which raises.
        with contextlib.suppress(RCLError):
            self._machine.trigger_transition_by_label(returned.to_label(), True)

    async def _call(self) -> TransitionCallbackReturn:
        """Call the callback of the state that the node is in now."""
        state_id, label = self._machine.current_state
        callback = private.transition_callbacks_of(self._node).get(state_id)
        if callback is None:
            return TransitionCallbackReturn.SUCCESS
        try:
            returned = callback(self._previous)
            if inspect.isawaitable(returned):
                returned = await in_task(returned)
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and _is_cancelled(error):
                raise
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


def _is_cancelled(error: asyncio.CancelledError) -> bool:
    """Tell whether somebody cancels this task, not only something that it has awaited."""
    if isinstance(error, NotAwaitedError):
        return True
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop runs
        return False
    return task is not None and task.cancelling() > 0


def apply() -> None:
    """Change the class; once."""
    for name, change in (
        (private.CHANGE_STATE, _changed),
        (private.ON_CHANGE_STATE, _answered),
    ):
        setattr(LifecycleNodeMixin, name, change(getattr(LifecycleNodeMixin, name)))
