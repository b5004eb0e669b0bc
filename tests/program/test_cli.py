# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The command aiorcl, run as users run it: processes, signals, exit statuses, and what they print.
"""The nodes are in ``tests/program/workspace``, which is the current directory of each process."""

from __future__ import annotations

import contextlib
import importlib.metadata
import re
import shutil
import signal
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import network
from tests.support.processes import Running, started

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
WORKSPACE = ROOT / "tests" / "program" / "workspace"
LOOPS = ("aiorcl", "asyncio", "uvloop")
ONE_LOOP = ("aiorcl", *(pytest.param(loop, marks=pytest.mark.long) for loop in LOOPS[1:]))
SIGNALS = (signal.SIGINT, signal.SIGTERM)
COMMAND = (sys.executable, "-m", "aiorcl")


@contextlib.contextmanager
def start(*arguments: str, command: tuple[str, ...] = COMMAND) -> Iterator[Running]:
    """Start the command; it is killed if it has not ended when the block does."""
    with started([*command, *arguments], domain_id=network.domain_id(), cwd=WORKSPACE) as process:
        yield Running(process)


def run(*arguments: str, command: tuple[str, ...] = COMMAND) -> tuple[int, str, str]:
    """Run a command that ends by itself; its exit status, stdout and stderr."""
    with start(*arguments, command=command) as running:
        status, stderr = running.end()
        return status, running.said, stderr


def interrupt(loop: str, node: str, number: signal.Signals) -> str:
    """Run a node until it is ready, and a signal ends it well; what it said."""
    with start("run", "--loop", loop, node) as running:
        running.wait_for("ready")
        running.process.send_signal(number)
        assert running.end() == (0, "")
        return running.said


@pytest.mark.parametrize("loop", ONE_LOOP)
def test_nodes_talk_until_interrupted(loop: str) -> None:
    """Two nodes of one module talk in one process; Ctrl-C ends it with 0 and nothing on stderr."""
    with start("run", "--loop", loop, "chat:Talker", "chat:Listener") as running:
        running.wait_for("/listener heard hello on /chatter")
        running.process.send_signal(signal.SIGINT)
        assert running.end() == (0, "")


def test_ros_arguments_reach_the_nodes() -> None:
    """Remappings, a parameter and a namespace hold; what follows ``--`` is the command's again."""
    ros = ["--ros-args", "-r", "__ns:=/left", "-r", "chatter:=gossip", "-p", "text:=bye", "--"]
    with start("run", "chat:Talker", *ros, "chat:make_listener") as running:
        running.wait_for("/left/listener heard bye on /left/gossip")
        running.process.send_signal(signal.SIGINT)
        assert running.end() == (0, "")


def test_coroutine_functions_run_until_they_return() -> None:
    """Alone, with arguments and beside nodes; their return ends the command."""
    assert run("run", "ends:counts(upto=3)") == (0, "0 0\n1 0\n2 0\n", "")
    status, said, stderr = run("run", "chat:Listener", "ends:counts", "ends:counts")
    assert (status, stderr) == (0, "")
    assert said.count("1 1\n") == 2
    status, _, stderr = run("run", "ends:fails", "chat:Talker")
    assert (status, "ValueError: on purpose" in stderr) == (1, True)


def test_a_coroutine_function_that_is_cancelled_has_ended() -> None:
    """By a CancelledError of its own: the command ends, with the others and the nodes."""
    assert run("run", "ends:is_cancelled") == (0, "", "")
    status, said, stderr = run("run", "ends:is_cancelled", "ends:waits", "chat:Talker")
    assert (status, stderr) == (0, "")
    assert "cancelled, ROS is up\n" in said


