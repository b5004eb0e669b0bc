# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What rclpy.parameter is to say: on Jazzy it says nothing, and pyright takes a value for None.

from typing import Any

from rcl_interfaces.msg import Parameter as ParameterMsg
from rcl_interfaces.msg import ParameterValue

class Parameter:
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> Any: ...
    def get_parameter_value(self) -> ParameterValue: ...
    def to_parameter_msg(self) -> ParameterMsg: ...
