# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# PYTHON_ARGCOMPLETE_OK: for shells that complete all commands that say so
"""The command ``aiorcl`` as pip installs it: what needs no ROS, and then all else.

A package of its own: its help is there also where no ROS is sourced, and aiorcl is not.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Sequence

from aiorcl_command.parser import length_of_options, make_parser


def main() -> int:
    """Run the command of ``sys.argv``, and return its exit status."""
    if "_ARGCOMPLETE" in os.environ:  # set by a shell, which has found argcomplete
        from aiorcl_command.completion import complete

        complete()
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        print(f"aiorcl {importlib.metadata.version('aiorcl')}")
        return 0
    if _ends_in_parser(arguments):
        make_parser().parse_args(arguments)
    try:
        import aiorcl.cli
    except ModuleNotFoundError as error:
        if error.name != "rclpy":
            raise
        print(f"aiorcl: error: {error}. {' '.join(error.__notes__)}", file=sys.stderr)
        return 1
    return aiorcl.cli.main()


def _ends_in_parser(arguments: Sequence[str]) -> bool:
    """Tell whether it is help that is asked for, or a command that is not there."""
    if not arguments or arguments[0].startswith("-"):
        return True
    if arguments[0] == "exec":
        arguments = arguments[: length_of_options(arguments)]
    return "-h" in arguments or "--help" in arguments
