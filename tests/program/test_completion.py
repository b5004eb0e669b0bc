# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What a shell is told when it asks argcomplete what may follow, as its completion script does.

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

WORKSPACE = Path(__file__).resolve().parent / "workspace"


def completions(line: str, answer: Path, **environment: str) -> list[str]:
    """Ask what may stand where ``line`` ends; the suggestions, and nothing on stderr."""
    asked = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_SHELL": "fish",  # bash cuts words at each colon
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line.encode())),
    }
    ended = subprocess.run(
        [sys.executable, "-m", "aiorcl"],
        cwd=WORKSPACE,
        env=os.environ | asked | environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (ended.stdout, ended.stderr) == ("", "")
    return [each.partition("\t")[0].strip() for each in answer.read_text().splitlines()]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("aiorcl ru", {"run"}),
        ("aiorcl run --l", {"--loop"}),
        ("aiorcl run --loop uv", {"uvloop"}),
        ("aiorcl run cha", {"chat"}),
        ("aiorcl run chat:", {"chat:Talker", "chat:Listener"}),
        ("aiorcl run chat:Li", {"chat:Listener"}),
        ("aiorcl run no_such_module:", set()),
        ("aiorcl cont", {"container"}),
        ("aiorcl container --", {"--loop", "--stats", "--slow-callback"}),
        ("aiorcl exec -m rclpy.exec", {"rclpy.executors"}),
        ("aiorcl exec -m rclpy.executors ", set()),
        ("aiorcl exec -m rclpy.executors --", set()),
        ("aiorcl exec -m rclpy.executors --loop ", set()),
        ("aiorcl exec --loop uvloop -mchat left --", set()),
        ("aiorcl exec --on-error log -m cha", {"chat"}),
        ("aiorcl exec broken", {"broken.py"}),
        ("aiorcl exec broken.py --", set()),
        ("aiorcl exec sampl", {"sample"}),
        ("aiorcl exec sample ", {"left", "right"}),
        ("aiorcl exec sample left --", set()),
        ("aiorcl run chat:Talker --ros", {"--ros-args"}),
        ("aiorcl run chat:Talker --ros-args --r", {"--remap"}),
        ("aiorcl run chat:Talker --ros-args -r a:=b -", {"--remap", "-p", "--log-level", "--"}),
        ("aiorcl run chat:Talker --ros-args --enable-", {"--enable-rosout-logs"}),
        ("aiorcl run chat:Talker --ros-args --loo", set()),
        ("aiorcl run chat:Talker --ros-args --sta", set()),
        ("aiorcl run chat:Talker --ros-args --log-level w", {"warn"}),
        ("aiorcl run chat:Talker --ros-args --params-file ", set()),
        ("aiorcl run chat:Talker --ros-args -r a:=ü -p ", set()),
        ("aiorcl run --ros-args -p a:=1 -- cha", {"chat"}),
        ("aiorcl container --ros", {"--ros-args"}),
        ("aiorcl container --ros-args --re", {"--remap"}),
        ("aiorcl exec broken.py --ros-args --", set()),
        ("aiorcl stubs std_s", {"std_srvs"}),
        ("aiorcl stubs rcl", {"rclpy"}),
    ],
)
def test_what_may_follow_is_named(line: str, expected: set[str], tmp_path: Path) -> None:
    """Commands, options, modules, nodes, scripts, packages and their executables.

    What follows a program is its own: nothing is named there, and the shell names files.
    """
    executables = tmp_path / "lib" / "sample"
    executables.mkdir(parents=True)
    for name in ("left", "right"):
        (executables / name).touch()
    found = completions(line, tmp_path / "answer", AMENT_PREFIX_PATH=str(tmp_path))
    assert expected <= set(found) if expected else not found
    assert all(each.startswith(line.rpartition(" ")[2]) for each in found)
