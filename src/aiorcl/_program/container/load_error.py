# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What a container answers when it cannot load a node."""

from __future__ import annotations

import traceback


class LoadError(Exception):
    """The text is the answer; the cause, if there is one, is what the user's code has raised."""


def in_words(error: BaseException) -> str:
    """Return what the last lines of a traceback say of an exception."""
    return "".join(traceback.format_exception_only(error)).strip()
