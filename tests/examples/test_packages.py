# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Tests that each example is a package that can be copied: metadata, README, and what it needs.

import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.examples import EXAMPLES

PACKAGES = sorted(path.parent for path in EXAMPLES.glob("*/pyproject.toml"))
PACKAGE = pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)


def test_the_list_is_whole() -> None:
    """The README of examples names every one of them, and no other."""
    listed = re.findall(r"^\| \[\w+\]\((\w+)\)", (EXAMPLES / "README.md").read_text(), re.M)
    assert sorted(listed) == [path.name for path in PACKAGES]


@PACKAGE
def test_it_is_a_package(package: Path) -> None:
    """Its name is that of its folder, its scripts exist, and its README says how to run it."""
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    name = project["name"].replace("-", "_")
    assert name == package.name
    assert (package / name / "__init__.py").exists()
    assert "$ pip install ." in (package / "README.md").read_text()
    for script in project.get("scripts", {}).values():
        module, _, function = script.partition(":")
        source = (package / f"{module.replace('.', '/')}.py").read_text()
        assert re.search(rf"^(async )?def {function}\(", source, re.M)


@PACKAGE
def test_it_names_what_it_imports(package: Path) -> None:
    """Whatever its modules import is its own, Python's, ROS', or a dependency that is installed."""
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[\[<>=; ]", line)[0] for line in project["dependencies"]}
    assert "aiorcl" in needed
    importable = {
        module
        for module, names in importlib.metadata.packages_distributions().items()
        for name in names
        if name in needed or name == "rclpy" or name.startswith("ros-")
    }
    for file in package.rglob("*.py"):
        for module in re.findall(r"^\s*(?:from|import) (\w+)", file.read_text(), re.M):
            known = module in importable or module in sys.stdlib_module_names
            assert known or module == package.name or module.endswith(("_msgs", "_srvs")), module