@pytest.mark.parametrize("others", [(), ("ends:waits", "chat:Talker")], ids=["alone", "beside"])
def test_a_coroutine_function_that_raises_is_named(others: tuple[str, ...]) -> None:
    """Its exception ends the program, and says whose it is."""
    status, _, stderr = run("run", "ends:goes_wrong", *others)
    assert status == 1
    assert stderr.endswith("ValueError: The coroutine went wrong\nIn task 'goes_wrong'\n")


def test_a_signal_cancels_coroutine_functions() -> None:
    """While ROS is up; the status is 0."""
    with start("run", "ends:waits") as running:
        running.wait_for("ready")
        running.process.send_signal(signal.SIGTERM)
        assert running.end() == (0, "")
        assert running.said.endswith("cancelled, ROS is up\n")


def test_coroutine_functions_end_while_nodes_are_served() -> None:
    """What they ask in their cleanup is answered."""
    with start("run", "ends:Answers", "ends:asks", "ends:asks") as running:
        for _ in range(2):
            running.wait_for("ready")
        running.process.send_signal(signal.SIGINT)
        assert running.end() == (0, "")
        assert running.said.endswith("answered\nanswered\n")


def test_the_second_signal_cuts_off_coroutine_functions() -> None:
    """Whatever they wait for in their cleanup."""
    with start("run", "ends:clings", "ends:clings", "chat:Talker") as running:
        for word, number in (("ready", signal.SIGINT), ("cleans up", signal.SIGTERM)):
            for _ in range(2):
                running.wait_for(word)
            running.process.send_signal(number)
        assert running.end() == (0, "")
        assert running.said.endswith("cut off\ncut off\n")


@pytest.mark.parametrize(("ends", "expected"), [("exits", 3), ("fails", 1)])
def test_no_signal_takes_an_exit_status_away(ends: str, expected: int) -> None:
    """That of what has ended the program before."""
    with start("run", "ends:clings", f"ends:{ends}") as running:
        running.wait_for("cleans up")
        for number in SIGNALS:
            running.process.send_signal(number)
        status, _ = running.end()
        assert (status, running.said.endswith("cut off\n")) == (expected, True)


@pytest.mark.parametrize(
    ("number", "loop"),
    [*((signal.SIGINT, loop) for loop in LOOPS), (signal.SIGTERM, LOOPS[0])],
)
def test_signal_lets_coroutines_end(number: signal.Signals, loop: str) -> None:
    """A coroutine is cancelled, and can still publish; nodes are destroyed before ROS goes down."""
    said = interrupt(loop, "ends:Sleeps", number)
    assert said == "ready\npublished\ndestroyed, ROS is up\n"


@pytest.mark.parametrize("loop", ONE_LOOP)
def test_signal_cancels_tasks_that_nodes_left(loop: str) -> None:
    """A node's own task ends as its coroutine callbacks do: before the node, which it uses."""
    said = interrupt(loop, "ends:LeavesTask", signal.SIGINT)
    assert said == "ready\npublished\ndestroyed, ROS is up\n"


@pytest.mark.parametrize("loop", ONE_LOOP)
def test_nodes_end_threads_and_connections(loop: str) -> None:
    """What destroy_node() ends is waited for after that, and the loop is open there."""
    said = interrupt(loop, "ends:ReadsInThread", signal.SIGINT)
    assert said == "ready\ndestroyed, ROS is up\n"


@pytest.mark.parametrize("loop", ONE_LOOP)
def test_second_signal_interrupts_a_callback(loop: str) -> None:
    """A callback that never returns holds up one signal, but not two; its node is destroyed."""
    with start("run", "--loop", loop, "ends:Blocks") as running:
        running.wait_for("ready")
        running.process.send_signal(signal.SIGINT)
        running.wait_for("noticed")
        running.process.send_signal(signal.SIGTERM)
        assert running.end() == (0, "")
        assert running.said == "ready\nnoticed\ndestroyed, ROS is up\n"


