# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Builds the interface packages that tests need and the wheels of ROS lack.

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

import nox

from tools.environments import BUILD, ROOT, group, ros

PACKAGES = ROOT / "tests" / "interfaces"


def install_interfaces(session: nox.Session, distro: str) -> None:
    """Put the packages of ``tests/interfaces`` into the session's environment, beside those of ROS.

    They are built once for each distro and Python, in an environment of its own: that has all that
    generates code.
    """
    made = [*group("build", f"generators-{distro}"), *ros(distro)]
    digest = hashlib.sha256("\n".join(made).encode())
    for file in sorted(path for path in PACKAGES.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(PACKAGES)}\n".encode())
        digest.update(file.read_bytes())
    python = str(session.python or f"{sys.version_info.major}.{sys.version_info.minor}")
    place = BUILD / "interfaces" / f"{distro}-{python}"
    built = place / digest.hexdigest()[:12]
    if not built.is_dir():
        shutil.rmtree(place, ignore_errors=True)
        _build(session, made, place)
        (place / "prefix").rename(built)  # it is whole
    shutil.copytree(built, session.virtualenv.location, dirs_exist_ok=True)


def _build(session: nox.Session, requirements: list[str], place: Path) -> None:
    environment = place / "environment"
    uv = [sys.executable, "-m", "uv", "--quiet"]
    python = str(Path(session.bin) / "python")
    session.run(*uv, "venv", "--python", python, str(environment), external=True)
    installed = str(environment / "bin" / "python")
    session.run(*uv, "pip", "install", "--python", installed, *requirements, external=True)
    of_ros = {
        "AMENT_PREFIX_PATH": str(environment),
        "LD_LIBRARY_PATH": str(environment / "lib"),
        "PATH": os.pathsep.join([str(environment / "bin"), os.environ["PATH"]]),
    }
    cmake = str(environment / "bin" / "cmake")
    for package in sorted(PACKAGES.iterdir()):
        build = str(place / package.name)
        session.run(
            *(cmake, "-S", str(package), "-B", build, "-GNinja", "-Wno-dev"),
            *(f"-DCMAKE_PREFIX_PATH={environment}", f"-DCMAKE_INSTALL_PREFIX={place / 'prefix'}"),
            *(f"-DPython3_EXECUTABLE={installed}", "-DPython3_FIND_VIRTUALENV=ONLY"),
            "-DBUILD_TESTING=OFF",
            env=of_ros,
            silent=True,
            external=True,
        )
        session.run(
            *(cmake, "--build", build, "--target", "install"),
            env=of_ros,
            silent=True,
            external=True,
        )
    shutil.rmtree(environment)
