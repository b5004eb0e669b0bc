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

    # Of functions whose argument tells no more than its class, on Jazzy.
    AnyFeedbackT = typing_extensions.TypeVar("AnyFeedbackT", default=Any)
    AnyGoalT = typing_extensions.TypeVar("AnyGoalT", default=Any)
    AnyResultT = typing_extensions.TypeVar("AnyResultT", default=Any)
    SrvResponseT = typing_extensions.TypeVar("SrvResponseT", default=Any)
else:  # where Python has no defaults before 3.13
    AnyFeedbackT = TypeVar("AnyFeedbackT")
    AnyGoalT = TypeVar("AnyGoalT")
    AnyResultT = TypeVar("AnyResultT")
    SrvResponseT = TypeVar("SrvResponseT")

_GoalT_co = TypeVar("_GoalT_co", covariant=True)
_ResultT_co = TypeVar("_ResultT_co", covariant=True)
_FeedbackT_co = TypeVar("_FeedbackT_co", covariant=True)


class ActionType(Protocol[_GoalT_co, _ResultT_co, _FeedbackT_co]):
    """The class of an action, as generated: what is called there makes the messages."""

    def Goal(self) -> _GoalT_co: ...  # noqa: N802
    def Result(self) -> _ResultT_co: ...  # noqa: N802
    def Feedback(self) -> _FeedbackT_co: ...  # noqa: N802


_SrvRequestT_co = TypeVar("_SrvRequestT_co", covariant=True)
_SrvResponseT_co = TypeVar("_SrvResponseT_co", covariant=True)


class ServiceType(Protocol[_SrvRequestT_co, _SrvResponseT_co]):
    """The class of a service, as generated."""

    def Request(self) -> _SrvRequestT_co: ...  # noqa: N802
    def Response(self) -> _SrvResponseT_co: ...  # noqa: N802


class GoalSender(Protocol[GoalT, ResultT, FeedbackT]):
    """rclpy's ActionClient.

    By what it gives, not by its class: pyright takes the variables of Jazzy's, whose arguments have
    no annotations, for the types of those.
    """

    def send_goal_async(
        self, goal: GoalT
    ) -> Awaitable[ClientGoalHandle[GoalT, ResultT, FeedbackT] | None]: ...
