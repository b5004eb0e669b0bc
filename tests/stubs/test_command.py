# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The command: what it writes, what it refuses, and that it leaves nothing half.

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aiorcl.cli import main
from tests.support.interfaces import write_package

NO_PACKAGE = "source the workspace that has it, or install it, and try again"


def files(directory: Path) -> dict[str, str]:
    """Return the texts of all files below a directory."""
    return {
        str(path.relative_to(directory)): path.read_text()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_stubs_are_partial_packages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a package those are written whose messages it holds; what is written is said."""
    assert main(["stubs", "std_msgs", "--output", str(tmp_path)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"{tmp_path}/std_msgs-stubs",
        f"{tmp_path}/builtin_interfaces-stubs, which std_msgs needs",
    ]
    assert {path.name for path in tmp_path.iterdir()} == {
        "std_msgs-stubs",
        "builtin_interfaces-stubs",
    }
    written = files(tmp_path / "std_msgs-stubs")
    assert written["py.typed"] == "partial\n"
    assert "def data(self) -> str: ..." in written["msg/_string.pyi"]
    assert "from std_msgs.msg._string import String as String" in written["msg/__init__.pyi"]


def test_default_directory_is_typings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is where pyright looks by itself."""
    monkeypatch.chdir(tmp_path)
    assert main(["stubs", "builtin_interfaces"]) == 0
    assert (tmp_path / "typings" / "builtin_interfaces-stubs" / "msg" / "_time.pyi").exists()


def test_stubs_are_written_anew(tmp_path: Path) -> None:
    """What the package has no more goes."""
    command = ["stubs", "builtin_interfaces", "--output", str(tmp_path)]
    assert main(command) == 0
    written = files(tmp_path)
    gone = tmp_path / "builtin_interfaces-stubs" / "msg" / "_gone.pyi"
    gone.write_text("")
    assert main(command) == 0
    assert files(tmp_path) == written


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("no_such_msgs", f"no package 'no_such_msgs' is installed here: {NO_PACKAGE}"),
        ("std_msg", "no package 'std_msg' is installed here; did you mean 'std_msgs'?"),
        (
            "std_msgs/msg/String",
            "'std_msgs/msg/String' is not the name of a package, such as std_msgs; did you mean "
            "'std_msgs'?",
        ),
        ("numpy", "'numpy' has no messages, services or actions"),
        ("heapq", "'heapq' has no messages, services or actions"),
    ],
)
def test_wrong_name_is_explained(
    names: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error names the package and says what to do; nothing of the others is written either."""
    output = tmp_path / "typings"
    assert main(["stubs", "std_msgs", names, "--output", str(output)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"aiorcl: error: {message}")
    assert not output.exists()


def test_folder_of_sources_is_no_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the sources of a package, which is not built, it is said not to be installed."""
    (tmp_path / "unbuilt_msgs" / "msg").mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["stubs", "unbuilt_msgs", "--output", str(tmp_path / "typings")]) == 2
    assert f"no package 'unbuilt_msgs' is installed here: {NO_PACKAGE}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("lacking_msgs", "import no_such_msgs.msg", "because there is no 'no_such_msgs'"),
        ("broken_msgs", "raise RuntimeError('broken')", "RuntimeError('broken')"),
    ],
)
def test_package_that_cannot_be_imported_is_explained(
    name: str,
    text: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The error says which, and why."""
    write_package(tmp_path, name, text)
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["stubs", name, "--output", str(tmp_path / "typings")]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"aiorcl: error: '{name}.msg' cannot be imported")
    assert message in error
    assert not (tmp_path / "typings").exists()


def test_stubs_of_others_are_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A directory that the command has not written is not written over."""
    theirs = tmp_path / "std_msgs-stubs"
    theirs.mkdir()
    (theirs / "__init__.pyi").write_text("# by hand\n")
    assert main(["stubs", "std_msgs", "--output", str(tmp_path)]) == 2
    assert f"'{theirs}' was not written by aiorcl stubs: remove it" in capsys.readouterr().err
    assert files(tmp_path) == {"std_msgs-stubs/__init__.pyi": "# by hand\n"}


def test_file_in_the_way_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A directory that cannot be made is named."""
    output = tmp_path / "typings"
    output.touch()
    assert main(["stubs", "std_msgs", "--output", str(output)]) == 2
    assert f"stubs cannot be written into '{output}'" in capsys.readouterr().err


@pytest.mark.parametrize("failing", [0, 1, 2, 3])
def test_failure_on_the_way_leaves_all_as_it_was(
    failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever move of a directory fails, the stubs from before are there, as they were."""
    assert main(["stubs", "std_msgs", "--output", str(tmp_path)]) == 0
    written = files(tmp_path)
    rename = os.rename
    calls: list[Path] = []

    def fail_once(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) == failing + 1:
            raise OSError("no more room")
        rename(source, target)

    monkeypatch.setattr(os, "rename", fail_once)
    assert main(["stubs", "std_msgs", "--output", str(tmp_path)]) == 2
    assert len(calls) > failing
    assert files(tmp_path) == written


def test_first_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none were before, a failure on the way leaves none."""

    def fail(source: Path, target: Path) -> None:
        if "std_msgs" not in str(target):
            raise OSError("no more room")
        rename(source, target)

    rename = os.rename
    monkeypatch.setattr(os, "rename", fail)
    assert main(["stubs", "std_msgs", "--output", str(tmp_path)]) == 2
    assert list(tmp_path.iterdir()) == []


def test_help_says_how_the_stubs_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    """By pyright, and by mypy."""
    with pytest.raises(SystemExit, match="0"):
        main(["stubs", "--help"])
    said = capsys.readouterr().out
    assert "usage: aiorcl stubs" in said
    assert "PYTHONPATH" in said
