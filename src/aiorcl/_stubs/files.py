# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Puts stub packages in their place, each as a whole."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from aiorcl._stubs.errors import StubsError
from aiorcl._stubs.modules import MARK

#: What a type checker does not find in a stub package it takes from the package itself (PEP 561).
PARTIAL = {"py.typed": "partial\n"}


def replace(output: Path, stubs: Mapping[str, Mapping[str, str]]) -> None:
    """Write stub packages, or leave all as it was.

    :param stubs: by the name of a package the texts of its files, by their paths in it.
    :raises StubsError: if a directory cannot be written, or holds stubs of somebody else.
    """
    places = {output / f"{package}-stubs": texts for package, texts in stubs.items()}
    for place in places:
        if place.exists() and not _is_ours(place):
            raise StubsError(
                f"'{place}' was not written by aiorcl stubs: remove it first, or give another "
                "directory by --output"
            )
    try:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output, prefix=".aiorcl-stubs-") as temporary:
            new, old = Path(temporary, "new"), Path(temporary, "old")
            for place, texts in places.items():
                _write(new / place.name, texts)
            _exchange(list(places), new, old)
    except OSError as error:
        raise StubsError(f"stubs cannot be written into '{output}': {error}") from error


def _is_ours(place: Path) -> bool:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        texts = [each.read_text() for each in place.glob("*.pyi")]
        texts += [each.read_text() for each in place.glob("*/__init__.pyi")]
        return bool(texts) and all(text.startswith(MARK) for text in texts)
    return False


def _write(place: Path, texts: Mapping[str, str]) -> None:
    for name, text in {**texts, **PARTIAL}.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    place.chmod(0o755)


def _exchange(places: list[Path], new: Path, old: Path) -> None:
    """Move the new ones into their places; if that fails on the way, the old ones back."""
    old.mkdir()
    moved: list[Path] = []
    try:
        for place in places:
            if place.exists():
                place.rename(old / place.name)
            moved.append(place)
            (new / place.name).rename(place)
    except OSError:
        for place in moved:
            shutil.rmtree(place, ignore_errors=True)
            if (old / place.name).exists():
                (old / place.name).rename(place)
        raise
