# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Runs the programs of examples/ as their READMEs say: ``python -m``, in the example's folder.

from __future__ import annotations

import contextlib
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DEADLINE_SEC = 40.0
Started = contextlib.AbstractContextManager[subprocess.Popen[str]]


@contextlib.contextmanager
def start(
    example: str, module: str, *arguments: object, domain_id: int
) -> Iterator[subprocess.Popen[str]]:
    """Start a program of an example, with pipes; it is killed if it outlives the block."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-W", "error::ResourceWarning", "-m", module, *map(str, arguments)],
        cwd=EXAMPLES / example,
        env={**os.environ, "ROS_DOMAIN_ID": str(domain_id)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def output(
    example: str, module: str, *arguments: object, domain_id: int, silent: bool = True
) -> str:
    """Run a program that ends by itself; what it prints. It must end well.

    :param silent: it must print no error, either.
    """
    with start(example, module, *arguments, domain_id=domain_id) as process:
        stdout, stderr = process.communicate(timeout=DEADLINE_SEC)
    assert process.returncode == 0, stdout + stderr
    assert not (silent and stderr), stdout + stderr
    return stdout


def load(example: str, module: str) -> ModuleType:
    """Import a module of an example into this process."""
    folder = str(EXAMPLES / example)
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module(module)
