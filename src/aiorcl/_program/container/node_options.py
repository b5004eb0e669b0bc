# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What a request to load a node says of it, as rclcpp's options of nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rclpy.impl.logging_severity import LoggingSeverity
from rclpy.parameter import Parameter

from aiorcl._program.container.load_error import LoadError

_INTRA_PROCESS = "use_intra_process_comms"
_GLOBAL_ARGUMENTS = "forward_global_arguments"


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """How a node differs from what its class says.

    :param arguments: of ROS, as on a command line.
    :param parameters: they go before those that the class overrides.
    :param use_global_arguments: the command line of the process is for this node, too.
    :param log_level: of the logger of the node; UNSET leaves it alone.
    """

    arguments: list[str]
    parameters: list[Any]
    use_global_arguments: bool
    log_level: LoggingSeverity

    def merged_with(self, of_class: dict[str, Any]) -> dict[str, Any]:
        """Return the keyword arguments of Node that a class gives, with these options."""
        arguments = list(self.arguments)
        if of_class.get("cli_args"):
            arguments += ["--", *of_class["cli_args"]]  # of two rules the first one holds
        is_global = self.use_global_arguments and of_class.get("use_global_arguments", True)
        overrides = [*(of_class.get("parameter_overrides") or ()), *self.parameters]
        return {
            **of_class,
            "cli_args": arguments,
            "use_global_arguments": is_global,
            "parameter_overrides": overrides,
        }


def options_of(request: Any, log: Callable[[str], object]) -> NodeOptions:
    """Return the options that a request names.

    :param log: is told of what is asked for and not done.
    :raises LoadError: for what cannot be an option.
    """
    rules = list(request.remap_rules)
    if request.node_name:
        rules.append(f"__node:={request.node_name}")
    if request.node_namespace:
        rules.append(f"__ns:={request.node_namespace}")
    arguments = ["--ros-args"]
    for rule in rules:
        arguments += ["-r", rule]
    extra = {each.name: each for each in map(_parameter, request.extra_arguments)}
    if _is_true(extra, _INTRA_PROCESS):
        log(f"'{_INTRA_PROCESS}' has no meaning for nodes of Python, and is ignored")
    return NodeOptions(
        arguments,
        [_parameter(each) for each in request.parameters],
        _is_true(extra, _GLOBAL_ARGUMENTS),
        _log_level(request.log_level),
    )


def _parameter(message: Any) -> Any:
    try:
        return Parameter.from_parameter_msg(message)
    except (TypeError, ValueError) as error:
        raise LoadError(f"The parameter '{message.name}' has no value: {error}") from None


def _is_true(extra: dict[str, Any], name: str) -> bool:
    argument = extra.get(name)
    if argument is None:
        return False
    if argument.type_ is not Parameter.Type.BOOL:
        raise LoadError(f"Extra component argument '{name}' must be a boolean")
    return bool(argument.value)


def _log_level(number: int) -> LoggingSeverity:
    try:
        return LoggingSeverity(number)
    except ValueError:
        raise LoadError(f"There is no log level {number}") from None
