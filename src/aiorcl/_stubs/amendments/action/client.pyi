# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What rclpy.action.client is to say: a client is of a goal, a result and a feedback message.

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from action_msgs.srv import CancelGoal
from builtin_interfaces.msg import Time
from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.task import Future
from rclpy.type_support import (
    FeedbackMessage,
    FeedbackT,
    GetResultServiceResponse,
    GoalT,
    ResultT,
)
from unique_identifier_msgs.msg import UUID

_GoalT_co = TypeVar("_GoalT_co", covariant=True)
_ResultT_co = TypeVar("_ResultT_co", covariant=True)
_FeedbackT_co = TypeVar("_FeedbackT_co", covariant=True)

class _ActionType(Protocol[_GoalT_co, _ResultT_co, _FeedbackT_co]):
    def Goal(self) -> _GoalT_co: ...
    def Result(self) -> _ResultT_co: ...
    def Feedback(self) -> _FeedbackT_co: ...

class ClientGoalHandle(Generic[GoalT, ResultT, FeedbackT]):
    @property
    def goal_id(self) -> UUID: ...
    @property
    def stamp(self) -> Time: ...
    @property
    def accepted(self) -> bool: ...
    @property
    def status(self) -> int: ...
    def cancel_goal(self) -> CancelGoal.Response | None: ...
    def cancel_goal_async(self) -> Future[CancelGoal.Response]: ...
    def get_result(self) -> GetResultServiceResponse[ResultT] | None: ...
    def get_result_async(self) -> Future[GetResultServiceResponse[ResultT]]: ...

class ActionClient(Generic[GoalT, ResultT, FeedbackT]):
    def __init__(
        self,
        node: Node,
        action_type: _ActionType[GoalT, ResultT, FeedbackT],
        action_name: str,
        *,
        callback_group: CallbackGroup | None = ...,
        goal_service_qos_profile: QoSProfile = ...,
        result_service_qos_profile: QoSProfile = ...,
        cancel_service_qos_profile: QoSProfile = ...,
        feedback_sub_qos_profile: QoSProfile = ...,
        status_sub_qos_profile: QoSProfile = ...,
    ) -> None: ...
    def send_goal(self, goal: GoalT, **kwargs: Any) -> GetResultServiceResponse[ResultT] | None: ...
    def send_goal_async(
        self,
        goal: GoalT,
        feedback_callback: Callable[[FeedbackMessage[FeedbackT]], object] | None = ...,
        goal_uuid: UUID | None = ...,
    ) -> Future[ClientGoalHandle[GoalT, ResultT, FeedbackT]]: ...
    def server_is_ready(self) -> bool: ...
    def wait_for_server(self, timeout_sec: float | None = ...) -> bool: ...
    def destroy(self) -> None: ...
