# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What rclpy.action.server is to say: of what a server is, and what its callbacks take and return.

from collections.abc import Callable, Coroutine
from typing import Any, Generic, Protocol, TypeVar

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.type_support import FeedbackT, GoalT, ResultT
from unique_identifier_msgs.msg import UUID

_GoalT_co = TypeVar("_GoalT_co", covariant=True)
_ResultT_co = TypeVar("_ResultT_co", covariant=True)
_FeedbackT_co = TypeVar("_FeedbackT_co", covariant=True)

class _ActionType(Protocol[_GoalT_co, _ResultT_co, _FeedbackT_co]):
    def Goal(self) -> _GoalT_co: ...
    def Result(self) -> _ResultT_co: ...
    def Feedback(self) -> _FeedbackT_co: ...

class GoalResponse: ...
class CancelResponse: ...

class ServerGoalHandle(Generic[GoalT, ResultT, FeedbackT]):
    @property
    def request(self) -> GoalT: ...
    @property
    def goal_id(self) -> UUID: ...
    @property
    def is_active(self) -> bool: ...
    @property
    def is_cancel_requested(self) -> bool: ...
    @property
    def status(self) -> int: ...
    def execute(
        self,
        execute_callback: Callable[
            [ServerGoalHandle[GoalT, ResultT, FeedbackT]],
            ResultT | Coroutine[Any, Any, ResultT],
        ]
        | None = ...,
    ) -> None: ...
    def publish_feedback(self, feedback: FeedbackT) -> None: ...
    def succeed(self) -> None: ...
    def abort(self) -> None: ...
    def canceled(self) -> None: ...
    def destroy(self) -> None: ...

class ActionServer(Generic[GoalT, ResultT, FeedbackT]):
    def __init__(
        self,
        node: Node,
        action_type: _ActionType[GoalT, ResultT, FeedbackT],
        action_name: str,
        execute_callback: Callable[
            [ServerGoalHandle[GoalT, ResultT, FeedbackT]],
            ResultT | Coroutine[Any, Any, ResultT],
        ],
        *,
        callback_group: CallbackGroup | None = ...,
        goal_callback: Callable[[GoalT], GoalResponse | Coroutine[Any, Any, GoalResponse]] = ...,
        handle_accepted_callback: Callable[
            [ServerGoalHandle[GoalT, ResultT, FeedbackT]], object
        ] = ...,
        cancel_callback: Callable[
            [ServerGoalHandle[GoalT, ResultT, FeedbackT]],
            CancelResponse | Coroutine[Any, Any, CancelResponse],
        ] = ...,
        goal_service_qos_profile: QoSProfile = ...,
        result_service_qos_profile: QoSProfile = ...,
        cancel_service_qos_profile: QoSProfile = ...,
        feedback_pub_qos_profile: QoSProfile = ...,
        status_pub_qos_profile: QoSProfile = ...,
        result_timeout: int = ...,
    ) -> None: ...
    def register_goal_callback(
        self,
        goal_callback: Callable[[GoalT], GoalResponse | Coroutine[Any, Any, GoalResponse]] | None,
    ) -> None: ...
    def register_handle_accepted_callback(
        self,
        handle_accepted_callback: Callable[[ServerGoalHandle[GoalT, ResultT, FeedbackT]], object]
        | None,
    ) -> None: ...
    def register_cancel_callback(
        self,
        cancel_callback: Callable[
            [ServerGoalHandle[GoalT, ResultT, FeedbackT]],
            CancelResponse | Coroutine[Any, Any, CancelResponse],
        ]
        | None,
    ) -> None: ...
    def register_execute_callback(
        self,
        execute_callback: Callable[
            [ServerGoalHandle[GoalT, ResultT, FeedbackT]],
            ResultT | Coroutine[Any, Any, ResultT],
        ],
    ) -> None: ...
    def destroy(self) -> None: ...
