# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What a container says where ROS lacks its interfaces.

from __future__ import annotations

import importlib.abc
import sys

import pytest

from aiorcl import cli
from aiorcl._program.container.interfaces import import_interfaces


class NotInstalled(importlib.abc.MetaPathFinder):
    """Finds what is not to be there, and says that it is not."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        """As of every finder."""
        if fullname.startswith("composition_interfaces"):
            package = fullname.partition(".")[0]
            raise ModuleNotFoundError(f"No module named '{package}'", name=package)


def test_what_to_install_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing else: no traceback."""
    for name in [each for each in sys.modules if each.startswith("composition_interfaces")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [NotInstalled(), *sys.meta_path])
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert cli.main(["container"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "aiorcl: error: a container needs the interfaces composition_interfaces, which this ROS "
        "lacks: apt install ros-$ROS_DISTRO-composition-interfaces, and source ROS again\n"
    )


def test_they_are_those_of_ros() -> None:
    """By their names."""
    found = import_interfaces()
    types = (found.load_node, found.unload_node, found.list_nodes)
    assert [each.__name__ for each in types] == ["LoadNode", "UnloadNode", "ListNodes"]
