# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``aiorcl``: runs nodes by their names, and programs as they are; writes stubs."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.metadata
import math
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from rclpy.executors import ExternalShutdownException
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node
from rclpy.utilities import remove_ros_args

from aiorcl._loop.event_loop import new_event_loop
from aiorcl._program.argument_error import ArgumentError
from aiorcl._program.exec import run_module, run_program
from aiorcl._program.find import find
from aiorcl._program.install import install
from aiorcl._program.run import StopSignals, initialised, loop_and_nodes
from aiorcl._program.stand_ins import log_error
from aiorcl._serving.destroyed import is_destroyed
from aiorcl._stubs.command import add_stubs_parser, write_stubs
from aiorcl._stubs.errors import StubsError
from aiorcl.executor import AsyncioExecutor

_EPILOG = """\
A NODE is module:Class, or module:function for a function that returns a node; it is called without
arguments, or with those that follow in brackets, as in Python: numbers, strings, lists and the
like. Modules are also looked for in the current directory, as by python -m.

Ctrl-C and SIGTERM let the callback that runs end, cancel coroutines and destroy the nodes while
ROS is still up. A second one interrupts whatever runs.
Exit status: 0 after a signal or rclpy.shutdown(), 1 after an exception, 2 for a wrong argument.

  aiorcl run robot.drivers:Motors robot.planner:Planner
  aiorcl run robot.drivers:Motors --ros-args -r __ns:=/left -p rate:=50.0
  aiorcl run 'robot.drivers:Wheel(side="left", radius=0.3)'
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; ``sys.argv[1:]`` if ``arguments`` is None.

    Call it on the main thread of a process of its own: it changes ``sys.path`` and the handlers
    of signals. Exceptions of nodes leave it.
    """
    command_line = [sys.argv[0], *(sys.argv[1:] if arguments is None else arguments)]
    parser = _make_parser()
    try:
        if command_line[1:2] == ["exec"]:
            return _exec(parser, command_line[1:])
        options = parser.parse_args(_without_ros_arguments(command_line))
        if options.version:
            print(f"aiorcl {importlib.metadata.version('aiorcl')}")
            return 0
        if options.command is None:
            parser.error("the following arguments are required: COMMAND")
        if options.command == "stubs":
            return write_stubs(options)
        return _run(options, command_line)
    except (ArgumentError, StubsError) as error:
        print(f"aiorcl: error: {error}", file=sys.stderr)
        return 2


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aiorcl", description="Run ROS 2 nodes on the asyncio event loop.", allow_abbrev=False
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    run = commands.add_parser(
        "run",
        usage="aiorcl run [-h] [--loop LOOP] [--stats SECONDS] [--slow-callback MS] "
        "NODE [NODE ...] [--ros-args ...]",
        help="run nodes in one process, thread and loop",
        description="Run nodes in one process, thread and loop until Ctrl-C.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    run.add_argument("nodes", nargs="+", metavar="NODE", help="package.module:NodeClass")
    run.add_argument(
        "--loop",
        choices=_LOOPS,
        default="aiorcl",
        help="the event loop: that of aiorcl, asyncio's own, or uvloop (default: %(default)s)",
    )
    run.add_argument(
        "--stats",
        type=_positive,
        metavar="SECONDS",
        help="show what is called how often and for how long, anew every SECONDS (needs rich)",
    )
    run.add_argument(
        "--slow-callback",
        type=_positive,
        metavar="MS",
        help="log a warning of what keeps the loop for MS milliseconds or longer",
    )
    run.add_argument_group(
        "ROS arguments",
        "--ros-args ... [--]: remappings, parameters and log levels, for all of the nodes",
    )
    program = commands.add_parser(
        "exec",
        usage=_EXEC_USAGE,
        help="run a program that was written for rclpy's executors",
        description="Run a program as python does, on AsyncioExecutors in place of rclpy's.",
        epilog=_EXEC_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    program.add_argument("-m", metavar="MODULE", dest="module", help="run a module by its name")
    program.add_argument(
        "--loop",
        choices=_LOOPS,
        default="aiorcl",
        help="the event loop of each executor; only with that of aiorcl can callbacks spin the "
        "executor that calls them (default: %(default)s)",
    )
    program.add_argument(
        "--on-error",
        choices=("raise", "log"),
        default="raise",
        help="what becomes of an exception that leaves a callback: spin raises it, as with "
        "rclpy, or it is logged and all goes on (default: %(default)s)",
    )
    add_stubs_parser(commands)
    return parser


def _exec(parser: argparse.ArgumentParser, arguments: list[str]) -> int:
    """Run a program; return if it does."""
    ends = _length_of_options(arguments)
    options = parser.parse_args(arguments[:ends])
    rest = arguments[ends:]
    if not rest and options.module is None:
        parser.error("the following arguments are required: SCRIPT, -m MODULE or PACKAGE")
    _LOOPS[options.loop]().close()  # or each executor would fail where it is made
    install(
        on_error=log_error if options.on_error == "log" else None,
        loop_factory=None if options.loop == "aiorcl" else _LOOPS[options.loop],
    )
    if options.module is not None:
        run_module(options.module, rest)
    else:
        run_program(rest)
    return 0


def _length_of_options(arguments: list[str]) -> int:
    """Return how many arguments are the command's: what follows them are the program's own."""
    at = 1
    while at < len(arguments) and arguments[at].startswith("-"):
        option = arguments[at]
        at += 2 if option in ("-m", "--loop", "--on-error") else 1
        if option in ("-m", "--"):
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


def _without_ros_arguments(command_line: list[str]) -> list[str]:
    try:
        return remove_ros_args(command_line)[1:]
    except _rclpy.UnknownROSArgsError as error:
        raise ArgumentError(f"unknown ROS arguments: {error}") from None
    except _rclpy.RCLInvalidROSArgsError as error:
        # rcl tells where in its sources, too.
        raise ArgumentError(str(error).partition(", at ")[0]) from None


def _run(options: argparse.Namespace, command_line: list[str]) -> int:
    """Run nodes until a signal, a shutdown or an exception; return the exit status."""
    show_stats = _stats_shower() if options.stats else None
    try:
        with contextlib.ExitStack() as at_exit:
            signals = at_exit.enter_context(StopSignals())
            if not sys.flags.safe_path:
                sys.path.insert(0, str(Path.cwd()))
            makers = [(name, find(name)) for name in options.nodes]
            at_exit.enter_context(initialised(command_line, None, "aiorcl run"))
            loop, nodes = at_exit.enter_context(loop_and_nodes(_LOOPS[options.loop]))
            made = []
            for name, make in makers:
                made.append(_make_node(name, make))
                nodes.add(made[-1])
            executor = AsyncioExecutor(loop=loop)
            at_exit.enter_context(executor)
            for node in made:
                executor.add_node(node)
            if options.slow_callback:
                executor.slow_callback_duration = options.slow_callback / 1000
            if show_stats is not None:
                executor.create_task(show_stats(executor, options.stats))
            signals.end_patiently(executor.loop, executor.shutdown)
            executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    return 0


def _make_node(name: str, make: Callable[[], object]) -> Node:
    node = make()
    if not isinstance(node, Node):
        raise ArgumentError(f"'{name}' returned no node, but {node!r}")
    if is_destroyed(node):
        raise ArgumentError(f"'{name}' returned a node that was destroyed")
    return node


def _stats_shower() -> Callable[[AsyncioExecutor, float], Coroutine[Any, Any, None]]:
    try:
        from aiorcl._program.table import show
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "rich":
            raise
        raise ArgumentError("--stats needs rich: pip install 'aiorcl[stats]'") from None
    return show


def _new_uvloop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        raise ArgumentError("--loop uvloop needs uvloop: pip install uvloop") from None
    return uvloop.new_event_loop()


_LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "aiorcl": new_event_loop,
    "asyncio": asyncio.SelectorEventLoop,
    "uvloop": _new_uvloop,
}
