# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``aiorcl``: runs nodes that it is given by name, and writes stubs."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import difflib
import importlib
import importlib.metadata
import importlib.util
import inspect
import math
import os
import pkgutil
import sys
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from rclpy.executors import ExternalShutdownException
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node
from rclpy.utilities import remove_ros_args

from aiorcl._loop.event_loop import new_event_loop
from aiorcl._program.run import StopSignals, initialised, loop_and_nodes
from aiorcl._program.signature import why_not_called_with
from aiorcl._serving.destroyed import is_destroyed
from aiorcl._stubs.command import add_stubs_parser, write_stubs
from aiorcl._stubs.errors import StubsError
from aiorcl.executor import AsyncioExecutor

_EPILOG = """\
A NODE is module:Class, or module:function for a function that returns a node; it is called without
arguments. Modules are also looked for in the current directory, as by python -m.

Ctrl-C and SIGTERM let the callback that runs end, cancel coroutines and destroy the nodes while
ROS is still up. A second one interrupts whatever runs.
Exit status: 0 after a signal or rclpy.shutdown(), 1 after an exception, 2 for a wrong argument.

  aiorcl run robot.drivers:Motors robot.planner:Planner
  aiorcl run robot.drivers:Motors --ros-args -r __ns:=/left -p rate:=50.0
"""


class _ArgumentError(Exception):
    """What the user asked for cannot be run; the text says why, for the user."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; ``sys.argv[1:]`` if ``arguments`` is None.

    Call it on the main thread of a process of its own: it changes ``sys.path`` and the handlers
    of signals. Exceptions of nodes leave it.
    """
    command_line = [sys.argv[0], *(sys.argv[1:] if arguments is None else arguments)]
    parser = _make_parser()
    try:
        options = parser.parse_args(_without_ros_arguments(command_line))
        if options.version:
            print(f"aiorcl {importlib.metadata.version('aiorcl')}")
            return 0
        if options.command is None:
            parser.error("the following arguments are required: COMMAND")
        if options.command == "stubs":
            return write_stubs(options)
        return _run(options, command_line)
    except (_ArgumentError, StubsError) as error:
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
    add_stubs_parser(commands)
    return parser


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
        raise _ArgumentError(f"unknown ROS arguments: {error}") from None
    except _rclpy.RCLInvalidROSArgsError as error:
        # rcl tells where in its sources, too.
        raise _ArgumentError(str(error).partition(", at ")[0]) from None


def _run(options: argparse.Namespace, command_line: list[str]) -> int:
    """Run nodes until a signal, a shutdown or an exception; return the exit status."""
    show_stats = _stats_shower() if options.stats else None
    try:
        with contextlib.ExitStack() as at_exit:
            signals = at_exit.enter_context(StopSignals())
            if not sys.flags.safe_path:
                sys.path.insert(0, str(Path.cwd()))
            makers = [(name, _find(name)) for name in options.nodes]
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
        raise _ArgumentError(f"'{name}' returned no node, but {node!r}")
    if is_destroyed(node):
        raise _ArgumentError(f"'{name}' returned a node that was destroyed")
    return node


def _find(name: str) -> Callable[[], object]:
    """Return what makes the node of this name."""
    module_name, colon, path = name.partition(":")
    is_module = colon and path and os.sep not in name and all(module_name.split("."))
    if not is_module or _is_file(module_name):
        raise _ArgumentError(
            f"'{name}' is not of the form package.module:NodeClass{_reformed(name)}"
        )
    found: Any = _import(module_name)
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            meant = _meant(part, _callables_in(found)) or _nodes_of(found)
            raise _ArgumentError(f"'{module_name}' has no '{path}'{meant}") from None
    if not callable(found) or (isinstance(found, type) and not issubclass(found, Node)):
        raise _ArgumentError(f"'{name}' is neither a node class nor a function, but {found!r}")
    if inspect.iscoroutinefunction(found):
        raise _ArgumentError(f"'{name}' is a coroutine function: it returns no node when called")
    mismatch = why_not_called_with(found)
    if mismatch is not None:
        raise _ArgumentError(f"'{name}' cannot be called without arguments: {mismatch}")
    return found  # type: ignore[no-any-return]


def _is_file(name: str) -> bool:
    """Whether what ends by ``.py`` cannot be a module ``py`` of a package."""
    package, _, last = name.rpartition(".")
    if last != "py" or not package:
        return False
    try:
        found = importlib.util.find_spec(package)
    except (ModuleNotFoundError, ValueError):
        return True
    return found is None or found.submodule_search_locations is None


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if not f"{name}.".startswith(f"{missing}."):
            raise  # it is there, and imports something that is not
    package, _, _ = missing.rpartition(".")
    path = getattr(sys.modules[package], "__path__", None) if package else None
    if package and path is None:
        raise _ArgumentError(f"no module '{missing}': '{package}' is a module, not a package")
    beside = [f"{package}.{found.name}".lstrip(".") for found in pkgutil.iter_modules(path)]
    raise _ArgumentError(f"no module '{missing}'{_meant(missing, beside)}")


def _reformed(name: str) -> str:
    """Suggest how to write what was given as a file, or with a dot for the colon."""
    place, _, path = name.partition(":")
    if not path and not place.endswith(".py"):
        place, _, path = place.rpartition(".")
    parts, where = place.split("."), ""
    if os.sep in place or place.endswith(".py"):
        file = Path(os.path.relpath(place.removesuffix(".py") or os.curdir))
        parts = list(file.parts)
        if os.pardir in parts:
            parts, where = [file.name], f" in {file.parent.resolve()}"
    if not parts or not all(part.isidentifier() for part in parts):
        return ""
    return f"; did you mean '{'.'.join(parts)}:{path or 'NodeClass'}'{where}?"


def _callables_in(found: object) -> list[str]:
    return [
        name
        for name, value in getattr(found, "__dict__", {}).items()
        if callable(value) and not name.startswith("_")
    ]


def _nodes_of(module: object) -> str:
    nodes = [
        name
        for name, value in getattr(module, "__dict__", {}).items()
        if isinstance(value, type) and issubclass(value, Node) and value is not Node
    ]
    return f"; its nodes are {', '.join(nodes)}" if nodes else ""


def _meant(wrong: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(wrong, names, n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def _stats_shower() -> Callable[[AsyncioExecutor, float], Coroutine[Any, Any, None]]:
    try:
        from aiorcl._program.table import show
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "rich":
            raise
        raise _ArgumentError("--stats needs rich: pip install 'aiorcl[stats]'") from None
    return show


def _new_uvloop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        raise _ArgumentError("--loop uvloop needs uvloop: pip install uvloop") from None
    return uvloop.new_event_loop()


_LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "aiorcl": new_event_loop,
    "asyncio": asyncio.SelectorEventLoop,
    "uvloop": _new_uvloop,
}
