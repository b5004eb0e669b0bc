# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Generators as blocks, as contextlib's, that let pass whatever users raise.

contextlib sets an attribute of each exception that passes, and one may be a frozen dataclass.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from types import TracebackType
from typing import Generic, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


class _Block(AbstractContextManager[T], Generic[T]):
    def __init__(self, generator: Generator[T, None, None]) -> None:
        self._generator = generator

    def __enter__(self) -> T:
        return next(self._generator)

    def __exit__(
        self,
        cls: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            next(self._generator, None)
            return
        try:
            self._generator.throw(error)
        except BaseException as raised:
            if not _is_same(raised, error):
                raise
        BaseException.with_traceback(error, traceback)


class _AsyncBlock(AbstractAsyncContextManager[T], Generic[T]):
    def __init__(self, generator: AsyncGenerator[T, None]) -> None:
        self._generator = generator

    async def __aenter__(self) -> T:
        return await anext(self._generator)

    async def __aexit__(
        self,
        cls: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            await anext(self._generator, None)
            return
        try:
            await self._generator.athrow(error)
        except BaseException as raised:
            if not _is_same(raised, error):
                raise
        BaseException.with_traceback(error, traceback)


def _is_same(raised: BaseException, error: BaseException) -> bool:
    """Tell whether a generator lets an exception pass; it makes another one of its own end."""
    is_end = isinstance(error, StopIteration | StopAsyncIteration)
    return raised is error or (is_end and raised.__cause__ is error)


def block(function: Callable[P, Iterator[T]]) -> Callable[P, AbstractContextManager[T]]:
    """As ``contextlib.contextmanager``; but what leaves the block always leaves ``with``."""

    @functools.wraps(function)
    def make(*args: P.args, **kwargs: P.kwargs) -> AbstractContextManager[T]:
        return _Block(cast("Generator[T, None, None]", function(*args, **kwargs)))

    return make


def async_block(
    function: Callable[P, AsyncIterator[T]],
) -> Callable[P, AbstractAsyncContextManager[T]]:
    """As ``contextlib.asynccontextmanager``, and as `block`."""

    @functools.wraps(function)
    def make(*args: P.args, **kwargs: P.kwargs) -> AbstractAsyncContextManager[T]:
        return _AsyncBlock(cast("AsyncGenerator[T, None]", function(*args, **kwargs)))

    return make
