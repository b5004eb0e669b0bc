# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What rclpy.publisher is to say: a publisher is of what it sends.

from typing import Generic

from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.type_support import MsgT

class Publisher(Generic[MsgT]):
    msg_type: type[MsgT]
    logger: RcutilsLogger
    def __init__(self, msg_type: type[MsgT]) -> None: ...
    def publish(self, msg: MsgT | bytes) -> None: ...
    def destroy(self) -> None: ...
