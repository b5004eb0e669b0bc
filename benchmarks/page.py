# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the page of the documentation: tables, panels and numbers together, so that they agree."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from . import plot, report

if TYPE_CHECKING:
    from pathlib import Path

BEGIN, END = "<!-- numbers begin -->", "<!-- numbers end -->"


def write(results: dict[str, Any], page: Path) -> None:
    """Put the tables between the page's marks; panels and numbers go to a folder of its name.

    :raises ValueError: if the page has no marks; nothing is written then.
    """
    written = put_between_marks(page.read_text(), section(results, page.stem))
    folder = page.with_suffix("")
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    for name, drawn in plot.panels(results).items():
        (folder / f"{name}.svg").write_text(drawn)
    (folder / "numbers.json").write_text(dumped(results))
    page.write_text(written)


def section(results: dict[str, Any], folder: str) -> str:
    """Lay out what stands between the marks: the panels, then everything as tables."""
    pictures = [
        f"![Bars: {name}, as in the tables below]({folder}/{name}.svg)"
        for name in plot.panels(results)
    ]
    return "\n".join([*pictures, "", report.make_markdown(results)])


def dumped(results: dict[str, Any]) -> str:
    """Give the numbers as JSON with a line for each record, so that changes can be read."""
    members = []
    for name, value in results.items():
        if isinstance(value, list):
            text = "[\n" + ",\n".join(json.dumps(record) for record in value) + "\n]"
        else:
            text = json.dumps(value)
        members.append(f"{json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(members) + "\n}\n"


def put_between_marks(page: str, text: str) -> str:
    """Return the page with the text in place of what stands between its two marks.

    :raises ValueError: if the page has no marks.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"The page has no lines '{BEGIN}' and '{END}'")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"
