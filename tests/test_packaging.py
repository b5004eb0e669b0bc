# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What is installed: one binary for every distro, its types, and what is said where ROS is missing.

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
import venv
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import rclpy

import aiorcl
import aiorcl._core

ROOT = Path(__file__).parents[1]
PACKAGE = Path(aiorcl.__file__).parent
EXTENSION = Path(aiorcl._core.__file__)
OF_ROS = ("AMENT_PREFIX_PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "_ROS_WHEELS_BOOTSTRAP_COMPLETE")


@pytest.fixture(scope="module")
def dynamic_section() -> str:
    """What the extension tells the dynamic linker."""
    command = ["readelf", "--dynamic", "--wide", str(EXTENSION)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return result.stdout


def loaded(library: str) -> set[str]:
    """The files of this name that this process has loaded."""
    maps = Path("/proc/self/maps").read_text()
    return set(re.findall(rf"\S*/{re.escape(library)}\S*$", maps, re.MULTILINE))


def test_binary_names_libraries_without_paths(dynamic_section: str) -> None:
    """The extension takes rcl by its name alone, so that any distro's will do."""
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic_section)
    assert "librcl.so" in needed
    assert not [name for name in needed if "/" in name]
    assert "RPATH" not in dynamic_section
    assert "RUNPATH" not in dynamic_section


def test_extension_shares_rcl_with_rclpy() -> None:
    """One librcl serves rclpy and the extension: that of the ROS in use."""
    assert rclpy.__file__
    assert len(loaded("librcl.so")) == 1
    assert len(loaded("librmw_implementation.so")) <= 1


def test_types_are_installed() -> None:
    """Type checkers find the types of the package and of its extension."""
    assert (PACKAGE / "py.typed").exists()
    assert (PACKAGE / "_core.pyi").exists()


def test_command_is_installed() -> None:
    """The command is where pip puts scripts, or where ``ros2 run`` looks, and can be run."""
    of_pip = Path(sys.executable).with_name("aiorcl")
    of_colcon = PACKAGE.parents[2] / "aiorcl" / "aiorcl"  # beside lib/python3.x
    scripts = [script for script in (of_pip, of_colcon) if script.exists()]
    assert scripts
    for script in scripts:
        result = subprocess.run([script, "--version"], check=True, capture_output=True, text=True)
        assert result.stdout == f"aiorcl {importlib.metadata.version('aiorcl')}\n"


def test_version_is_that_of_the_ros_package() -> None:
    """pip, ROS and the module itself know the same version."""
    assert aiorcl.__version__ == importlib.metadata.version("aiorcl")
    assert importlib.metadata.version("aiorcl") == ET.parse(ROOT / "package.xml").findtext(
        "version"
    )


def test_extras_install_the_same_packages() -> None:
    """Each distro's extra has the same packages, each held to a version of that distro."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    jazzy, kilted = (project["optional-dependencies"][name] for name in ("jazzy", "kilted"))
    names = [[re.sub(r"==\d+\.\d+\.\*$", "", line) for line in extra] for extra in (jazzy, kilted)]
    assert names[0] == names[1]
    assert all(re.fullmatch(r"[a-z-]+", name) for name in names[0])
    assert not set(jazzy) & set(kilted)


def test_import_without_ros_says_what_to_do(tmp_path: Path) -> None:
    """Where rclpy cannot be imported, the error names both ways to get it."""
    venv.create(tmp_path, with_pip=False, symlinks=True)
    (site_packages,) = tmp_path.glob("lib/python*/site-packages")
    (site_packages / "aiorcl").symlink_to(PACKAGE)
    environment = {name: value for name, value in os.environ.items() if name not in OF_ROS}
    command = [str(tmp_path / "bin" / "python"), "-c", "import aiorcl"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 1
    error = result.stderr[result.stderr.rindex("ModuleNotFoundError: ") :]
    assert "rclpy" in error
    assert "source your ROS 2 setup" in error
    assert "pip install ros-rclpy" in error


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ("--help", 0, "usage: aiorcl [-h] [--version] COMMAND"),
        ("run --help", 0, "usage: aiorcl run [-h]"),
        ("exec --loop asyncio -h", 0, "usage: aiorcl exec [OPTIONS] SCRIPT"),
        ("stubs -h", 0, "usage: aiorcl stubs [-h]"),
        ("exec program.py --help", 1, "source your ROS 2 setup"),
        ("run module:Node", 1, "aiorcl: error: No module named 'rclpy'. aiorcl needs ROS 2"),
    ],
)
def test_command_without_ros(tmp_path: Path, arguments: str, status: int, said: str) -> None:
    """Its help is there all the same; all else says in a line what is missing."""
    venv.create(tmp_path, with_pip=False, symlinks=True)
    (site_packages,) = tmp_path.glob("lib/python*/site-packages")
    for name in ("aiorcl", "aiorcl_command"):
        (site_packages / name).symlink_to(PACKAGE.parent / name)
    environment = {name: value for name, value in os.environ.items() if name not in OF_ROS}
    program = "import sys, aiorcl_command; sys.exit(aiorcl_command.main())"
    command = [str(tmp_path / "bin" / "python"), "-c", program, *arguments.split()]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == status
    assert said in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_errors_inside_rclpy_keep_their_message(tmp_path: Path) -> None:
    """An rclpy that is there but broken says what is broken, not that ROS is missing."""
    (tmp_path / "rclpy").mkdir()
    (tmp_path / "rclpy" / "__init__.py").write_text("raise RuntimeError('broken rclpy')")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{PACKAGE.parent}"}
    command = [sys.executable, "-c", "import aiorcl"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 1
    assert "RuntimeError: broken rclpy" in result.stderr
    assert "pip install" not in result.stderr
