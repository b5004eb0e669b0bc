# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``aiorcl``: runs nodes by name, as components, and as programs; writes stubs."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.metadata
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.utilities import remove_ros_args

from aiorcl._loop.event_loop import new_event_loop
from aiorcl._program.argument_error import ArgumentError
from aiorcl._program.container.interfaces import import_interfaces
from aiorcl._program.container.manager import ComponentManager
from aiorcl._program.entry_points import checked_node, is_main
from aiorcl._program.exec import run_module, run_program
from aiorcl._program.find import find
from aiorcl._program.install import install
from aiorcl._program.mains import SpunMains
from aiorcl._program.run import initialised, loop_and_nodes
from aiorcl._program.stand_ins import log_error
from aiorcl._program.stop_signals import StopSignals
from aiorcl._rclpy.compiled import RCLInvalidROSArgsError, UnknownROSArgsError
from aiorcl._stubs.command import write_stubs
from aiorcl._stubs.errors import StubsError
from aiorcl._tasks.workers import workers_of
from aiorcl.executor import AsyncioExecutor
from aiorcl_command.parser import length_of_options, make_parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; ``sys.argv[1:]`` if ``arguments`` is None.

    Call it on the main thread of a process of its own: it changes ``sys.path`` and the handlers
    of signals. Exceptions of nodes leave it.
    """
    command_line = [sys.argv[0], *(sys.argv[1:] if arguments is None else arguments)]
    parser = make_parser()
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


def _exec(parser: argparse.ArgumentParser, arguments: list[str]) -> int:
    """Run a program; return if it does."""
    ends = length_of_options(arguments)
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


def _without_ros_arguments(command_line: list[str]) -> list[str]:
    try:
        return remove_ros_args(command_line)[1:]
    except UnknownROSArgsError as error:
        raise ArgumentError(f"unknown ROS arguments: {error}") from None
    except RCLInvalidROSArgsError as error:
        # rcl tells where in its sources, too.
        raise ArgumentError(str(error).partition(", at ")[0]) from None


def _run(options: argparse.Namespace, command_line: list[str]) -> int:
    """Run nodes until a signal, a shutdown or an exception; return the exit status."""
    show_stats = _stats_shower() if options.stats else None
    failures: list[Exception | SystemExit] = []

    def note(kind: object, error: BaseException | None, traceback: object) -> None:
        """What ends the program is told, whatever signals come while it ends."""
        if isinstance(error, Exception | SystemExit) and not isinstance(
            error, ExternalShutdownException
        ):
            signals.is_ending()
            failures.append(error)

    try:
        with contextlib.ExitStack() as at_exit:
            signals = at_exit.enter_context(StopSignals())
            if not sys.flags.safe_path:
                sys.path.insert(0, str(Path.cwd()))
            found = _found(options)
            makers = [(name, make) for name, make in found if not is_main(make)]
            mains: list[Any] = [main for _, main in found if is_main(main)]
            context, end_ros = at_exit.enter_context(
                initialised(command_line, None, f"aiorcl {options.command}")
            )
            running = loop_and_nodes(_LOOPS[options.loop], context, end_ros)
            loop, nodes = at_exit.enter_context(running)
            at_exit.push(note)  # of a constructor
            made = []
            for name, make in makers:
                made.append(_make_node(name, make))
                nodes.add(made[-1])
            executor = _executor_for(made, loop)
            at_exit.enter_context(executor)
            for node in made:
                executor.add_node(node)
            if options.slow_callback:
                executor.slow_callback_duration = options.slow_callback / 1000
            if show_stats is not None:
                executor.create_task(show_stats(executor, options.stats))
            running_mains = at_exit.enter_context(SpunMains(mains, executor))
            at_exit.push(note)  # of a callback
            workers = workers_of(executor)
            workers.told_context = context
            signals.end_patiently(executor.loop, running_mains.end_soon, workers.abandon)
            executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    for failure in failures:
        raise failure
    return 0


def _found(options: argparse.Namespace) -> list[tuple[str, Callable[..., Any]]]:
    """Return what makes nodes, and coroutine functions, each with its name."""
    if options.command == "container":
        return [("aiorcl container", partial(ComponentManager, import_interfaces()))]
    return [(name, find(name)) for name in options.nodes]


def _executor_for(nodes: list[Node], loop: asyncio.AbstractEventLoop) -> AsyncioExecutor:
    for node in nodes:
        if isinstance(node, ComponentManager):
            return node.make_executor(loop)
    return AsyncioExecutor(loop=loop)


def _make_node(name: str, make: Callable[[], object]) -> Node:
    made = make()
    try:
        return checked_node(made, f"'{name}'")
    except (TypeError, ValueError) as error:
        raise ArgumentError(str(error)) from None


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
