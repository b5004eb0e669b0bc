# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What the command ``aiorcl`` takes, and its help."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

#: The names of the event loops that there are to choose from.
LOOPS = ("aiorcl", "asyncio", "uvloop")

_RUN_EPILOG = """\
A NODE is module:Class, or module:function for a function that returns a node, or for a coroutine
function, which gets the executor, and whose return ends the command; it is called without other
arguments, or with those that follow in brackets, as in Python: numbers, strings, lists and the
like. Modules are also looked for in the current directory, as by python -m.

Ctrl-C and SIGTERM let the callback that runs end, cancel coroutines and destroy the nodes while
ROS is still up. A second one interrupts whatever runs.
Exit status: 0 after a signal or rclpy.shutdown(), 1 after an exception, 2 for a wrong argument.

  aiorcl run robot.drivers:Motors robot.planner:Planner
  aiorcl run robot.drivers:Motors --ros-args -r __ns:=/left -p rate:=50.0
  aiorcl run 'robot.drivers:Wheel(side="left", radius=0.3)'
"""

_CONTAINER_EPILOG = """\
It is asked for nodes by ros2 component, and by ComposableNodeContainer and LoadComposableNodes of
launch files. A plugin is package.module::Class, or the name of an entry point of the package in the
group rclpy_components. A node whose constructor raises is answered by that; one whose callback
raises is unloaded, and the others run on. Nodes get the ROS arguments of the container only by the
extra argument forward_global_arguments. Signals and the exit status: as of aiorcl run.

  aiorcl container --ros-args -r __node:=robot
  ros2 component load /robot my_robot my_robot.drivers::Motors -p rate:=50.0
"""

_EXEC_USAGE = """\
aiorcl exec [OPTIONS] SCRIPT [ARGUMENT ...]
       aiorcl exec [OPTIONS] -m MODULE [ARGUMENT ...]
       aiorcl exec [OPTIONS] PACKAGE EXECUTABLE [ARGUMENT ...]"""

_EXEC_EPILOG = """\
A SCRIPT is a path, as of a file that launch or ros2 run starts: prefix="aiorcl exec". A PACKAGE is
one of ROS that is sourced, or a distribution with console scripts. All that follows the program is
the program's. It finds what python gives it: sys.argv, sys.path, __main__, Ctrl-C, its exit status.

What it makes as rclpy's SingleThreadedExecutor, MultiThreadedExecutor or EventsExecutor is an
AsyncioExecutor, also where rclpy.spin() and libraries make it. docs/programs.md has what differs.

  aiorcl exec talker.py --ros-args -r __ns:=/left
  aiorcl exec demo_nodes_py listener
"""

_STUBS_EPILOG = """\
Type checkers and editors then know the fields of messages: that there is no 'message.dta', they say
before the node runs. With rclpy among the packages they let coroutine functions be callbacks, and
know what clients, goals and futures carry. What the messages of a package hold is written, too.

pyright, and editors by it, finds the stubs in ./typings by itself. mypy looks for them where Python
looks for modules:

  aiorcl stubs rclpy std_msgs nav_msgs my_robot_msgs
  PYTHONPATH="typings:$PYTHONPATH" mypy --exclude '^typings/' .

Or write them into the environment, for both: --output "$VIRTUAL_ENV"/lib/python3.*/site-packages
"""


def _loop(purpose: str) -> dict[str, Any]:
    """Return what ``add_argument`` takes for ``--loop``."""
    return {"choices": LOOPS, "default": "aiorcl", "help": f"{purpose} (default: %(default)s)"}


# The options of ``aiorcl exec``, in front of the program; each takes a value.
_EXEC_OPTIONS: dict[str, dict[str, Any]] = {
    "-m": {"metavar": "MODULE", "dest": "module", "help": "run a module by its name"},
    "--loop": _loop(
        "the event loop of each executor; only with that of aiorcl can callbacks spin the executor "
        "that calls them"
    ),
    "--on-error": {
        "choices": ("raise", "log"),
        "default": "raise",
        "help": "what becomes of an exception that leaves a callback: spin raises it, as with "
        "rclpy, or it is logged and all goes on (default: %(default)s)",
    },
}


#: Names what an argument may be, for a shell: the ``completer`` of argcomplete.
Completer = Callable[..., Iterable[str]]


