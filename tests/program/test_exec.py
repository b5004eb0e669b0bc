# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The command aiorcl exec: it runs a program as python does.

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support import network
from tests.support.processes import started

pytestmark = pytest.mark.once

DEADLINE_SEC = 30.0

# Prints what a program may ask of the process that it runs in.
ASKS = """\
import sys, __main__
print(__name__, __file__, getattr(__spec__, "name", None), __package__)
print(__main__.__dict__ is globals())
print(sys.argv, sys.path[0], sys.modules["__main__"].__file__)
"""

# Asks once more when its code has ended.
ASKS_LATER = """\
import atexit, sys

def ask():
    print(sys.argv, sys.modules["__main__"].__dict__ is globals(), __builtins__)

atexit.register(ask)
"""

# Ends in the way that its first argument says.
ENDS = """\
import sys

def main():
    way = sys.argv[1]
    if way == "raises":
        raise ValueError("on purpose")
    if way == "exits":
        sys.exit(3)
    if way == "says":
        sys.exit("a message")
    if way == "interrupted":
        raise KeyboardInterrupt
    if way == "chained":
        try:
            1 / 0
        except ZeroDivisionError as error:
            raise RuntimeError from error
    if way == "hook":
        sys.excepthook = lambda *error: print("hook", error[1], error[2].tb_frame.f_code.co_name)
        raise ValueError("seen")
    import missing_module

main()
"""

# What its executors are, made in each way.
KINDS = """\
import aiorcl
import rclpy
from rclpy.executors import MultiThreadedExecutor, SingleThreadedExecutor

rclpy.init()
for executor in (rclpy.get_global_executor(), SingleThreadedExecutor(), MultiThreadedExecutor(2)):
    print(isinstance(executor, aiorcl.AsyncioExecutor), type(executor.loop).__module__)
    executor.shutdown()
rclpy.shutdown()
"""

# A timer fails once and goes on.
FAILS = """\
import rclpy

rclpy.init()
node = rclpy.create_node("fails")
calls = []

def call():
    calls.append(None)
    if len(calls) == 3:
        rclpy.shutdown()
    else:
        raise ValueError("on purpose")

node.create_timer(0.001, call)
rclpy.spin(node)
print(len(calls))
"""

# A callback that blocks though it is a coroutine function.
BLOCKS = """\
import time
import rclpy
from rclpy.executors import MultiThreadedExecutor

rclpy.init()
node = rclpy.create_node("blocks")
done = rclpy.task.Future()

async def block():
    timer.cancel()
    time.sleep(0.3)
    done.set_result(None)

timer = node.create_timer(0.001, block)
executor = MultiThreadedExecutor(2)
executor.add_node(node)
executor.spin_until_future_complete(done)
executor.shutdown()
rclpy.shutdown()
"""

# Its main thread ends while another one, which is no daemon, spins.
SPINS_ON = """\
import threading
import rclpy
from rclpy.executors import MultiThreadedExecutor

rclpy.init()
node = rclpy.create_node("spins_on")
node.create_timer(0.001, lambda: None)
executor = MultiThreadedExecutor(2)
executor.add_node(node)
threading.Thread(target=executor.spin).start()
"""


def run(
    *arguments: str, cwd: Path, command: tuple[str, ...] = ("-m", "aiorcl", "exec")
) -> tuple[int, str, str]:
    """Run the command; its exit status, and what it wrote."""
    command = (sys.executable, *command, *arguments)
    with started(command, domain_id=network.domain_id(), cwd=cwd) as process:
        stdout, stderr = process.communicate(timeout=DEADLINE_SEC)
        return process.returncode, stdout, stderr


def same(*arguments: str, cwd: Path) -> tuple[int, str, str]:
    """Run a program by python and by aiorcl exec, which must not differ."""
    expected = run(*arguments, cwd=cwd, command=())
    assert run(*arguments, cwd=cwd) == expected
    return expected


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a program in a folder of its own."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "asks.py").write_text(ASKS)
    (tmp_path / "inner" / "__main__.py").write_text(ASKS)
    (tmp_path / "inner" / "__init__.py").touch()
    return tmp_path


def test_script(folder: Path) -> None:
    """A script finds its own name, path and arguments; options of its own are its own."""
    status, stdout, _ = same("inner/asks.py", "--loop", "-m", "--ros-args", "-h", cwd=folder)
    assert status == 0
    assert "['inner/asks.py', '--loop', '-m', '--ros-args', '-h']" in stdout


def test_script_without_a_suffix(folder: Path) -> None:
    """As setuptools installs them; by a symbolic link, which is followed to what it imports."""
    (folder / "link").symlink_to(folder / "inner" / "asks.py")
    status, stdout, _ = same(str(folder / "link"), "argument", cwd=folder)
    assert status == 0
    assert f" {folder / 'inner'} " in stdout


