# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Generators as blocks: what leaves the block leaves ``with``, whatever its class.

from __future__ import annotations

import asyncio
import traceback
from typing import TYPE_CHECKING

import pytest

from aiorcl._loop.blocks import async_block, block
from tests.support.raising import FrozenError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

CLASSES = [FrozenError, StopIteration, StopAsyncIteration, RuntimeError, SystemExit]
each_class = pytest.mark.parametrize("cls", CLASSES)


def fail(error: BaseException) -> None:
    """Raise it."""
    raise error


def frames(error: BaseException) -> list[str]:
    """Return the names of the functions that its traceback shows."""
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)]


@each_class
def test_an_exception_passes(cls: type[BaseException]) -> None:
    """The same, and its traceback shows what has raised it and nothing of the block."""
    error = cls("cold")
    said: list[str] = []

    @block
    def saying() -> Iterator[str]:
        try:
            yield "inside"
        finally:
            said.append("end")

    with pytest.raises(cls) as caught, saying():
        fail(error)
    assert caught.value is error
    assert said == ["end"]
    assert frames(error)[-2:] == ["test_an_exception_passes", "fail"]
    with saying() as inside:
        assert inside == "inside"
    assert said == ["end", "end"]


@each_class
def test_an_exception_passes_a_coroutine(cls: type[BaseException]) -> None:
    """The same of ``async with``."""
    error = cls("cold")
    said: list[str] = []

    @async_block
    async def saying() -> AsyncIterator[str]:
        try:
            yield "inside"
        finally:
            await asyncio.sleep(0)
            said.append("end")

    async def main() -> None:
        with pytest.raises(cls) as caught:
            async with saying():
                fail(error)
        assert caught.value is error
        assert frames(error)[-2:] == ["main", "fail"]
        async with saying() as inside:
            assert inside == "inside"

    asyncio.run(main())
    assert said == ["end", "end"]


def test_what_the_end_raises_is_raised() -> None:
    """With the exception of the block as its context."""

    @block
    def failing() -> Iterator[None]:
        try:
            yield
        finally:
            raise LookupError

    error = FrozenError("cold")
    with pytest.raises(LookupError) as caught, failing():
        fail(error)
    assert caught.value.__context__ is error
