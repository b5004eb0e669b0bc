# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What aiorcl.run and aiorcl run call is refused beforehand only where the call could not but fail.

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from aiorcl import AsyncioExecutor
from aiorcl._loop.signatures import signature_of
from aiorcl._program.signature import why_not_called_with
from tests.program.workspace.ends import IsSupplied, NeedsName

Run = Callable[..., Any]


def supplied(function: Callable[..., Any]) -> Callable[..., Any]:
    """Supply the second argument, and show the signature of what needs it."""

    @functools.wraps(function)
    def call(first: object) -> object:
        return function(first, "second")

    return call


def needs_two(first: object, second: object) -> None:
    """Take two arguments."""


def shows_two(first: object) -> None:
    """Take one argument, and say that it takes two."""


shows_two.__signature__ = inspect.signature(needs_two)  # type: ignore[attr-defined]


class TellsNothing:
    """Has what is no signature at all."""

    __signature__ = 3

    def __call__(self, first: object) -> None:
        """Take one argument."""


class Meta(type):
    """Supplies the argument of its classes."""

    def __call__(cls, *arguments: object) -> object:
        return super().__call__(*arguments, "second")


class OfMeta(metaclass=Meta):
    """Is supplied with the second argument."""

    def __init__(self, first: object, second: object) -> None:
        """Take two arguments."""


class Other:
    """Makes something else than itself."""

    def __new__(cls, *arguments: object) -> Any:
        """Make it."""
        return object()

    def __init__(self) -> None:
        """Take no argument: it is not called."""


class One:
    """Takes one argument."""

    def __init__(self, first: object) -> None:
        """Take it."""

    def method(self, first: object) -> None:
        """Take one argument."""

    def __call__(self, first: object) -> None:
        """Take one argument."""


@pytest.mark.parametrize(
    "function",
    [
        supplied(needs_two),
        functools.partial(supplied(needs_two)),
        functools.partial(needs_two, second=2),
        shows_two,
        functools.partial(shows_two),
        TellsNothing(),
        OfMeta,
        Other,
        One,
        One(1).method,
        One(2),
        print,
        repr,
        dict.fromkeys,
        mock.Mock(),
    ],
)
def test_what_may_be_called(function: Callable[..., Any]) -> None:
    """Also where its signature says otherwise, or nothing."""
    function(())
    assert why_not_called_with(function, ()) is None


@pytest.mark.parametrize(
    ("function", "arguments", "reason"),
    [
        (needs_two, [1], "missing a required argument: 'second'"),
        (functools.partial(needs_two, 1), [2, 3], "too many positional arguments"),
        (supplied(needs_two), [1, 2], "too many positional arguments"),
        (One, [], "missing a required argument: 'first'"),
        (One(1).method, [], "missing a required argument: 'first'"),
        (One(1), [], "missing a required argument: 'first'"),
    ],
)
def test_what_cannot_be_called(
    function: Callable[..., Any], arguments: list[object], reason: str
) -> None:
    """It is known beforehand, with the reason."""
    with pytest.raises(TypeError):
        function(*arguments)
    assert why_not_called_with(function, *arguments) == reason


@pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are evaluated at once")
def test_annotations_that_name_nothing() -> None:
    """As of what is imported for type checkers only: they are no reason to fail."""
    source = "def function(first: int, second: Missing) -> Missing: ..."
    names: dict[str, Any] = {}
    exec(compile(source, "program", "exec", dont_inherit=True), names)
    function = names["function"]
    assert signature_of(function).parameters["first"].annotation is int
    assert why_not_called_with(function, 1) == "missing a required argument: 'second'"


def test_decorators_supply_arguments(run: Run) -> None:
    """To a coroutine function and to a class."""

    @mock.patch("os.getcwd")
    async def main(executor: AsyncioExecutor, getcwd: mock.Mock) -> int:
        assert isinstance(getcwd, mock.Mock)
        return 7

    assert run(main) == 7
    assert run(IsSupplied) is None
    with pytest.raises(TypeError, match="write a function that returns the node"):
        run(NeedsName)


def awaiting(function: Any) -> Any:
    """Hand on what comes, and await."""

    @functools.wraps(function)
    async def call(*arguments: object, **keywords: object) -> object:
        return await function(*arguments, **keywords)

    return call


def returning(function: Any) -> Any:
    """Hand on what comes, and return the coroutine."""

    @functools.wraps(function)
    def call(*arguments: object, **keywords: object) -> object:
        return function(*arguments, **keywords)

    return call


@pytest.mark.parametrize("decorate", [awaiting, returning, lambda of: awaiting(returning(of))])
@pytest.mark.parametrize("several", [False, True])
def test_decorators_hand_on_what_comes(
    run: Run, decorate: Callable[[Any], Any], several: bool
) -> None:
    """To what takes the executor, and to what takes nothing: a function, a method, an object."""
    came: list[int] = []

    @decorate
    async def takes_one(executor: AsyncioExecutor) -> None:
        came.append(isinstance(executor, AsyncioExecutor))

    @decorate
    async def takes_none() -> None:
        came.append(0)

    class Program:
        """Has some."""

        @decorate
        async def method(self) -> None:
            """Take nothing."""
            came.append(0)

        @decorate
        async def __call__(self, executor: AsyncioExecutor) -> None:
            """Take the executor."""
            came.append(isinstance(executor, AsyncioExecutor))

    mains = [takes_one, takes_none, Program().method, Program()]
    for main in (*mains, *map(functools.partial, mains)):
        run([main] if several else main)
    assert came == [1, 0, 0, 1] * 2


def test_a_decorator_that_awaits_nothing_is_named(run: Run) -> None:
    """It says that it is a coroutine function, and returns something else."""

    async def waits() -> None:
        """Never called."""

    @functools.wraps(waits)
    def main() -> int:
        return 3

    with pytest.raises(TypeError, match="returned no coroutine, but 3"):
        run(main)
