# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Runs every Python block of the README and the documentation as the program that it is.
"""Each block is a program that ends by itself; one with ``# until`` in it is ended by Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

import benchmarks.page
from benchmarks import plot
from tests.support import network
from tests.support.processes import started

DEADLINE_SEC = 30.0
ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def programs() -> Iterator[object]:
    """Find the programs, each with a name that tells its page and line."""
    for page in PAGES:
        text = page.read_text()
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield pytest.param(match[1], id=f"{page.relative_to(ROOT)}:{line}")


def named_tests() -> Iterator[object]:
    """Find the tests that the documentation names."""
    for page in PAGES:
        found = re.findall(r"`((?:[\w/]*/)?test_\w+\.py)::(test_\w+)", page.read_text())
        for file, name in sorted(set(found)):
            yield pytest.param(file, name, id=f"{page.name}:{name}")


@pytest.mark.parametrize(("file", "name"), [*named_tests()])
def test_named_test_exists(file: str, name: str) -> None:
    """A test that the documentation names is there, or the page would claim what nobody checks."""
    candidates = (ROOT / "tests" / file, ROOT / "tests" / "parity" / file)
    found = [path for path in candidates if path.exists()]
    assert any(re.search(rf"^(    )?def {name}\(", path.read_text(), re.M) for path in found)


@pytest.mark.once
@pytest.mark.parametrize("program", [*programs()])
def test_program_runs(program: str, tmp_path: Path) -> None:
    """A program of the documentation prints something, ends well, and has nothing on stderr."""
    file = tmp_path / "program.py"
    file.write_text(program)
    command = [sys.executable, "-W", "error::ResourceWarning", str(file)]
    environment: dict[str, str] = {}
    if "import grpc" in program:
        # grpc.aio holds its loop until the process is gone, and so what is ours on it.
        environment["AIORCL_LEAK_WARNINGS"] = ""
    if "PYTEST_DISABLE_PLUGIN_AUTOLOAD" in os.environ:
        # A pytest in there does not find them by itself then.
        environment["PYTEST_PLUGINS"] = "pytest_aiorcl,pytest_asyncio.plugin"
    with started(command, domain_id=network.domain_id(), environment=environment) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        if "# until" in program:
            process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=DEADLINE_SEC)
    assert (process.returncode, errors) == (0, "")
    assert first + rest


def test_cells_of_a_notebook_run() -> None:
    """They are typed into the REPL that awaits, too; nothing is left when it ends."""
    page = (ROOT / "docs" / "how-to" / "jupyter.md").read_text()
    (cells,) = re.findall(r"^```python3\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    command = [sys.executable, "-W", "error::ResourceWarning", "-m", "asyncio"]
    with started(command, domain_id=network.domain_id()) as process:
        said, errors = process.communicate(cells, timeout=DEADLINE_SEC)
    assert process.returncode == 0
    assert "Float64(data=24.0)" in said
    assert "Error" not in errors
    assert "exiting asyncio REPL..." in errors


def test_an_interrupted_cell_leaves_ros_up() -> None:
    """Ctrl-C ends what the cell awaits, and nodes run on."""
    page = (ROOT / "docs" / "how-to" / "jupyter.md").read_text()
    (cells,) = re.findall(r"^```python3\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    before, use, _ = cells.partition("publisher = ")
    _, end, after = cells.partition("await executor.stop()")
    with started([sys.executable, "-m", "asyncio"], domain_id=network.domain_id()) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{before}print('waits', flush=True); await asyncio.sleep(60)\n")
        process.stdin.flush()
        while "waits" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        process.stdin.write(f"print('up', rclpy.ok(), executor.is_spinning)\n{end}{after}")
        said, errors = process.communicate(timeout=DEADLINE_SEC)
    assert process.returncode == 0
    assert use
    assert "up True True" in said
    assert errors.count("Error") == 0
    assert "KeyboardInterrupt" in errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
@pytest.mark.parametrize("server", ["aiohttp", "hypercorn"])
def test_a_web_server_ends_though_a_stream_is_open(
    server: str, number: signal.Signals, tmp_path: Path
) -> None:
    """The recipes for servers that the program runs: sockets are closed by code 1001."""
    page = (ROOT / "docs" / "how-to" / "web.md").read_text()
    (program,) = (each for each in BLOCK.findall(page) if f"from {server}" in each)
    file = tmp_path / "program.py"
    file.write_text(program)
    with started([sys.executable, str(file)], domain_id=network.domain_id()) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()

        async def watch() -> int | None:
            async with aiohttp.ClientSession() as session:
                while True:
                    with contextlib.suppress(aiohttp.ClientConnectorError):
                        socket = await session.ws_connect(address)
                        break
                assert (await socket.receive_json()) == 24.0
                process.send_signal(number)
                async for _ in socket:
                    pass
                return socket.close_code

        assert asyncio.run(watch()) == 1001
        rest, errors = process.communicate(timeout=DEADLINE_SEC)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_every_page_is_looked_at() -> None:
    """The README and the pages with examples have blocks, so the pattern above finds them."""
    pages = {page.name for page in PAGES if BLOCK.search(page.read_text())}
    assert pages >= {"README.md", "index.md", "start.md", "guide.md", "porting.md", "faq.md"}


def test_what_the_invariants_name_is_there() -> None:
    """Sources and tests that how-it-works names exist, and the tests have these names."""
    pages = [ROOT / "docs" / "how-it-works.md", *(ROOT / "docs" / "how-it-works").glob("*.md")]
    text = "\n".join(page.read_text() for page in pages)
    places = [ROOT / place for place in ("", "src/core", "src/aiorcl", "tests")]
    named = re.findall(r"`([\w/]+\.(?:py|cpp|hpp))(?:::(\w+))?`", text)
    assert len(named) > 30
    for name, test in named:
        files = [place / name for place in places if (place / name).exists()]
        assert files, f"{name} does not exist"
        if test:
            assert f"def {test}(" in files[0].read_text(), f"{name} has no {test}"
    cases = (ROOT / "tests" / "core").glob("*.cpp")
    core = "\n".join(file.read_text() for file in cases)
    rows = [line for line in text.splitlines() if "`core/test_" in line]
    for row in rows:
        for title in re.findall(r'"([^"]+)"', row):
            assert f'"{title}"' in core, f"tests/core has no {title!r}"


@pytest.mark.parametrize(
    ("row", "workload"),
    [
        ("a message, from publish to callback", "pingpong"),
        ("a service call and its answer", "service"),
        ("a tick of a 1 kHz timer", "timer"),
    ],
)
def test_readme_quotes_the_benchmarks(row: str, workload: str) -> None:
    """The numbers of the README are those that ``docs/benchmarks.md`` has now."""
    quoted = re.search(rf"^\| {row} \|(.*)\|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert quoted is not None
    page = (ROOT / "docs" / "benchmarks.md").read_text()
    (section,) = re.findall(rf"^### {workload}\n(.*?)(?=^###|\Z)", page, re.DOTALL | re.MULTILINE)
    measured = dict(re.findall(r"^\| ([\w-]+) \| ([\d.]+) \|", section, re.MULTILINE))
    peers = ("asyncio-own", "events", "single")
    assert [number.strip() for number in quoted[1].split("|")] == [measured[peer] for peer in peers]


def test_tables_and_panels_of_the_benchmarks_are_those_of_the_numbers() -> None:
    """What ``./dev bench --page`` writes is what is there, so that the three cannot differ."""
    file = ROOT / "docs" / "benchmarks.md"
    folder = file.with_suffix("")
    results = json.loads((folder / "numbers.json").read_text())
    text = file.read_text()
    assert (
        benchmarks.page.put_between_marks(text, benchmarks.page.section(results, folder.name))
        == text
    )
    assert {drawn.stem: drawn.read_text() for drawn in folder.glob("*.svg")} == plot.panels(results)


@pytest.mark.parametrize("ground", ["#ffffff", "#131416"])
def test_panels_can_be_read_on_light_and_dark_pages(ground: str) -> None:
    """A panel has no ground of its own; its colours stand out from that of either kind of page."""
    panels = [file.read_text() for file in (ROOT / "docs" / "benchmarks").glob("*.svg")]
    colours = {colour for text in panels for colour in re.findall(r"#[0-9a-f]{6}", text)}
    assert colours
    for colour in colours:
        lighter, darker = sorted((luminance(colour), luminance(ground)), reverse=True)
        least = 4.2 if colour == plot.TEXT else 3.0  # WCAG asks 3 of graphics and of large text
        assert (lighter + 0.05) / (darker + 0.05) > least, colour


def luminance(colour: str) -> float:
    """Give the relative luminance of ``#rrggbb``, as WCAG defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
