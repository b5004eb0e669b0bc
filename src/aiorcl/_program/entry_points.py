# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What a program is made of: coroutine functions, and what returns nodes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from rclpy.node import Node

from aiorcl._core import is_coroutine
from aiorcl._coroutines.arguments import makes_coroutine
from aiorcl._program.signature import expects, why_not_called_with
from aiorcl._serving.destroyed import is_destroyed
from aiorcl._tasks.task import name_of_function

if TYPE_CHECKING:
    from aiorcl.executor import AsyncioExecutor

T = TypeVar("T")

Main: TypeAlias = (
    "Callable[[AsyncioExecutor], Coroutine[Any, Any, T]] | Callable[[], Coroutine[Any, Any, T]]"
)


def is_main(entry: Any) -> bool:
    """Tell whether it is a coroutine function, also as an object with such a ``__call__``.

    Or what a decorator has made of one, that says so as ``functools.wraps`` does.
    """
    return makes_coroutine(entry)


def call_main(main: Main[T], executor: AsyncioExecutor) -> Coroutine[Any, Any, T]:
    """Call a coroutine function with the executor, or without where it takes none.

    :raises TypeError: if a decorator has made something else of it, which returns nothing to await.
    """
    call: Any = main
    takes_none = expects(main) and not expects(main, executor)
    coroutine: Any = call() if takes_none else call(executor)
    if not inspect.isawaitable(coroutine):
        raise TypeError(f"{main!r} returned no coroutine, but {coroutine!r}")
    return cast("Coroutine[Any, Any, T]", coroutine)


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
            f"'async def {name}(executor)'; what decorates it needs functools.wraps()"
        )
    if not isinstance(made, Node):
        raise TypeError(f"{maker} returned no node, but {made!r}")
    if is_destroyed(made):
        raise ValueError(f"{maker} returned a node that was destroyed")
    return made
