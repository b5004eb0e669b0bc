# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What the dispatcher asks of an executor: coroutines, responses, timer infos, waitables."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, cast

from rclpy.event_handler import EventHandler
from rclpy.exceptions import InvalidHandle

from aiorcl._core import is_coroutine
from aiorcl._loop.signatures import signature_of
from aiorcl._rclpy.compiled import RCLError
from aiorcl._rclpy.missing import TimerInfo
from aiorcl._rclpy.own_methods import OwnMethods
from aiorcl._rclpy.private import call_task_in_next_spin, futures_of
from aiorcl._serving.kinds import wait_set_of
from aiorcl._serving.later_response import LaterResponse
from aiorcl._serving.naming import label_of
from aiorcl._serving.registry import node_of_part, served
from aiorcl._serving.report import node_of
from aiorcl._serving.unsent import UnsentResponses, tells_node

if TYPE_CHECKING:
    from rclpy.client import Client
    from rclpy.task import Future, Task
    from rclpy.timer import Timer
    from rclpy.waitable import Waitable

    from aiorcl import _core
    from aiorcl._serving.slow_callbacks import SlowCallbacks
    from aiorcl._serving.watcher import Watcher
    from aiorcl._tasks.coroutine_steps import Steps
    from aiorcl._tasks.errors import Errors
    from aiorcl._tasks.owned_coroutines import OwnedCoroutines

# How often a waitable is asked that is at another place in the wait set than it thinks.
_ATTEMPTS = 30

_OF_EVENTS = OwnMethods(EventHandler, "execute")


_unsent: weakref.WeakKeyDictionary[_core.Service, UnsentResponses] = weakref.WeakKeyDictionary()


def _respond_later(service: _core.Service, response: object, request_id: object) -> None:
    """Send what could not be sent yet."""
    assert isinstance(request_id, bytes)  # or rclpy had sent it, which does not tell
    reference = weakref.ref(service)

    def send(response: object) -> bool | None:
        service = reference()
        return None if service is None else service.respond(response, request_id)

    found = _unsent.get(service)
    if found is None:
        tell = tells_node(service, node_of_part, label_of(service))
        found = _unsent[service] = UnsentResponses(tell)
    found.add(request_id, response, send)


class _CallbackEnd:
    """A coroutine callback of an entity has ended: its group has a place again."""

    def __init__(self, errors: Errors, entity: _core.Entity) -> None:
        self._errors = errors
        self.entity = entity

    @property
    def gate(self) -> _core.Entity:
        return self.entity

    def begun(self, steps: Steps) -> None:
        pass

    def returned(self, result: Any) -> None:
        self._leave_group()

    def raised(self, error: BaseException) -> None:
        self._leave_group()
        if not isinstance(error, asyncio.CancelledError):
            self._errors.add(self.entity, error)

    def _leave_group(self) -> None:
        try:
            self.entity.ended()
        except Exception as error:  # of a group of the user's own; the place is free all the same
            self._errors.add(self.entity, error)


class _ServiceCallbackEnd(_CallbackEnd):
    """A coroutine callback of a service has ended: what it returned is the response."""

    def __init__(self, errors: Errors, entity: _core.Service, request_id: object) -> None:
        super().__init__(errors, entity)
        self._service = entity
        self._request_id = request_id

    def returned(self, result: Any) -> None:
        super().returned(result)
        try:
            self.respond(result)
        except Exception as error:
            self._errors.add(self._service, error)

    def respond(self, result: Any) -> None:
        """Send it."""
        if not self._service.respond(result, self._request_id):
            _respond_later(self._service, result, self._request_id)

    def comes_later(self, response: LaterResponse) -> None:
        """The callback has returned, and has left to others what is sent."""
        response.take(self.respond)
        self._leave_group()


