# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What the sessions of noxfile.py install, and where they build.

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import nox

PROJECT = nox.project.load_toml("pyproject.toml")
ROOT = Path.cwd()
BUILD = ROOT / "build"


def install(session: nox.Session, *requirements: str) -> None:
    """Install into the session's environment; the second time takes nothing, not even a network."""
    stamp = Path(session.virtualenv.location) / "installed"
    wanted = "\n".join(requirements)
    if not stamp.exists() or stamp.read_text() != wanted:
        session.install(*requirements)
        stamp.write_text(wanted)


def group(*names: str) -> tuple[str, ...]:
    """Name the packages of dependency groups."""
    return nox.project.dependency_groups(PROJECT, *names)


def ros(distro: str) -> list[str]:
    """Name the packages that are a distro."""
    packages: list[str] = PROJECT["project"]["optional-dependencies"][distro]
    return packages


def headers() -> list[str]:
    """Name the packages that a build takes its headers from where no ROS is sourced."""
    (override,) = PROJECT["tool"]["scikit-build"]["overrides"]
    packages: list[str] = override["build"]["requires"]
    return packages


def wheel_directory(python: str) -> Path:
    """Return where the wheel of the present sources lies, or would."""
    digest = hashlib.sha256(f"{sys.implementation}".encode())
    files = [ROOT / name for name in ("CMakeLists.txt", "LICENSE", "README.md", "pyproject.toml")]
    for folder in ("cmake", "src"):
        files += (path for path in (ROOT / folder).rglob("*") if path.is_file())
    for path in sorted(files):
        if path.suffix not in (".pyc", ".so"):
            digest.update(f"{path.relative_to(ROOT)}\n".encode())
            digest.update(path.read_bytes())
    return BUILD / "wheels" / python / digest.hexdigest()[:12]