def test_module(folder: Path) -> None:
    """A module, or a package with a ``__main__``, by its name."""
    for name in ("inner.asks", "inner"):
        expected = run("-m", name, "-m", "x", cwd=folder, command=())
        assert expected[0] == 0
        status, stdout, stderr = run("-m", name, "-m", "x", cwd=folder)
        assert (status, stderr) == (0, "")
        assert stdout.splitlines()[1:] == expected[1].splitlines()[1:]


@pytest.mark.parametrize("program", ["later.py", "-m later", "-mlater"])
def test_what_is_asked_after_the_code(tmp_path: Path, program: str) -> None:
    """``__main__`` and ``sys.argv`` last as long as the process, for threads and exit handlers."""
    (tmp_path / "later.py").write_text(ASKS_LATER)
    status, stdout, stderr = same(*program.split(), "-m", cwd=tmp_path)
    assert (status, stderr) == (0, "")
    assert "'-m'] True" in stdout


@pytest.mark.parametrize("program", ["program", "program.zip"])
def test_folder(tmp_path: Path, program: str) -> None:
    """A folder with a ``__main__.py`` is a program, too, and so is a zip file with one."""
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "__main__.py").write_text(f"import beside\n{ASKS}\n{ASKS_LATER}")
    (tmp_path / "program" / "beside.py").write_text("print(__file__)\n")
    shutil.make_archive(str(tmp_path / "program"), "zip", tmp_path / "program")
    status, stdout, stderr = same(program, "x", cwd=tmp_path)
    assert (status, stderr) == (0, "")
    assert f"['{program}', 'x'] True <module 'builtins'" in stdout


def test_zip_file_without_a_program(tmp_path: Path) -> None:
    """The error names it."""
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as file:
        file.writestr("beside.py", "")
    expected = "aiorcl: error: 'empty.zip' has no '__main__' that is a program of Python\n"
    assert run("empty.zip", cwd=tmp_path) == (2, "", expected)


@pytest.mark.parametrize(
    "way", ["raises", "exits", "says", "interrupted", "chained", "hook", "imports"]
)
def test_end(tmp_path: Path, way: str) -> None:
    """Exit status and traceback are those of python, with no frame of ours."""
    (tmp_path / "ends.py").write_text(ENDS)
    status, _, _ = same("ends.py", way, cwd=tmp_path)
    assert status != 0


def test_error_of_syntax(tmp_path: Path) -> None:
    """So is the message of what does not compile."""
    (tmp_path / "broken.py").write_text("x = (\n")
    status, _, stderr = same("broken.py", cwd=tmp_path)
    assert status == 1
    assert "SyntaxError" in stderr


def test_a_package_that_fails(tmp_path: Path) -> None:
    """What a package raises when a module below it is to be run is no word about that module."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "asks.py").write_text(ASKS)
    for line, error in (("int('x')", "ValueError"), ("import none", "ModuleNotFoundError")):
        (package / "__init__.py").write_text(line)
        status, stdout, stderr = run("-m", "package.asks", cwd=tmp_path)
        assert (status, stdout) == (1, "")
        assert f"    {line}" in stderr
        assert f"\n{error}: " in stderr


def test_executable_of_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ``ros2 run`` would run: a file below lib/PACKAGE of a prefix."""
    executable = tmp_path / "lib" / "demos" / "asks"
    executable.parent.mkdir(parents=True)
    executable.write_text("#!/usr/bin/env python3\n" + ASKS)
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"/nowhere{os.pathsep}{tmp_path}")
    status, stdout, stderr = run("demos", "asks", "argument", cwd=tmp_path)
    assert (status, stderr) == (0, "")
    assert f"['{executable}', 'argument'] {executable.parent} " in stdout