@pytest.mark.parametrize("number", SIGNALS)
def test_signal_interrupts_a_constructor(number: signal.Signals) -> None:
    """A signal before all nodes are made ends the command at once."""
    with start("run", "ends:BlocksInConstructor") as running:
        running.wait_for("ready")
        running.process.send_signal(number)
        assert running.end() == (0, "")


@pytest.mark.parametrize(
    ("node", "status", "error"),
    [
        ("Raises", 1, "ValueError: The callback went wrong"),
        ("RaisesLater", 1, "ValueError: The coroutine went wrong"),
        ("Exits", 3, ""),
        ("ShutsDown", 0, ""),
        ("IsSupplied", 0, ""),
    ],
)
def test_node_ends_the_command(node: str, status: int, error: str) -> None:
    """An exception, an exit or rclpy.shutdown() of one node ends all, and shows in the status."""
    ended, said, stderr = run("run", "chat:Talker", f"ends:{node}")
    assert ended == status
    assert said.count("destroyed") == 1
    if error:
        assert stderr.startswith("Traceback")
        assert 'ends.py", line' in stderr
        assert stderr.endswith(f"{error}\nIn timer '_Once._only_call' of node '/once'\n")
    else:
        assert stderr == ""


def test_a_module_may_have_the_name_py() -> None:
    """Of a package: that is no file."""
    assert run("run", "languages.py:make_node") == (0, "", "")


