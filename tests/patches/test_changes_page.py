# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The page on what aiorcl changes in rclpy names all of it.

from __future__ import annotations

import re
from pathlib import Path

from rclpy.context import Context

from tests.support.children import start

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-it-works" / "changes.md"


def test_the_page_names_what_is_changed(context: Context) -> None:
    """No more and no less, but for what is added where rclpy has none."""
    table = re.findall(r"^\| (`.*?) \| (.*) \|$", PAGE.read_text(), re.MULTILINE)
    named = {name: why for names, why in table for name in re.findall(r"`([\w.]+)`", names)}
    with start("changes", domain_id=context.get_domain_id()) as program:
        ended = program.end()
    assert (ended.status, ended.stderr) == (0, "")
    changed = set(ended.stdout.split())
    assert changed - set(named) == set()
    unchanged = set(named) - changed
    assert [name for name in unchanged if "rclpy has none" not in named[name]] == []
