# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Interface packages: those that are installed, and those that a test writes; what checks them.

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

#: Runs a type checker with the stubs, and returns what it says.
Check = Callable[..., str]


def installed_packages() -> list[str]:
    """Name the interface packages of this environment."""
    return sorted(
        {
            found.parent.parent.name
            for kind in ("msg", "srv", "action")
            for directory in sys.path
            for found in Path(directory).glob(f"*/{kind}/_*_s.c")
        }
    )


def write_package(directory: Path, name: str, text: str) -> None:
    """Make a package whose messages are in a module of this text."""
    (directory / name / "msg").mkdir(parents=True)
    (directory / name / "__init__.py").touch()
    (directory / name / "msg" / "__init__.py").write_text(text)
