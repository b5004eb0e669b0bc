# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The executors that the parity suite compares, and the words for what one of them cannot do.
"""A peer that cannot do what a test asks is marked on the test, with the reason.

``@lacks(events="...")``: the test must fail there, so the mark goes when the peer learns it.
``@breaks(events="...")``: the test would hang or crash the whole process there, so it is not run.
A key is a family (``aiorcl``, ``single``, ``events``), or a family and a distribution
(``events_jazzy``). That is said of the releases of ``TESTED``; on others a peer fails no test.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from rclpy.context import Context
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.task import Future

from aiorcl import AsyncioExecutor
from tests.support.loops import LOOPS

VERSION = importlib.metadata.version("rclpy")
DISTRO = {7: "jazzy", 9: "kilted"}.get(int(VERSION.split(".")[0]), "newer")
#: The releases of rclpy whose own executors do what the marks say: those of the wheels.
TESTED = frozenset({"7.1.5", "9.1.2"})


def lacks(**reasons: str) -> pytest.MarkDecorator:
    """Mark what a peer cannot do; the test must fail there."""
    return pytest.mark.lacks(**reasons)


def breaks(**reasons: str) -> pytest.MarkDecorator:
    """Mark what would hang or crash a peer; the test is not run there."""
    return pytest.mark.breaks(**reasons)


def excuse(report: pytest.TestReport, parameters: Iterable[object]) -> None:
    """Let a peer fail no test on a release that is not tested, whatever the marks expect of it.

    :param parameters: those of the test, among them perhaps the kind of executor.
    """
    has_peer = any(isinstance(each, Flavour) and not each.ours for each in parameters)
    if report.failed and has_peer and VERSION not in TESTED:
        report.outcome = "skipped"
        report.wasxfail = f"an executor of rclpy {VERSION} itself, which is not tested"


@dataclass(frozen=True)
class Flavour:
    """One way to get an executor: its class, and for ours the loop that it runs on."""

    name: str
    family: str
    make: Callable[[Context], Executor]
    make_loop: Callable[[], asyncio.AbstractEventLoop] | None = None

    @property
    def ours(self) -> bool:
        """Tell whether this is an AsyncioExecutor."""
        return self.family == "aiorcl"

    def among(self, keys: dict[str, str]) -> str | None:
        """Find the reason that a mark gives for this executor on this distribution."""
        return keys.get(self.family) or keys.get(f"{self.family}_{DISTRO}")


def _single(context: Context) -> Executor:
    return SingleThreadedExecutor(context=context)


def _events(context: Context) -> Executor:
    from rclpy.experimental.events_executor import EventsExecutor

    return EventsExecutor(context=context)


def _own_loop(context: Context) -> Executor:
    return AsyncioExecutor(context=context)


def _strict(context: Context) -> Executor:
    return AsyncioExecutor(context=context, strict_groups=True)


#: The one peer that is on every release.
SINGLE = Flavour("single", "single", _single)


def _flavours() -> list[Flavour]:
    flavours = [
        Flavour("aiorcl", "aiorcl", _own_loop),
        Flavour("aiorcl-stock", "aiorcl", _own_loop, LOOPS["stock"]),
        Flavour("aiorcl-uvloop", "aiorcl", _own_loop, LOOPS["uvloop"]),
        SINGLE,
    ]
    try:
        import rclpy.experimental  # noqa: F401
    except ImportError:
        return flavours
    return [*flavours, Flavour("events", "events", _events)]


FLAVOURS = _flavours()
OURS = [flavour for flavour in FLAVOURS if flavour.ours]
#: Those that hold the default group of a node to rclpy's rule.
STRICT = [Flavour("aiorcl-strict", "aiorcl", _strict), SINGLE]


def make_executor(
    flavour: Flavour, context: Context, loop: asyncio.AbstractEventLoop | None
) -> Executor:
    """Make an executor, for ours on ``loop`` unless the executor makes its own."""
    if loop is None:
        return flavour.make(context)
    return AsyncioExecutor(context=context, loop=loop)


def new_future(executor: Executor) -> Future[Any]:
    """Make a future of this executor, also where rclpy has no ``create_future`` yet."""
    if hasattr(executor, "create_future"):
        return executor.create_future()
    return Future(executor=executor)
