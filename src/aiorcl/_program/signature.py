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


def _has_another_signature(function: Any) -> bool:
    """Whether somebody has said what it is to be called with, whatever it takes."""
    while isinstance(function, functools.partial):
        function = function.func
    call = type(function).__call__
    return hasattr(function, "__signature__") or hasattr(call, "__signature__")
