# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a function can be called with certain arguments, before it is."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from aiorcl._loop.signatures import signature_of


def why_not_called_with(
    function: Callable[..., Any], *arguments: object, **keywords: object
) -> str | None:
    """Say why a call with these arguments cannot but fail; None where that is not certain.

    A decorator may supply arguments, and yet show the signature of what it decorates, as by
    ``functools.wraps``: only what is called first is judged, and only by its own parameters.
    """
    called: Any = function
    if isinstance(called, type):
        cls: Any = called
        called, arguments = cls.__init__, (None, *arguments)
        is_usual = type(cls).__call__ is type.__call__ and cls.__new__ is object.__new__
        if not is_usual or not inspect.isfunction(called):
            return None
    if _has_another_signature(called):
        return None
    try:
        signature = signature_of(called, follow_wrapped=False)
    except (TypeError, ValueError):
        return None  # it does not tell what it takes
    try:
        signature.bind(*arguments, **keywords)
    except TypeError as error:
        return str(error)
    return None


def expects(function: Callable[..., Any], *arguments: object) -> bool:
    """Tell whether these are the arguments that a function wants, as far as it says so.

    Where a decorator takes any (``*args``) it is asked what it decorates: it mostly hands them on.
    """
    called: Any = function
    while why_not_called_with(called, *arguments) is None:
        if isinstance(called, functools.partial):
            called, arguments = called.func, (*called.args, *arguments)
            continue
        if not inspect.isroutine(called) and not isinstance(called, type):
            called = getattr(called, "__call__", called)  # noqa: B004  # of an object
        if inspect.ismethod(called):
            called, arguments = called.__func__, (called.__self__, *arguments)
        wrapped = getattr(called, "__wrapped__", None)
        if not _takes_any(called) or not callable(wrapped):
            return True
        called = wrapped
    return False


def _takes_any(function: Any) -> bool:
    code = getattr(function, "__code__", None)
    return code is not None and bool(code.co_flags & inspect.CO_VARARGS)


def _has_another_signature(function: Any) -> bool:
    """Whether somebody has said what it is to be called with, whatever it takes."""
    while isinstance(function, functools.partial):
        function = function.func
    call = type(function).__call__
    return hasattr(function, "__signature__") or hasattr(call, "__signature__")
