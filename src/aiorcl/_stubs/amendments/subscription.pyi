# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What rclpy.subscription is to say: a subscription is of what it gets.

from collections.abc import Callable
from typing import Any, Generic

from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.type_support import MsgT

class Subscription(Generic[MsgT]):
    msg_type: type[MsgT]
    logger: RcutilsLogger
    def __init__(self, msg_type: type[MsgT], callback: Callable[..., Any]) -> None: ...
    @property
    def topic_name(self) -> str: ...
    def destroy(self) -> None: ...
    def set_on_new_message_callback(self, callback: Callable[[int], None] | None) -> None: ...
