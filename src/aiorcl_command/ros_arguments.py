# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The arguments of ROS, as a shell may complete them."""

from __future__ import annotations

from collections.abc import Sequence

#: What they stand behind.
BEGIN = "--ros-args"
_END = "--"

# Those that want a value: where it is a file, or for the user to say, none is named.
_WITH_VALUE = (
    *("--remap", "-r", "--param", "-p", "--params-file"),
    *("--log-level", "--log-config-file", "--log-file-name", "--enclave", "-e"),
)
_VALUES = {"--log-level": ["debug", "info", "warn", "error", "fatal"]}
_LOGS = ("rosout-logs", "stdout-logs", "external-lib-logs")
_FLAGS = [f"--{verb}-{logs}" for verb in ("enable", "disable") for logs in _LOGS]


def what_follows(words: Sequence[str]) -> list[str] | None:
    """Name what may follow the words of a command line; None if the next is not an argument of ROS.

    An empty list where no name is known: a shell then names files.
    """
    ends = [word for word in words if word in (BEGIN, _END)]
    if not ends or ends[-1] == _END:
        return None
    if words[-1] in _WITH_VALUE:
        return _VALUES.get(words[-1], [])
    return [*_WITH_VALUE, *_FLAGS, _END]
