# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Notes on exceptions, whose classes may be the user's."""

from __future__ import annotations

import contextlib


def add_note(error: BaseException, note: str) -> None:
    """Add a note, once however often an exception is raised, and if its class lets that be."""
    with contextlib.suppress(Exception):  # its class may be frozen, or answer in its own way
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)
