# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What docs/how-to/types.md claims of its program.

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from aiorcl.cli import main
from tests.support.interfaces import Check

pytestmark = [pytest.mark.once, pytest.mark.timeout(120)]  # mypy reads all of numpy

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "types.md"


def program() -> str:
    """Return the program of the page."""
    (found,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return str(found)


def test_program_is_clean(check: Check, tmp_path: Path) -> None:
    """With the stubs mypy has nothing to say, in its strictest mode."""
    file = tmp_path / "greeter.py"
    file.write_text(program())
    assert check("--strict", file) == "Success: no issues found in 1 source file\n"


def test_mypy_finds_them_as_the_page_says(tmp_path: Path) -> None:
    """In a project that has them in ``typings``, by the command of the page."""
    assert main(["stubs", "rclpy", "std_msgs", "std_srvs", "--output", f"{tmp_path}/typings"]) == 0
    (tmp_path / "greeter.py").write_text(program().replace("message.data", "message.dta"))
    (command,) = re.findall(r'`PYTHONPATH="typings:\$PYTHONPATH" mypy (.*)`', PAGE.read_text())
    path = f"typings{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    mypy = [sys.executable, "-m", "mypy", *shlex.split(command)]
    environment = {**os.environ, "PYTHONPATH": path}
    said = subprocess.run(mypy, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert said.stderr == ""
    assert 'greeter.py:29: error: "String" has no attribute "dta"' in said.stdout
    assert "Found 1 error in 1 file (checked 1 source file)" in said.stdout


@pytest.mark.parametrize(
    ("right", "wrong", "error"),
    [
        ("message.data", "message.dta", '"String" has no attribute "dta"; maybe "data"?'),
        ("client, Trigger.Request()", "client, String()", '"SrvRequestT" of "call"'),
        ("response.success)", "response.succeeded)", '"Response" has no attribute "succeeded"'),
        ('String(data="hello")', "String(data=3)", 'Argument "data" to "String"'),
        ("= self.create_publisher(String", "= self.create_publisher(Trigger", 'to "publish"'),
    ],
)
def test_mistakes_are_errors(
    right: str, wrong: str, error: str, check: Check, tmp_path: Path
) -> None:
    """What is wrong in a changed program is said once, and else of the changed line only.

    rclpy 10 tells of the message class of a publisher, too.
    """
    text = program()
    assert right in text
    file = tmp_path / "greeter.py"
    file.write_text(text.replace(right, wrong))
    changed = f"{file}:{text[: text.index(right)].count(chr(10)) + 1}: "
    errors = [line for line in check("--strict", file).splitlines() if ": error: " in line]
    assert len([line for line in errors if error in line]) == 1
    assert [line for line in errors if error not in line and not line.startswith(changed)] == []