class ExecutorHooks:
    """The dispatcher's hooks: ``_loop.hooks.Hooks`` says when each is called."""

    def __init__(
        self,
        executor: weakref.ref[Any],
        owned: OwnedCoroutines,
        errors: Errors,
        watcher: Watcher,
        slow: SlowCallbacks,
    ) -> None:
        self.executor = executor
        self._owned = owned
        self._errors = errors
        self._watcher = watcher
        self._slow = slow

    def create_task(self, callback: Callable[..., Any], *args: Any) -> Any:
        executor = self.executor()
        if executor is not None:
            executor.create_task(callback, *args)

    def on_error(self, source: object, error: BaseException) -> None:
        self._errors.add(source, error)

    def on_slow_callback(self, entity: _core.Entity, took_ns: int) -> None:
        self._slow.warn_of_callback(entity, took_ns)

    def start_callback(self, entity: _core.Entity, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._owned.start(coroutine, _CallbackEnd(self._errors, entity), node_of(entity))

    def start_service_callback(
        self, entity: _core.Service, coroutine: Coroutine[Any, Any, Any], request_id: object
    ) -> None:
        end = _ServiceCallbackEnd(self._errors, entity, request_id)
        if isinstance(coroutine, LaterResponse):
            end.comes_later(coroutine)
            return
        self._owned.start(coroutine, end, node_of(entity))

    def response_unsent(self, entity: _core.Service, response: object, request_id: bytes) -> None:
        _respond_later(entity, response, request_id)

    def complete_future(self, client: Client[Any, Any], future: Future[Any], response: Any) -> None:
        # Done here, and by its number; set_result would have a task look for it.
        future.remove_done_callback(client.remove_pending_request)
        self._watcher.bind(future)
        future.set_result(response)

    def complete_request(self, client: Client[Any, Any], number: int, response: Any) -> None:
        try:
            future = client.get_pending_request(number)
        except KeyError:
            return  # it was cancelled
        self._watcher.bind(future)
        future.set_result(response)

    def call_task(self, task: Task[Any]) -> None:
        call_task_in_next_spin(task)

    def ask_guards(self) -> bool:
        return self._watcher.guard_threads.ask(self._watcher.dispatcher)

    def timer_argument(self, callback: Callable[..., Any]) -> str | None:
        try:
            signature = signature_of(callback)
        except Exception:  # a function of C does not tell, and what is an object of the user's
            return None
        for parameter in signature.parameters.values():
            if parameter.annotation is TimerInfo:
                return parameter.name
        return None

    def timer_info(self, timer: Timer, expected_ns: int, actual_ns: int) -> Any:
        return TimerInfo(
            expected_call_time=expected_ns,
            actual_call_time=actual_ns,
            clock_type=timer.clock.clock_type,
        )

    def take_waitable(self, entity: _core.Waitable) -> Any:
        return self.is_waitable_ready(entity) and self.take_ready_waitable(entity)

    def is_waitable_ready(self, entity: _core.Waitable) -> bool:
        waitable = cast("Waitable[Any]", entity.rclpy_entity)
        found = served(waitable)
        if found is None or not found.served_node.is_served():
            return False  # taken from the executor by another thread: perhaps others ask it now
        try:
            return bool(self._is_ready(entity, waitable))
        except InvalidHandle:
            return False  # destroyed by another thread, whose wake() is on its way
        except RCLError:
            if entity.may_call:
                raise
            return False  # no wait set without a context

    def take_ready_waitable(self, entity: _core.Waitable) -> Any:
        waitable = cast("Waitable[Any]", entity.rclpy_entity)
        try:
            data = waitable.take_data()
            entity.taken()
        except InvalidHandle:
            return False  # as above
        except RCLError:
            if entity.may_call:
                raise
            return False  # it goes with its context
        return self._execute(entity, waitable, data)

    def _is_ready(self, entity: _core.Waitable, waitable: Waitable[Any]) -> bool:
        for attempts_left in reversed(range(_ATTEMPTS)):
            with contextlib.ExitStack() as in_use:
                wait_set = wait_set_of(self._watcher.context, waitable, in_use)
                entity.look(wait_set.pointer)
                try:
                    return waitable.is_ready(wait_set)
                except IndexError:
                    # An executor of rclpy on another thread, whose it was or will be, may have
                    # added it to its own wait set meanwhile: it keeps its place in a single one.
                    if attempts_left == 0:
                        raise
                    entity.take_back()
        return False

    def take_driven_waitable(self, entity: _core.DrivenWaitable) -> Any:
        waitable = cast("Waitable[Any]", entity.rclpy_entity)
        try:
            data = waitable.take_data()
            entity.taken()
        except InvalidHandle:
            return False  # destroyed by another thread, whose wake() is on its way
        return self._execute(entity, waitable, data)

    def _execute(self, entity: _core.Entity, waitable: Waitable[Any], data: Any) -> Any:
        for future in futures_of(waitable):
            self._watcher.bind(future)
        if isinstance(waitable, EventHandler) and _OF_EVENTS.are_those_of(waitable):
            if not data:
                return None
            # By what its callback returns, not by what it is.
            callback = waitable.callback
            in_worker = self._watcher.workers.calls_in_shared(waitable.callback_group)
            if in_worker is not None:
                callback = in_worker(callback, entity)
            return entity.call_if_may(False, callback, (data,))
        result: Any = entity.call_if_may(False, waitable.execute, (data,))
        if isinstance(result, Awaitable) and not is_coroutine(result):
            return _awaited(result)
        return result


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
