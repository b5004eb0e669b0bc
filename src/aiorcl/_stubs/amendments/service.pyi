# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What rclpy.service is to say: a service is of what it gets, and of what it sends.

from collections.abc import Callable, Coroutine
from typing import Any, Generic

from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.type_support import SrvRequestT, SrvResponseT

class Service(Generic[SrvRequestT, SrvResponseT]):
    srv_type: type[Any]
    logger: RcutilsLogger
    def __init__(
        self,
        callback: Callable[
            [SrvRequestT, SrvResponseT], SrvResponseT | Coroutine[Any, Any, SrvResponseT]
        ],
    ) -> None: ...
    def send_response(self, response: SrvResponseT, header: Any) -> None: ...
    def destroy(self) -> None: ...
    def set_on_new_request_callback(self, callback: Callable[[int], None] | None) -> None: ...
