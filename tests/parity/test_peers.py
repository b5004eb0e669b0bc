# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What is expected of rclpy's own executors, by the release of rclpy.

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from tests.support.executors import FLAVOURS, TESTED, VERSION

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
PEERS = sum(not flavour.ours for flavour in FLAVOURS)
OURS = len(FLAVOURS) - PEERS

TESTS = """
from tests.support.executors import lacks


@lacks(single="learned it", events="learned it")
def test_passes(flavour):
    pass


def test_fails(flavour):
    raise ValueError


def test_fails_without_any():
    raise ValueError
"""


@pytest.mark.parametrize("version", [min(TESTED), "9.9.9"])
def test_only_on_tested_releases_peers_fail_tests(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    """On others, whose executors may do more, or less, only ours do."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=":")
    pytester.makeconftest(f"""
from tests.support import executors

executors.VERSION = {version!r}

from tests.conftest import flavour, pytest_configure, pytest_runtest_makereport
""")
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess()
    excused = 2 * PEERS if version not in TESTED else 0
    result.assert_outcomes(passed=OURS, failed=OURS + 1 + 2 * PEERS - excused, xfailed=excused)


def test_the_release_of_the_wheels_is_tested() -> None:
    """What the marks say is about that."""
    try:
        importlib.metadata.version("ros-rclpy")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("rclpy is that of a ROS that is sourced")
    assert VERSION in TESTED
