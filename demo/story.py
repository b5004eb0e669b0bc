# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The demo's story: a robot, its monitor under two executors in turn, and the web page."""

from __future__ import annotations

import asyncio
import json
import signal

from dashboard.reports import Report, cpu_us_per_message, summarize
from rich.console import Console

from demo.isolation import describe
from demo.measurement import MonitorProcess
from demo.processes import DemoError, Process
from demo.screen import Screen, percentiles_ms
from demo.visitor import Visitor

SINGLE_THREADED = "SingleThreadedExecutor"
AIORCL = "AsyncioExecutor"
SERVER_IDLE = f"{AIORCL},\nweb server idle"
PAGE_IN_USE = f"{AIORCL},\npage in use"


def run(seconds: float, patience: float, port: int, keep: bool) -> int:
    """Tell the story on the terminal.

    :param seconds: length of each of the three measurements.
    :param patience: seconds of silence that are a failure.
    :param port: of the page; 0 for any free one.
    :param keep: leave the page up until a signal comes.
    :return: the exit status: 0, 1 if an expectation failed, 128 + n after signal n.
    """
    screen = Screen(Console())
    screen.say(describe())
    story = Story(screen, seconds, patience)
    try:
        asyncio.run(story.tell(port, keep))
    except DemoError as failure:
        screen.fail(str(failure))
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        screen.say(f"\nEnded by {signal.Signals(story.ended_by).name}")
        return 0 if story.told else 128 + story.ended_by
    return 0


class Story:
    """What the demo shows.

    ``told`` says that all of it was shown, ``ended_by`` which signal ended it.
    """

    def __init__(self, screen: Screen, seconds: float, patience: float) -> None:
        self.screen = screen
        self.seconds = seconds
        self.patience = patience
        self.measured: dict[str, Report] = {}
        self.told = False
        self.ended_by: int = signal.SIGINT

    async def tell(self, port: int, keep: bool) -> None:
        """Tell it all. SIGTERM and SIGHUP cancel the story, as asyncio lets SIGINT do.

        :raises DemoError: for the first expectation that failed.
        """
        task = asyncio.current_task()
        assert task is not None

        def end(number: int) -> None:
            self.ended_by = number
            task.cancel()

        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, end, number)
        failure: BaseException | None = None
        try:
            await self.show_robot(port, keep)
        except* DemoError as group:
            failure = group
            while isinstance(failure, BaseExceptionGroup):
                failure = failure.exceptions[0]
        if failure is not None:
            raise failure

    async def show_robot(self, port: int, keep: bool) -> None:
        """Start the robot, and its monitors one after the other, as long as the robot lives."""
        self.screen.chapter(f"A robot: ordinary rclpy, {SINGLE_THREADED}")
        async with (
            Process("The robot", "demo.robot", on_log=self.screen.log("robot")) as robot,
            asyncio.TaskGroup() as tasks,
        ):
            watch = tasks.create_task(robot.watch())
            self.screen.done(f"process {robot.pid} publishes 6 topics, 5 of them at 100 Hz")
            await self.show_single_threaded()
            await self.show_aiorcl(port, keep)
            watch.cancel()

    async def show_single_threaded(self) -> None:
        """Measure the monitor as it would run today."""
        self.screen.chapter(f"Its monitor: 9 rclpy nodes under {SINGLE_THREADED}")
        async with self.monitor(SINGLE_THREADED, "demo.monitor_single_threaded") as monitor:
            self.screen.done(f"process {monitor.pid} started")
            await self.measure(monitor, SINGLE_THREADED)

    async def show_aiorcl(self, port: int, keep: bool) -> None:
        """Measure the monitor under aiorcl, alone and while its page is in use."""
        self.screen.chapter(f"The same nodes under {AIORCL}, with a web server on the same loop")
        async with self.monitor(AIORCL, "demo.monitor_aiorcl", f"--port={port}") as monitor:
            url = json.loads(await monitor.read_line())["url"]
            self.screen.done(f"process {monitor.pid} started, page at {url}")
            await self.measure(monitor, SERVER_IDLE)
            await self.show_page(monitor, url)
            self.show_comparison()
            self.told = True
            if keep:
                self.screen.say(f"\nThe page stays at [bold]{url}[/]; Ctrl-C ends it")
                while True:
                    await monitor.report()

    async def show_page(self, monitor: MonitorProcess, url: str) -> None:
        """Visit the page, and measure the monitor meanwhile."""
        self.screen.chapter("A visitor: the page, its live state, its button")
        async with Visitor(url) as visitor:
            self.screen.done(f"GET  /            {await visitor.open_page()} bytes")
            state = await visitor.get_state()
            self.screen.done(f"GET  /api/state   speed {state['robot']['odom']['speed']:.2f} m/s")
            self.screen.done(f'POST /api/motors  "{await visitor.press_button(True)}"')
            speed = await visitor.watch_until_driving()
            self.screen.done(f"WS   /api/live    the robot drives, {speed:.2f} m/s")
            async with asyncio.TaskGroup() as tasks:
                stay = tasks.create_task(visitor.stay())
                await self.measure(monitor, PAGE_IN_USE)
                stay.cancel()
        self.screen.done(f"GET  /api/state:  {percentiles_ms(visitor.state_ms)}")
        self.screen.done(f"POST /api/motors: {percentiles_ms(visitor.service_ms)}, robot included")
        self.screen.done(f"WS   /api/live:   {visitor.frames} frames")

    def show_comparison(self) -> None:
        """Print all that was measured side by side."""
        theirs, ours = self.measured[SINGLE_THREADED], self.measured[SERVER_IDLE]
        cpu = cpu_us_per_message(ours) / cpu_us_per_message(theirs)
        latency = summarize(ours).p50_us / summarize(theirs).p50_us
        self.screen.chapter("Side by side")
        self.screen.compare(self.measured)
        self.screen.say(
            f"{AIORCL} with its idle web server: [bold]{cpu:.2f}[/] of the CPU per message, "
            f"[bold]{latency:.2f}[/] of the median latency"
        )
        self.screen.say(
            "[dim]Latency runs from the stamp that the robot gave to the callback. CPU is that of "
            "all threads of the monitor's process.[/]"
        )

    def monitor(self, executor: str, *arguments: str) -> MonitorProcess:
        """Make a monitor process, not started yet."""
        return MonitorProcess(
            f"The monitor under {executor}",
            *arguments,
            on_log=self.screen.log("monitor"),
            patience=self.patience,
        )

    async def measure(self, monitor: MonitorProcess, label: str) -> None:
        """Show what flows for the time of one measurement, and keep the sum under ``label``."""
        with self.screen.waiting("waiting for messages"):
            await monitor.wait_for_messages()
        with self.screen.progress() as on_report:
            self.measured[label] = await monitor.measure(self.seconds, on_report)
