# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Runs the programs of examples/ as their READMEs say: ``python -m``, in the example's folder.

from __future__ import annotations

import contextlib
import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from tests.support.processes import started

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DEADLINE_SEC = 40.0
Started = contextlib.AbstractContextManager[subprocess.Popen[str]]


def start(example: str, module: str, *arguments: object, domain_id: int) -> Started:
    """Start a program of an example, with pipes; it is killed if it outlives the block."""
    options = ("-u", "-W", "error::ResourceWarning", "-m", module)
    command = [sys.executable, *options, *map(str, arguments)]
    return started(command, domain_id=domain_id, cwd=EXAMPLES / example)


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
