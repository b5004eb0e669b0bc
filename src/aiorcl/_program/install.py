# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""aiorcl.install: whatever rclpy's executors would run in this process AsyncioExecutors run."""

from __future__ import annotations

import asyncio
import functools
import gc
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

import rclpy
import rclpy.executors

from aiorcl._coroutines.arguments import check_callable
from aiorcl._loop.own_loop import NestableLoop
from aiorcl._program import stand_ins
from aiorcl._program.loop_factory import new_loop_of

if TYPE_CHECKING:
    from rclpy.executors import Executor
    from rclpy.node import Node

    from aiorcl._tasks.errors import OnError

_EVENTS = "rclpy.experimental.events_executor"


def install(
    *,
    on_error: OnError | None = None,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> None:
    """From now on the executors of rclpy that this process makes are AsyncioExecutors.

    ``rclpy.spin`` and its kin, SingleThreadedExecutor, MultiThreadedExecutor and EventsExecutor,
    wherever a program or a library uses them; so does the command ``aiorcl exec``. Call it before
    the program imports what uses rclpy. What has imported one of these names by then gets the new
    one, if it is a global of a module; a subclass gets the new base unless an object of it exists.
    Executors that exist stay what they are.

    Once called it stays. A second call sets the options anew, for executors made after it.

    :param on_error: as of `AsyncioExecutor`, of each of them.
    :param loop_factory: makes the loop of each. With another one than aiorcl's a callback cannot
        spin the executor that calls it. Where it returns none, whatever would run the executor
        raises TypeError.
    :raises TypeError: if an argument is of the wrong kind.
    """
    check_callable(on_error, "aiorcl.install()", "on_error")
    check_callable(loop_factory, "aiorcl.install()", "loop_factory")
    stand_ins.options.on_error = on_error
    stand_ins.options.new_loop = (
        NestableLoop
        if loop_factory is None
        else functools.partial(new_loop_of, loop_factory, "aiorcl.install()")
    )
    if issubclass(rclpy.executors.SingleThreadedExecutor, stand_ins.StandIn):
        return
    replaced: dict[Any, Any] = {
        rclpy.executors.SingleThreadedExecutor: stand_ins.SingleThreadedExecutor,
        rclpy.executors.MultiThreadedExecutor: stand_ins.MultiThreadedExecutor,
        rclpy.spin: _spin_of(rclpy.spin),
    }
    if importlib.util.find_spec(_EVENTS.rpartition(".")[0]) and importlib.util.find_spec(_EVENTS):
        events = importlib.import_module(_EVENTS).EventsExecutor
        replaced[events] = stand_ins.EventsExecutor
    for old, new in replaced.items():
        if isinstance(old, type):
            _rebase(old, new)
    _rename(replaced)


def _spin_of(spin: Callable[..., None]) -> Callable[..., None]:
    """As ``rclpy.spin``, which runs one callback a call; ours run until there is an end.

    A subclass with a ``spin`` of its own is spun as rclpy does it, which does not call that.
    """
    classes = (stand_ins.StandIn, stand_ins.MultiThreadedExecutor)
    own = {cls.spin for cls in classes}

    @functools.wraps(spin)
    def wrapper(node: Node, executor: Executor | None = None) -> None:
        ours = rclpy.get_global_executor() if executor is None else executor
        if not isinstance(ours, stand_ins.StandIn) or type(ours).spin not in own:
            spin(node, ours)
            return
        try:
            ours.add_node(node)
            ours.spin()
        finally:
            ours.remove_node(node)

    return wrapper


def _rename(replaced: dict[Any, Any]) -> None:
    """Let what modules have imported by name be what it is replaced by."""
    by_id = {id(old): new for old, new in replaced.items()}
    for module in _modules():
        for name, value in list(vars(module).items()):
            new = by_id.get(id(value))
            if new is not None:
                setattr(module, name, new)


def _modules() -> Iterator[ModuleType]:
    found: list[object] = list(sys.modules.values())
    for module in found:  # or what one of them has put in its place
        if isinstance(module, ModuleType):
            yield module


def _rebase(old: type, new: type) -> None:
    """Let the subclasses of a class be those of another one, where no object of them exists."""
    subclasses: list[type] = type.__subclasses__(old)
    if not subclasses:
        return
    in_use = {type(each) for each in gc.get_objects()}
    for cls in subclasses:
        if not any(issubclass(used, cls) for used in in_use):
            cls.__bases__ = tuple(new if base is old else base for base in cls.__bases__)