def make_parser(completers: Mapping[str, Completer] | None = None) -> argparse.ArgumentParser:
    """Make what parses the arguments, but for those of ROS and of programs.

    :param completers: by the ``dest`` of each argument that has one.
    """
    parser = argparse.ArgumentParser(
        prog="aiorcl", description="Run ROS 2 nodes on the asyncio event loop.", allow_abbrev=False
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    for add in (_add_run, _add_container, _add_exec, _add_stubs):
        for argument in add(commands.add_parser):
            if completers is not None:
                argument.completer = completers[argument.dest]  # type: ignore[attr-defined]
    return parser


def _add_run(add_parser: Callable[..., argparse.ArgumentParser]) -> list[argparse.Action]:
    run = add_parser(
        "run",
        usage="aiorcl run [-h] [--loop LOOP] [--stats SECONDS] [--slow-callback MS] "
        "NODE [NODE ...] [--ros-args ...]",
        help="run nodes in one process, thread and loop",
        description="Run nodes in one process, thread and loop until Ctrl-C.",
        epilog=_RUN_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    names = run.add_argument("nodes", nargs="+", metavar="NODE", help="package.module:NodeClass")
    _add_options_of_nodes(run, "for all of the nodes")
    return [names]


def _add_container(add_parser: Callable[..., argparse.ArgumentParser]) -> list[argparse.Action]:
    container = add_parser(
        "container",
        usage="aiorcl container [-h] [--loop LOOP] [--stats SECONDS] [--slow-callback MS] "
        "[--ros-args ...]",
        help="load and unload nodes in one process, thread and loop, as services ask for it",
        description="A component container for nodes of Python, until Ctrl-C.",
        epilog=_CONTAINER_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_options_of_nodes(container, "for the container")
    return []


def _add_options_of_nodes(parser: argparse.ArgumentParser, whose: str) -> None:
    purpose = "the event loop: that of aiorcl, asyncio's own, or uvloop"
    parser.add_argument("--loop", **_loop(purpose))
    parser.add_argument(
        "--stats",
        type=_positive,
        metavar="SECONDS",
        help="show what is called how often and for how long, anew every SECONDS (needs rich)",
    )
    parser.add_argument(
        "--slow-callback",
        type=_positive,
        metavar="MS",
        help="log a warning of what keeps the loop for MS milliseconds or longer",
    )
    parser.add_argument_group(
        "ROS arguments", f"--ros-args ... [--]: remappings, parameters and log levels, {whose}"
    )


def _add_exec(add_parser: Callable[..., argparse.ArgumentParser]) -> list[argparse.Action]:
    program = add_parser(
        "exec",
        usage=_EXEC_USAGE,
        help="run a program that was written for rclpy's executors",
        description="Run a program as python does, on AsyncioExecutors in place of rclpy's.",
        epilog=_EXEC_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    options = {name: program.add_argument(name, **how) for name, how in _EXEC_OPTIONS.items()}
    # For shells: of a command line only the options in front of the program are parsed.
    rest = program.add_argument("program", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return [options["-m"], rest]


def _add_stubs(add_parser: Callable[..., argparse.ArgumentParser]) -> list[argparse.Action]:
    parser = add_parser(
        "stubs",
        usage="aiorcl stubs [-h] [--output DIR] PACKAGE [PACKAGE ...]",
        help="write type stubs of messages and of rclpy, for editors and type checkers",
        description="Write type stubs of installed interface packages, and of rclpy.",
        epilog=_STUBS_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    packages = parser.add_argument(
        "packages", nargs="+", metavar="PACKAGE", help="std_msgs, for example, or rclpy"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("typings"),
        metavar="DIR",
        help="where the directories PACKAGE-stubs are written (default: ./%(default)s)",
    )
    return [packages]


def length_of_options(arguments: Sequence[str]) -> int:
    """Return how many arguments of ``aiorcl exec`` are the command's, not the program's."""
    at = 1
    while at < len(arguments) and arguments[at].startswith("-"):
        option = arguments[at]
        at += 2 if option in _EXEC_OPTIONS else 1
        if option == "--" or option[:2] == "-m":  # the name may follow without a space
            break
    return at


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' is not a positive number")
    return value
