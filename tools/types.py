# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What type checkers say to users: the examples, and programs of right and wrong lines, with stubs.

from __future__ import annotations

import json
import os
import shutil

import nox

from tools.environments import BUILD, ROOT

# Those that are imported by what is checked; others come with them.
PACKAGES = (
    "rclpy",
    "geometry_msgs",
    "nav_msgs",
    "sensor_msgs",
    "std_msgs",
    "std_srvs",
    "test_msgs",
)
PROGRAM = "tests/typed/stubbed.py"


def check_types(session: nox.Session, distro: str) -> None:
    """Write the stubs of a distro, and have mypy and pyright read what users write, strictly."""
    build = BUILD / "types" / distro
    shutil.rmtree(build, ignore_errors=True)
    stubs = build / "typings"
    session.run("aiorcl", "stubs", *PACKAGES, "--output", str(stubs), silent=True)
    examples = [str(found.parent) for found in sorted(ROOT.glob("examples/*/pyproject.toml"))]
    session.run(
        *("mypy", "--config-file=", "--strict", "--warn-unreachable", "--explicit-package-bases"),
        *(f"--cache-dir={build / 'mypy'}", *examples, PROGRAM),
        env={"MYPYPATH": os.pathsep.join(examples), "PYTHONPATH": str(stubs)},
    )
    configuration = {
        "include": [*examples, str(ROOT / PROGRAM)],
        "executionEnvironments": [{"root": example} for example in examples],
        "stubPath": str(stubs),
        "typeCheckingMode": "standard",  # pyright's own, without basedpyright's additions
        "reportUnnecessaryTypeIgnoreComment": True,
    }
    project = build / "pyrightconfig.json"
    project.write_text(json.dumps(configuration))
    session.run("basedpyright", "--project", str(project), "--pythonpath", f"{session.bin}/python")
