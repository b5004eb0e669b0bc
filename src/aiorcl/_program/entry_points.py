# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What a program is made of: coroutine functions, and what returns nodes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from rclpy.node import Node

from aiorcl._core import is_coroutine
from aiorcl._program.signature import why_not_called_with
from aiorcl._serving.destroyed import is_destroyed
from aiorcl._tasks.task import name_of_function

if TYPE_CHECKING:
    from aiorcl.executor import AsyncioExecutor

T = TypeVar("T")

Main: TypeAlias = (
    "Callable[[AsyncioExecutor], Coroutine[Any, Any, T]] | Callable[[], Coroutine[Any, Any, T]]"
)


def is_main(entry: Any) -> bool:
    """Tell whether it is a coroutine function, also as an object with such a ``__call__``."""
    if isinstance(entry, type):
        return False  # what it makes may be one
    return inspect.iscoroutinefunction(entry) or inspect.iscoroutinefunction(
        getattr(entry, "__call__", None)  # noqa: B004  # of an object, not whether there is one
    )


def call_main(main: Main[T], executor: AsyncioExecutor) -> Coroutine[Any, Any, T]:
    """Call a coroutine function with the executor, or without where it takes none."""
    call: Any = main
    coroutine: Coroutine[Any, Any, T] = (
        call() if why_not_called_with(main, executor) is not None else call(executor)
    )
    return coroutine


def check_entry(entry: Any, caller: str) -> None:
    """Raise TypeError, with what to write, for what cannot be run.

    :param caller: the function of the user's call, as ``aiorcl.run()``.
    """
    if is_coroutine(entry):
        entry.close()
        raise TypeError(
            f"{caller} takes the coroutine function, not what it returns: write "
            "main instead of main(), with 'async def main(executor)'"
        )
    if not callable(entry) or (isinstance(entry, type) and not issubclass(entry, Node)):
        raise TypeError(
            f"{caller} takes 'async def main(executor)', a node class or a function that "
            f"returns a node, not {entry!r}"
        )
    name = getattr(entry, "__name__", "")
    name = name if name.isidentifier() else "main"
    if inspect.isasyncgenfunction(entry):
        raise TypeError(
            f"{caller} takes 'async def {name}(executor)' without a yield, which makes "
            f"an asynchronous generator of it, not {entry!r}"
        )
    mismatch = why_not_called_with(entry)
    if mismatch is not None and is_main(entry):
        mismatch = why_not_called_with(entry, "executor")
    if mismatch is None:
        return
    if is_main(entry):
        wrong = f"with the executor: write 'async def {name}(executor)'"
    elif isinstance(entry, type):
        wrong = "without arguments: write a function that returns the node"
    else:
        wrong = f"without arguments, for a node: is it to be 'async def {name}(executor)'?"
    raise TypeError(f"{caller} calls {entry!r} {wrong} ({mismatch})")


def make_node(make: Callable[[], object]) -> Node:
    """Call what returns a node; raise TypeError or ValueError, with what to write, if not."""
    return checked_node(make(), repr(make))


def checked_node(made: object, maker: str) -> Node:
    """Return what has been made, which is to be a node.

    :param maker: what has returned it, in messages.
    :raises TypeError, ValueError: with what to write, if it is none, or is destroyed.
    """
    if is_coroutine(made):
        name = name_of_function(made)
        made.close()  # or it would complain of never having been awaited
        raise TypeError(
            f"{maker} returned no node, but a coroutine: give {name} instead, with "
            f"'async def {name}(executor)'"
        )
    if not isinstance(made, Node):
        raise TypeError(f"{maker} returned no node, but {made!r}")
    if is_destroyed(made):
        raise ValueError(f"{maker} returned a node that was destroyed")
    return made
