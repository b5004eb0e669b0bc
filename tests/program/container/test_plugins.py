# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# How the classes of components are found by their names.

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from rclpy.lifecycle import LifecycleNode
from rclpy.node import Node

from aiorcl._program.container.load_error import LoadError
from aiorcl._program.container.plugins import find_plugin

ENTRY_POINTS = """\
[console_scripts]
robot::Motors = nothing:main

[rclpy_components]
robot::Motors = rclpy.node:Node
Nested = sample_parts:Outer.Inner [extra]
rclpy.lifecycle::LifecycleNode = sample_parts:Outer.Inner
wrong = sample_parts:missing
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package that is installed, with entry points; its name."""
    metadata = tmp_path / "sample_parts-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: sample_parts\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "sample_parts.py").write_text(
        "from rclpy.node import Node\nclass Outer:\n    class Inner(Node): ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sample_parts", raising=False)
    return "sample_parts"


def test_entry_points_are_plugins(package: str) -> None:
    """By their names, whatever those are like, of the one group."""
    assert find_plugin(package, "robot::Motors") is Node
    assert find_plugin(package, "Nested").__qualname__ == "Outer.Inner"
    assert find_plugin("sample-parts", "robot::Motors") is Node


def test_an_entry_point_goes_before_a_module(package: str) -> None:
    """In its own package."""
    name = "rclpy.lifecycle::LifecycleNode"
    assert find_plugin(package, name).__qualname__ == "Outer.Inner"
    for other in ("rclpy", "no_such_package", ""):
        assert find_plugin(other, name) is LifecycleNode


def test_what_is_not_found_is_explained(package: str) -> None:
    """With what there is."""
    with pytest.raises(LoadError, match=r"'Motors': those of 'sample_parts' are robot::Motors, Ne"):
        find_plugin(package, "Motors")
    with pytest.raises(LoadError, match="The module 'sample_parts' has no 'missing'"):
        find_plugin(package, "wrong")
    for name in ("", "::", "Motors", "::Motors", "a b::Motors", "a..b::Motors", "robot::"):
        with pytest.raises(LoadError, match="'no_such_package' has no entry points"):
            find_plugin("no_such_package", name)
