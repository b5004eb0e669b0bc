# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What rclpy.node is to say: of what its entities are; their callbacks may be coroutine functions.

from collections.abc import Callable, Coroutine
from typing import Any, Literal, Protocol, TypeVar, overload

from rclpy.client import Client
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.publisher import Publisher
from rclpy.service import Service
from rclpy.subscription import MessageInfo, Subscription
from rclpy.timer import TimerInfo
from rclpy.type_support import MsgT, SrvRequestT, SrvResponseT

_RequestT_co = TypeVar("_RequestT_co", covariant=True)
_ResponseT_co = TypeVar("_ResponseT_co", covariant=True)

class _ServiceType(Protocol[_RequestT_co, _ResponseT_co]):
    def Request(self) -> _RequestT_co: ...
    def Response(self) -> _ResponseT_co: ...

class Node:
    def get_logger(self) -> RcutilsLogger: ...
    def undeclare_parameter(self) -> None: ...
    def create_publisher(self, msg_type: type[MsgT]) -> Publisher[MsgT]: ...
    @overload
    def create_subscription(
        self,
        msg_type: type[MsgT],
        callback: Callable[[MsgT], object] | Callable[[MsgT, MessageInfo], object],
        *,
        raw: Literal[False] = ...,
    ) -> Subscription[MsgT]: ...
    @overload
    def create_subscription(
        self,
        msg_type: type[MsgT],
        callback: Callable[[bytes], object] | Callable[[bytes, MessageInfo], object],
        *,
        raw: Literal[True],
    ) -> Subscription[MsgT]: ...
    @overload
    def create_subscription(
        self,
        msg_type: type[MsgT],
        callback: Callable[[Any], object] | Callable[[Any, MessageInfo], object],
        *,
        raw: bool,
    ) -> Subscription[MsgT]: ...
    def create_client(
        self, srv_type: _ServiceType[SrvRequestT, SrvResponseT]
    ) -> Client[SrvRequestT, SrvResponseT]: ...
    def create_service(
        self,
        srv_type: _ServiceType[SrvRequestT, SrvResponseT],
        callback: Callable[
            [SrvRequestT, SrvResponseT], SrvResponseT | Coroutine[Any, Any, SrvResponseT]
        ],
    ) -> Service[SrvRequestT, SrvResponseT]: ...
    def create_timer(
        self, callback: Callable[[], object] | Callable[[TimerInfo], object] | None
    ) -> Any: ...
    def create_guard_condition(self, callback: Callable[[], object]) -> Any: ...
    def destroy_client(self, client: Client[Any, Any]) -> bool: ...
    def destroy_publisher(self, publisher: Publisher[Any]) -> bool: ...
    def destroy_service(self, service: Service[Any, Any]) -> bool: ...
    def destroy_subscription(self, subscription: Subscription[Any]) -> bool: ...
