# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The executor's answers to the dispatcher: coroutines, responses, timer infos, waitables."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, cast

from rclpy.exceptions import InvalidHandle
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy

from aiorcl._rclpy.missing import TimerInfo
from aiorcl._serving.abstract import ExecutorBase
from aiorcl._serving.node import wait_set_of, watched
from aiorcl._tasks.owned import Work

if TYPE_CHECKING:
    import rclpy.task
    from rclpy.client import Client
    from rclpy.node import Node
    from rclpy.timer import Timer
    from rclpy.waitable import Waitable

    from aiorcl import _core

RCLError = _rclpy.RCLError


class _CallbackEnd:
    """A coroutine callback of an entity has ended: its group has a place again."""

    def __init__(self, callbacks: Callbacks, entity: _core.Entity) -> None:
        self._callbacks = callbacks
        self._entity = entity

    def returned(self, result: Any) -> None:
        self._entity.ended()

    def raised(self, error: BaseException) -> None:
        self._entity.ended()
        if not isinstance(error, asyncio.CancelledError):
            self._callbacks._on_error(self._entity, error)


class _ServiceCallbackEnd(_CallbackEnd):
    """A coroutine callback of a service has ended: what it returned is the response."""

    def __init__(self, callbacks: Callbacks, entity: _core.Service, request_id: bytes) -> None:
        super().__init__(callbacks, entity)
        self._service = entity
        self._request_id = request_id

    def returned(self, result: Any) -> None:
        super().returned(result)
        try:
            self._service.respond(result, self._request_id)
        except Exception as error:
            self._callbacks._on_error(self._service, error)


class Callbacks(ExecutorBase):
    """The dispatcher's hooks: ``_hooks.Hooks`` says when each is called."""

    _work: Work

    def _on_error(self, source: object, error: BaseException) -> None:
        raise NotImplementedError

    def _start_callback(self, entity: _core.Entity, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._work.start(coroutine, _CallbackEnd(self, entity), _node_of(entity))

    def _start_service_callback(
        self, entity: _core.Service, coroutine: Coroutine[Any, Any, Any], request_id: bytes
    ) -> None:
        self._work.start(coroutine, _ServiceCallbackEnd(self, entity, request_id), _node_of(entity))

    def _complete_future(
        self, client: Client[Any, Any], future: rclpy.task.Future[Any], response: Any
    ) -> None:
        # Done here, and by its number; set_result would have a task look for it.
        future.remove_done_callback(client.remove_pending_request)
        future._set_executor(self)
        future.set_result(response)

    def _timer_argument(self, callback: Callable[..., Any]) -> str | None:
        for parameter in inspect.signature(callback).parameters.values():
            if parameter.annotation is TimerInfo:
                return parameter.name
        return None

    def _timer_info(self, timer: Timer, expected_ns: int, actual_ns: int) -> Any:
        return TimerInfo(
            expected_call_time=expected_ns,
            actual_call_time=actual_ns,
            clock_type=timer.clock.clock_type,
        )

    def _take_waitable(self, entity: _core.Waitable) -> Any:  # type: ignore[override]  # not rclpy's
        waitable = cast("Waitable[Any]", entity.rclpy_entity)
        try:
            wait_set = wait_set_of(self.context, waitable)
            wait_set.wait(0)
            entity.restore(wait_set.pointer)
            if not waitable.is_ready(wait_set):
                return False
            data = waitable.take_data()
        except InvalidHandle:
            return False  # destroyed by another thread, whose wake() is on its way
        except RCLError:
            if self.context.ok():
                raise
            return False  # no wait set without a context
        return self._execute(waitable, data)

    def _take_driven_waitable(self, entity: _core.DrivenWaitable) -> Any:
        waitable = cast("Waitable[Any]", entity.rclpy_entity)
        try:
            data = waitable.take_data()
        except InvalidHandle:
            return False  # destroyed by another thread, whose wake() is on its way
        return self._execute(waitable, data)

    def _execute(self, waitable: Waitable[Any], data: Any) -> Any:
        for future in waitable._futures:
            future._set_executor(self)
        return waitable.execute(data)


def _node_of(entity: _core.Entity) -> Node | None:
    found = watched(entity.rclpy_entity)
    return None if found is None else found[1].node
