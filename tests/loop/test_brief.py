# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# How an exception is shown in one line.

from __future__ import annotations

import pytest

from aiorcl._loop.brief import brief


class Unshowable:
    """Cannot be shown."""

    def __repr__(self) -> str:
        raise AssertionError


class OddError(Exception):
    """Knows nothing of itself."""

    def __repr__(self) -> str:
        raise AssertionError

    __str__ = __repr__

    @property
    def args(self) -> tuple[object, ...]:  # type: ignore[override]
        """Its arguments, for who dares."""
        raise AssertionError


@pytest.mark.parametrize(
    "error", [ValueError(), KeyError("one", 2, 3.0, None), SystemExit(True), OSError(2, "No file")]
)
def test_plain_exceptions_are_shown_as_python_does(error: BaseException) -> None:
    """With their arguments."""
    assert brief(error) in (repr(error), repr(error).replace("FileNotFoundError", "OSError"))


def test_no_code_of_the_user_is_run() -> None:
    """It may raise, or take long."""
    assert brief(ValueError("bad", Unshowable())) == "ValueError('bad', <Unshowable>)"
    assert brief(OddError("text")) == "OddError('text')"
    assert brief(ValueError([1] * 1000)) == "ValueError(<list>)"


def test_what_is_long_is_cut_off() -> None:
    """It is one line of a log."""
    assert len(brief(ValueError("x" * 100_000, b"y" * 100_000, *range(100)))) < 2000
    assert len(brief(ValueError(10**10_000))) < 600