def test_exception_of_a_constructor_ends_the_command() -> None:
    """The traceback of a constructor is shown; nodes that were made before it are destroyed."""
    status, said, stderr = run("run", "ends:Sleeps", "ends:RaisesInConstructor")
    assert (status, said) == (1, "destroyed, ROS is up\n")
    assert stderr.startswith("Traceback")
    assert stderr.endswith("ValueError: The constructor went wrong\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            "chat",
            "'chat' is not of the form package.module:NodeClass; its nodes are chat:Talker, "
            "chat:Listener",
        ),
        ("languages", "'languages' is not of the form package.module:NodeClass\n"),
        ("chta", "'chta' is not of the form package.module:NodeClass\n"),
        ("chat:", "'chat:' is not of the form package.module:NodeClass"),
        (
            "chat.Talker",
            "'chat.Talker' is not of the form package.module:NodeClass; "
            "did you mean 'chat:Talker'?",
        ),
        (
            "./chat.py:Talker",
            "'./chat.py:Talker' is not of the form package.module:NodeClass; "
            "did you mean 'chat:Talker'?",
        ),
        (
            "chat.py:Talker",
            "'chat.py:Talker' is not of the form package.module:NodeClass; "
            "did you mean 'chat:Talker'?",
        ),
        (
            "chat.py",
            "'chat.py' is not of the form package.module:NodeClass; did you mean 'chat:NodeClass'?",
        ),
        (
            f"{WORKSPACE / 'chat.py'}:Talker",
            f"'{WORKSPACE / 'chat.py'}:Talker' is not of the form package.module:NodeClass; "
            "did you mean 'chat:Talker'?",
        ),
        (
            "../nodes/chat.py:Talker",
            "'../nodes/chat.py:Talker' is not of the form package.module:NodeClass; "
            f"did you mean 'chat:Talker' in {WORKSPACE.parent / 'nodes'}?",
        ),
        (".py:Talker", "'.py:Talker' is not of the form package.module:NodeClass\n"),
        ("./.py:Talker", "'./.py:Talker' is not of the form package.module:NodeClass\n"),
        ("chta.py:Talker", "'chta.py:Talker' is not of the form package.module:NodeClass; did"),
        ("no.chat.py:Talker", "'no.chat.py:Talker' is not of the form package.module:NodeClass"),
        ("chta:Talker", "no module 'chta'; did you mean 'chat'?"),
        ("rclpy.nod:Node", "no module 'rclpy.nod'; did you mean 'rclpy.node'?"),
        ("chat.talker:Talker", "no module 'chat.talker': 'chat' is a module, not a package"),
        ("chat:Taker", "'chat' has no 'Taker'; did you mean 'Talker'?"),
        ("chat:Wheels", "'chat' has no 'Wheels'; its nodes are Talker, Listener"),
        ("ends:NoNode", "'ends:NoNode' is neither a node class nor a function"),
        ("ends:NUMBER", "'ends:NUMBER' is neither a node class nor a function, but 3"),
        ("ends:make_number", "'ends:make_number' returned no node, but 3"),
        ("ends:make_coroutine", "'ends:make_coroutine' returned no node, but a coroutine: give "),
        ("ends:make_destroyed", "'ends:make_destroyed' returned a node that was destroyed"),
        ("ends:takes_more", "'ends:takes_more' cannot be called without arguments"),
        ("ends:takes_more(1)", "'ends:takes_more(1)' is a coroutine function, which gets the exec"),
        ("ends:NeedsName", "'ends:NeedsName' cannot be called without arguments"),
        ("ends:NeedsName(1,2)", "'ends:NeedsName(1,2)' cannot be called like that"),
        ("ends:NeedsName(name)", "'ends:NeedsName(name)' has other arguments than numbers"),
        ("ends:NeedsName([1", "'ends:NeedsName([1' has other arguments than numbers"),
        ("ends:NeedsName(**{1:2})", "'ends:NeedsName(**{1:2})' has other arguments than numbers"),
        ("ends:NeedsName({[]:1})", "'ends:NeedsName({[]:1})' has other arguments than numbers"),
        ("ends:NeedsName(1)()", "'ends:NeedsName(1)()' has other arguments than numbers"),
        ("chat:Talker --ros-args --bogus", "unknown ROS arguments: ['--bogus']"),
        (
            "chat:Talker --ros-args -p text",
            "Failed to parse ROS arguments: Couldn't parse parameter override rule: '-p text'",
        ),
        ("chat:Talker --bogus", "unrecognized arguments: --bogus"),
        ("chat:Talker --loop trio", "argument --loop: invalid choice: 'trio'"),
        ("", "the following arguments are required: NODE"),
    ],
)
def test_wrong_argument_is_explained(arguments: str, message: str) -> None:
    """One sentence says what is wrong, without a traceback, and the status is 2."""
    status, said, stderr = run("run", *arguments.split())
    assert (status, said) == (2, "")
    assert f"error: {message}" in stderr
    assert "Traceback" not in stderr
    assert "Warning" not in stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("('all')", "hello all"),
        ("(whom='all', times=2)", "hello all hello all"),
        ("( 'all', words = ['good', \"day\"] )", "good day all"),
    ],
)
def test_node_is_made_with_arguments(arguments: str, said: str) -> None:
    """What follows the name in brackets are its arguments, as Python writes them."""
    with start("run", f"greeter:Greeter{arguments}") as running:
        running.wait_for(f"ready: {said}\n")
        running.process.send_signal(signal.SIGINT)
        assert running.end() == (0, "")


def test_module_that_fails_shows_its_traceback() -> None:
    """A module that imports what is missing is not said to be missing itself."""
    status, _, stderr = run("run", "broken:Talker")
    assert status == 1
    assert 'broken.py", line' in stderr
    assert stderr.endswith("ModuleNotFoundError: No module named 'no_such_dependency'\n")


def test_missing_uvloop_is_explained() -> None:
    """Where uvloop is not installed, ``--loop uvloop`` says how to get it."""
    program = "import sys; sys.modules['uvloop'] = None; import aiorcl.cli; exit(aiorcl.cli.main())"
    command = (sys.executable, "-c", program)
    status, _, stderr = run("run", "--loop=uvloop", "chat:Talker", command=command)
    assert status == 2
    assert stderr == "aiorcl: error: --loop uvloop needs uvloop: pip install uvloop\n"


