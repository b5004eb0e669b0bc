# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The stub of the extension, as nanobind's stubgen writes it.

from __future__ import annotations

import subprocess

import nox

from tools.environments import BUILD, ROOT

STUB = ROOT / "src" / "aiorcl" / "_core.pyi"
STUB_PATTERNS = ROOT / "src" / "core" / "stub.pat"
STUB_HEADER = """\
# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The types of the extension, written by nanobind's stubgen: ./dev lint --fix
"""


def write_stub(session: nox.Session, fix: bool) -> bool:
    """Generate the stub of the extension; return whether the committed one is the same."""
    generated = BUILD / "lint" / STUB.name
    generated.parent.mkdir(parents=True, exist_ok=True)
    options = ["-q", "-p", str(STUB_PATTERNS), "-m", "aiorcl._core", "-o", str(generated)]
    session.run("python", "-m", "nanobind.stubgen", *options)
    text = f"{STUB_HEADER}\n{generated.read_text()}"
    generated.write_text(text)
    if fix:
        STUB.write_text(text)
    if STUB.exists() and STUB.read_text() == text:
        return True
    session.warn(f"{STUB.relative_to(ROOT)} is not what stubgen writes now")
    subprocess.run(["diff", "-u", STUB, generated])
    return False
