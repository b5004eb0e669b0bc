# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What rclpy.type_support is to say beside what it says: on Jazzy it says nothing.

from typing import Protocol, TypeVar

MsgT = TypeVar("MsgT")
SrvRequestT = TypeVar("SrvRequestT")
SrvResponseT = TypeVar("SrvResponseT")
GoalT = TypeVar("GoalT")
ResultT = TypeVar("ResultT")
FeedbackT = TypeVar("FeedbackT")

class GetResultServiceResponse(Protocol[ResultT]):
    status: int
    result: ResultT

class FeedbackMessage(Protocol[FeedbackT]):
    feedback: FeedbackT
