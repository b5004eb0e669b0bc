# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""By what type checkers tell what an entity carries: the variables, and the classes of interfaces.

rclpy's own variables are not there on Jazzy, where nothing would be known then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

FeedbackT = TypeVar("FeedbackT")
GoalT = TypeVar("GoalT")
MsgT = TypeVar("MsgT")
ResultT = TypeVar("ResultT")
SrvRequestT = TypeVar("SrvRequestT")

if TYPE_CHECKING:
    from collections.abc import Awaitable

    import typing_extensions
    from rclpy.action.client import ClientGoalHandle
    from rclpy.action.server import ServerGoalHandle

    # Of functions whose argument tells no more than its class, on Jazzy.
    AnyFeedbackT = typing_extensions.TypeVar("AnyFeedbackT", default=Any)
    AnyResultT = typing_extensions.TypeVar("AnyResultT", default=Any)
    SrvResponseT = typing_extensions.TypeVar("SrvResponseT", default=Any)
    # Of classes that may be named without their action, or service.
    ActionT_contra = typing_extensions.TypeVar("ActionT_contra", contravariant=True, default=Any)
    SrvT_contra = typing_extensions.TypeVar("SrvT_contra", contravariant=True, default=Any)
else:  # where Python has no defaults before 3.13
    AnyFeedbackT = TypeVar("AnyFeedbackT")
    AnyResultT = TypeVar("AnyResultT")
    SrvResponseT = TypeVar("SrvResponseT")
    ActionT_contra = TypeVar("ActionT_contra", contravariant=True)
    SrvT_contra = TypeVar("SrvT_contra", contravariant=True)

_GoalT_co = TypeVar("_GoalT_co", covariant=True)
_ResultT_co = TypeVar("_ResultT_co", covariant=True)
_FeedbackT_co = TypeVar("_FeedbackT_co", covariant=True)


class ActionType(Protocol[_GoalT_co, _ResultT_co, _FeedbackT_co]):
    """The class of an action, as generated: what is called there makes the messages."""

    def Goal(self) -> _GoalT_co: ...  # noqa: N802
    def Result(self) -> _ResultT_co: ...  # noqa: N802
    def Feedback(self) -> _FeedbackT_co: ...  # noqa: N802


_ActionT_co = TypeVar("_ActionT_co", covariant=True)


class OfAction(Protocol[_ActionT_co]):
    """A ServedGoal, to those of its members that are of a message of its action.

    ``serve_action`` knows an action by its messages only, as `ActionType`, and whoever executes the
    goal says ``ServedGoal[Count]``, which is of less: the parameter of ServedGoal is contravariant.
    A message is found the other way: Count is an ActionType of certain ones.
    """

    handle: ServerGoalHandle[Any, Any, Any]
    _action_name: str

    @property
    def _action(self) -> _ActionT_co: ...


class ResultOf(Protocol[_ActionT_co]):
    """An attribute that is a result message of an action; at run time an ordinary one."""

    def __get__(
        self: ResultOf[ActionType[Any, ResultT, Any]], instance: Any, owner: Any
    ) -> ResultT: ...
    def __set__(
        self: ResultOf[ActionType[Any, ResultT, Any]], instance: Any, value: ResultT
    ) -> None: ...


_SrvRequestT_co = TypeVar("_SrvRequestT_co", covariant=True)
_SrvResponseT_co = TypeVar("_SrvResponseT_co", covariant=True)


class ServiceType(Protocol[_SrvRequestT_co, _SrvResponseT_co]):
    """The class of a service, as generated."""

    def Request(self) -> _SrvRequestT_co: ...  # noqa: N802
    def Response(self) -> _SrvResponseT_co: ...  # noqa: N802


_SrvT_co = TypeVar("_SrvT_co", covariant=True)


class OfService(Protocol[_SrvT_co]):
    """A ServedRequest, to those of its members that are of a message of its service.

    As `OfAction` of goals: ``aiorcl.requests`` knows the service by its messages only.
    """

    _request: Any

    @property
    def _service(self) -> _SrvT_co: ...
    def _respond(self, response: Any) -> None: ...


class ResponseOf(Protocol[_SrvT_co]):
    """An attribute that is a response message of a service; at run time an ordinary one."""

    def __get__(
        self: ResponseOf[ServiceType[Any, SrvResponseT]], instance: Any, owner: Any
    ) -> SrvResponseT: ...
    def __set__(
        self: ResponseOf[ServiceType[Any, SrvResponseT]], instance: Any, value: SrvResponseT
    ) -> None: ...


class GoalSender(Protocol[GoalT, ResultT, FeedbackT]):
    """rclpy's ActionClient.

    By what it gives, not by its class: pyright takes the variables of Jazzy's, whose arguments have
    no annotations, for the types of those.
    """

    def send_goal_async(
        self, goal: GoalT
    ) -> Awaitable[ClientGoalHandle[GoalT, ResultT, FeedbackT] | None]: ...