def test_safe_path_leaves_the_current_directory_out() -> None:
    """As for ``python -m``, ``python -P`` keeps the current directory off the path."""
    status, _, stderr = run("run", "chat:Talker", command=(COMMAND[0], "-P", *COMMAND[1:]))
    assert status == 2
    assert stderr.startswith("aiorcl: error: no module 'chat'")


def test_help_and_version() -> None:
    """Help names the commands and their arguments; the version is that of the package."""
    status, said, stderr = run("--help")
    assert (status, stderr) == (0, "")
    assert "usage: aiorcl" in said
    assert "run nodes in one process" in said
    status, said, stderr = run("run", "--help")
    assert (status, stderr) == (0, "")
    assert "usage: aiorcl run" in said
    assert "--ros-args" in said
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert run("--version") == (0, f"aiorcl {version}\n", "")
    status, said, stderr = run()
    assert (status, said) == (2, "")
    assert "the following arguments are required: COMMAND" in stderr


def test_stats_are_shown() -> None:
    """A table tells who is called how often, again and again; Ctrl-C ends it as it ends nodes."""
    with start("run", "--stats", "0.2", "chat:Talker") as running:
        for _ in range(2):
            running.wait_for("callbacks/s")
            running.wait_for("/talker")
        running.process.send_signal(signal.SIGINT)
        assert running.end() == (0, "")
    assert headings(running.said)[-1] == "step max"


def test_stats_tell_what_is_under_way() -> None:
    """Only where something is under way, or held back, is there a column that says so."""
    with start("run", "--stats", "0.2", "ends:Sleeps") as running:
        running.wait_for("1 running")
        running.process.send_signal(signal.SIGINT)
        assert running.end() == (0, "")
    assert headings(running.said)[-1] == "state"


def headings(said: str) -> list[str]:
    """Give the headings of the first table; each has some."""
    row = next(line for line in said.splitlines() if "per s" in line)
    return [cell.strip() for cell in row.strip("┃\n").split("┃")]


def test_stats_need_rich() -> None:
    """Without rich the command says what to install."""
    program = (
        "import sys; sys.modules['rich'] = None; from aiorcl.cli import main; sys.exit(main())"
    )
    command = (COMMAND[0], "-c", program)
    status, said, stderr = run("run", "--stats", "1", "chat:Talker", command=command)
    assert (status, said) == (2, "")
    assert stderr == "aiorcl: error: --stats needs rich: pip install 'aiorcl[stats]'\n"


@pytest.mark.parametrize("option", ["--stats", "--slow-callback"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "much"])
def test_durations_are_positive(option: str, value: str) -> None:
    """A duration that means nothing is refused."""
    status, said, stderr = run("run", f"{option}={value}", "chat:Talker")
    assert (status, said) == (2, "")
    assert f"argument {option}: '{value}' is not a positive number" in stderr


def test_slow_callbacks_are_named() -> None:
    """What keeps the loop too long is named in a warning of its node."""
    with start("run", "--slow-callback", "10", "slow:Slow") as running:
        assert running.process.stderr is not None
        # On a busy machine anything else may be slow before it.
        kept, line = None, "nothing"
        while kept is None and line:
            line = running.process.stderr.readline()
            kept = re.search(r"Timer 'Slow\.compute' kept the loop for ([\d.]+) ms", line)
        running.process.send_signal(signal.SIGINT)
        assert running.end()[0] == 0
        assert kept is not None
        assert "[WARN]" in line
        assert "[slow]" in line
        assert float(kept[1]) >= 20


def test_script_is_installed() -> None:
    """``aiorcl`` is ``python -m aiorcl``, and finds modules of the current directory too."""
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="aiorcl")
    assert script.value == "aiorcl_command:main"
    path = shutil.which("aiorcl", path=str(Path(sys.executable).parent))
    assert path is not None
    status, said, stderr = run("run", "ends:ShutsDown", command=(path,))
    assert (status, stderr) == (0, "")
    assert said == "destroyed, ROS is down\n"
