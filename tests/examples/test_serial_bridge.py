# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Tests of examples/serial_bridge: the test is the device, at the other side of a pseudo-terminal.

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rclpy.node import Node
from sensor_msgs.msg import Temperature
from std_srvs.srv import SetBool

import aiorcl
from aiorcl import AsyncioExecutor
from tests.support import examples
from tests.support.makers import MakeNode

pytestmark = pytest.mark.once

Port = examples.load("serial_bridge", "serial_bridge.simulator").Port
DEADLINE_SEC = 30


@dataclass
class Host:
    """What the nodes of a robot see of the bridge."""

    temperatures: asyncio.Queue[float]
    heat: Callable[[bool], Awaitable[Any]]


@contextlib.asynccontextmanager
async def bridge(node: Node, path: Path) -> AsyncIterator[Host]:
    """Run the bridge for the device at ``path``; it ends well, and prints no error, on Ctrl-C."""
    parameters = [f"port:={path}", "retry_sec:=0.01", "answer_timeout_sec:=20.0"]
    arguments = ["--ros-args", "--log-level", "error"]
    for parameter in parameters:
        arguments += ["-p", parameter]
    temperatures = asyncio.Queue[float]()
    node.create_subscription(
        Temperature, "temperature", lambda message: temperatures.put_nowait(message.temperature), 10
    )
    client = node.create_client(SetBool, "heat")
    domain_id = node.context.get_domain_id()
    with examples.start(
        "serial_bridge", "serial_bridge.bridge", *arguments, domain_id=domain_id
    ) as process:
        async with asyncio.timeout(DEADLINE_SEC), AsyncioExecutor(context=node.context) as executor:
            executor.add_node(node)
            await aiorcl.service_ready(client)
            yield Host(temperatures, lambda on: client.call_async(SetBool.Request(data=on)))
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=DEADLINE_SEC)
    assert (process.returncode, out, errors) == (0, "", "")


async def measure_until_heard(port: Any, host: Host) -> float:
    """Say a temperature again and again, as the device does, until one arrives."""
    while True:
        port.say("T 21.50")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                return await host.temperatures.get()


def test_lines_become_messages_and_a_call_a_command(make_node: MakeNode, tmp_path: Path) -> None:
    """Temperatures arrive, nonsense does not; the service is a command, and its answer comes."""

    async def main() -> None:
        path = tmp_path / "heater"
        async with Port(path) as port, bridge(make_node(), path) as host:
            assert await measure_until_heard(port, host) == 21.5
            for line in ("T hot", "nonsense", "", "T 60.25"):
                port.say(line)
            while (heard := await host.temperatures.get()) != 60.25:
                assert heard == 21.5  # one that was under way

            call = asyncio.ensure_future(host.heat(True))
            assert await port.hear() == "HEAT 1"
            port.say("OK")
            answer = await call
            assert (answer.success, answer.message) == (True, "on")

            call = asyncio.ensure_future(host.heat(True))
            assert await port.hear() == "HEAT 1"
            port.say("ERR too hot")
            answer = await call
            assert (answer.success, answer.message) == (False, "too hot")

    asyncio.run(main())


def test_unplugging(make_node: MakeNode, tmp_path: Path) -> None:
    """A call that waits is answered when the device is unplugged; all goes on when it is back."""

    async def main() -> None:
        path = tmp_path / "heater"
        async with bridge(make_node(), path) as host:
            answer = await host.heat(True)
            assert (answer.success, answer.message) == (False, f"no heater at {path}")
            async with Port(path) as port:
                await measure_until_heard(port, host)
                call = asyncio.ensure_future(host.heat(True))
                assert await port.hear() == "HEAT 1"
            answer = await call
            assert (answer.success, answer.message) == (False, "unplugged")
            async with Port(path) as port:
                await measure_until_heard(port, host)

    asyncio.run(main())


def test_the_simulator_is_a_heater(make_node: MakeNode, tmp_path: Path) -> None:
    """The simulator gets warmer when it is switched on through the bridge."""

    async def main() -> None:
        path = tmp_path / "heater"
        domain_id = 0
        with examples.start(
            "serial_bridge", "serial_bridge.simulator", path, domain_id=domain_id
        ) as simulator:
            assert simulator.stdout is not None
            assert simulator.stdout.readline() == f"A heater is at {path}\n"
            async with bridge(make_node(), path) as host:
                cold = await host.temperatures.get()
                assert (await host.heat(True)).success
                while await host.temperatures.get() <= cold:
                    pass
            simulator.send_signal(signal.SIGINT)
            assert simulator.communicate(timeout=DEADLINE_SEC) == ("", "")
        assert not path.is_symlink()

    asyncio.run(main())
