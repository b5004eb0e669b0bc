# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Steps of an end, of which none may be left out because another has raised."""

from __future__ import annotations

from collections.abc import Callable


def do_all(*steps: Callable[[], object]) -> None:
    """Call each, whatever others raise, an interrupt too; raise the last of that then.

    Its context is what was raised before, which ``contextlib.ExitStack`` may lose.
    """
    half = len(steps) // 2
    if half == 0:
        for step in steps:
            step()
        return
    try:
        do_all(*steps[:half])
    finally:
        do_all(*steps[half:])