def test_a_folder_called_as_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a workspace: it is no program where an executable follows, unless it can be run."""
    executable = tmp_path / "lib" / "demos" / "asks"
    executable.parent.mkdir(parents=True)
    executable.write_text(ASKS)
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    (tmp_path / "demos").mkdir()
    status, stdout, stderr = run("demos", "asks", cwd=tmp_path)
    assert (status, stderr) == (0, "")
    assert f"['{executable}'] " in stdout
    (tmp_path / "demos" / "__main__.py").write_text(ASKS)
    status, stdout, stderr = run("demos", "asks", cwd=tmp_path)
    assert (status, stderr) == (0, "")
    assert "demos', 'asks'] " in stdout


def test_console_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A console script of a distribution; its return value is the exit status."""
    (tmp_path / "demos.py").write_text(
        "import sys\ndef main():\n    print(sys.argv)\n    return len(sys.argv)\n"
    )
    metadata = tmp_path / "demos_py-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: demos-py\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[console_scripts]\ntalk = demos:main\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path[1:]]))
    assert run("demos_py", "talk", "x", cwd=tmp_path) == (2, "['talk', 'x']\n", "")
    status, _, stderr = run("demos_py", "tlak", cwd=tmp_path)
    assert status == 2
    assert stderr == (
        "aiorcl: error: the package 'demos_py' has no executable 'tlak'; it has talk\n"
    )


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), "the following arguments are required: SCRIPT, -m MODULE or PACKAGE"),
        (("absent.py",), "no such file: 'absent.py'"),
        (("no.absent",), "no such file: 'no.absent'; for a module write aiorcl exec -m no.absent"),
        (("absent/it",), "no such file: 'absent/it'"),
        (("absent", "it"), "no such file: 'absent', nor is there a package of this name"),
        (("-m", "absent_module"), "No module named absent_module"),
        (("-m", "absent.module"), "No module named absent.module"),
        (("-m", "json"), "No module named json.__main__; 'json' is a package"),
        (("-m", "sys"), "the module 'sys' is no program of Python"),
        (("-m", ""), "No module named "),
        (("/bin/true",), "'/bin/true' is no program of Python"),
        (("--loop", "none", "x.py"), "argument --loop: invalid choice: 'none'"),
        (("--what", "x.py"), "unrecognized arguments: --what"),
    ],
)
def test_mistake(tmp_path: Path, arguments: tuple[str, ...], error: str) -> None:
    """What cannot be run is told in one line, with exit status 2."""
    status, stdout, stderr = run(*arguments, cwd=tmp_path)
    assert (status, stdout) == (2, "")
    assert f"error: {error}" in stderr
    assert "Traceback" not in stderr


@pytest.mark.parametrize("loop", ["aiorcl", "asyncio", "uvloop"])
def test_every_executor_is_ours(tmp_path: Path, loop: str) -> None:
    """The global one, and those that the program makes, on the loop that was asked for."""
    (tmp_path / "kinds.py").write_text(KINDS)
    modules = {"aiorcl": "aiorcl._loop.own_loop", "asyncio": "asyncio.unix_events"}
    expected = f"True {modules.get(loop, loop)}\n" * 3
    assert run("--loop", loop, "kinds.py", cwd=tmp_path) == (0, expected, "")


def test_errors_are_raised_or_logged(tmp_path: Path) -> None:
    """By default an exception leaves ``spin``; ``--on-error=log`` logs it, and all goes on."""
    (tmp_path / "fails.py").write_text(FAILS)
    status, stdout, stderr = run("fails.py", cwd=tmp_path)
    assert (status, stdout) == (1, "")
    assert stderr.endswith("ValueError: on purpose\nIn timer 'call' of node '/fails'\n")
    status, stdout, stderr = run("--on-error=log", "fails.py", cwd=tmp_path)
    assert (status, stdout) == (0, "3\n")
    assert stderr.count("Exception in timer 'call' of node '/fails'") == 2
    assert stderr.count("ValueError: on purpose") == 2


def test_a_coroutine_callback_that_blocks_is_named(tmp_path: Path) -> None:
    """It would have had a thread to itself: the warning says which, how long, and what to do."""
    (tmp_path / "blocks.py").write_text(BLOCKS)
    status, _, stderr = run("blocks.py", cwd=tmp_path)
    assert status == 0
    assert stderr.count("kept the loop for 30") == 1
    assert "imer 'block'" in stderr or "A step of block" in stderr
    assert "make it a plain function, which a worker thread runs here" in stderr


@pytest.mark.parametrize("command", [(), ("-m", "aiorcl", "exec")], ids=["rclpy", "aiorcl"])
def test_spin_ends_when_no_thread_can_be_had(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Once the main thread has ended: spin raises, where callbacks would be lost without a word."""
    (tmp_path / "spins_on.py").write_text(SPINS_ON)
    status, _, stderr = run("spins_on.py", cwd=tmp_path, command=command)
    assert status == 0
    assert "RuntimeError: cannot schedule new futures after" in stderr


def test_help(tmp_path: Path) -> None:
    """It says what can be run."""
    status, stdout, _ = run("--help", cwd=tmp_path)
    assert status == 0
    assert "aiorcl exec [OPTIONS] PACKAGE EXECUTABLE [ARGUMENT ...]" in stdout


def test_it_ends_as_a_prefix_of_launch(tmp_path: Path) -> None:
    """The path of an executable follows, and the arguments that launch adds."""
    executable = tmp_path / "asks"
    executable.write_text(f"#!{sys.executable}\n{ASKS}")
    line = f"{sys.executable} -m aiorcl exec {executable} --ros-args -r __node:=other"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=DEADLINE_SEC)
    assert (done.returncode, done.stderr) == (0, "")
    assert "'--ros-args', '-r', '__node:=other']" in done.stdout
