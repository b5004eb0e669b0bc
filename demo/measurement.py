# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A monitor process, listened to for some seconds: its reports become one row of the comparison."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from dashboard.reports import Report, total

from demo.processes import DemoError, Process

if TYPE_CHECKING:
    from collections.abc import Callable

# Reports come four times a second, but a process takes its time to start on a busy machine.
REPORT_SECONDS = 20.0


class MonitorProcess(Process):
    """A process of monitor nodes, which writes its reports to stdout.

    :param patience: seconds without a message on a topic that are too many.
    """

    def __init__(
        self, name: str, *arguments: str, on_log: Callable[[str], None], patience: float
    ) -> None:
        super().__init__(name, *arguments, on_log=on_log)
        self.patience = patience

    async def report(self) -> Report:
        """The next report.

        :raises DemoError: when the process ends, or says nothing for long.
        """
        try:
            async with asyncio.timeout(REPORT_SECONDS):
                return Report.from_line(await self.read_line())
        except TimeoutError:
            raise DemoError(f"{self.name} reports nothing") from None

    async def wait_for_messages(self) -> None:
        """Return when a report has messages of every topic.

        :raises DemoError: when a topic stays silent.
        """
        waited = 0.0
        while (report := await self.report()).silent_topics:
            waited += report.seconds
            if waited > self.patience:
                raise self.heard_nothing(report.silent_topics, waited)

    async def measure(self, seconds: float, on_report: Callable[[Report, float], None]) -> Report:
        """All reports of the next ``seconds``, as one.

        :param on_report: is called with the sum so far and the part of the time that has passed.
        :raises DemoError: when a topic falls silent.
        """
        heard: list[Report] = []
        while True:
            heard.append(await self.report())
            whole = total(heard)
            on_report(whole, min(1.0, whole.seconds / seconds))
            if whole.seconds >= seconds:
                break
        if whole.silent_topics:
            raise self.heard_nothing(whole.silent_topics, whole.seconds)
        return whole

    def heard_nothing(self, topics: list[str], seconds: float) -> DemoError:
        names = ", ".join(f"/{topic}" for topic in topics)
        return DemoError(f"{self.name} heard nothing on {names} for {seconds:.0f} s")
