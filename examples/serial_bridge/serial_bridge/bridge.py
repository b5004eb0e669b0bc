# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The bridge: lines of a serial port become messages, a service becomes a command and its answer.

from __future__ import annotations

import asyncio
import contextlib

import aiorcl
from rclpy.node import Node
from sensor_msgs.msg import Temperature
from serial_asyncio_fast import open_serial_connection
from std_srvs.srv import SetBool


class HeaterBridge(Node):
    """A heater with a thermometer at a serial port.

    The heater says ``T 21.50`` again and again: topic ``temperature``. It is told ``HEAT 1`` or
    ``HEAT 0``, and answers ``OK`` or ``ERR reason``: service ``heat``. When it is unplugged the
    service says so, and the bridge waits for it to come back.
    """

    def __init__(self) -> None:
        super().__init__("heater_bridge")
        self.port = self.declare_parameter("port", "/dev/ttyUSB0").value
        self.baud_rate = self.declare_parameter("baud_rate", 115200).value
        self.retry_sec = self.declare_parameter("retry_sec", 1.0).value
        self.answer_timeout_sec = self.declare_parameter("answer_timeout_sec", 1.0).value
        self.temperature = self.create_publisher(Temperature, "temperature", 10)
        self.create_service(SetBool, "heat", self.heat)
        self.writer: asyncio.StreamWriter | None = None
        self.answer: asyncio.Future[str] | None = None

    async def run(self) -> None:
        """Serve the device, and whenever it is lost look for it again. Runs until cancelled."""
        while True:
            try:
                await self.serve()
            except OSError as error:  # pyserial's errors are such
                self.get_logger().warning(f"{self.port}: {error}", throttle_duration_sec=10)
            await asyncio.sleep(self.retry_sec)

    async def serve(self) -> None:
        """Read lines until the device is lost."""
        reader, writer = await open_serial_connection(url=self.port, baudrate=self.baud_rate)
        self.writer = writer
        self.get_logger().info(f"{self.port} is open")
        try:
            while line := await reader.readline():
                self.on_line(line.decode("ascii", errors="replace").strip())
        finally:
            self.writer = None
            if self.answer is not None and not self.answer.done():
                self.answer.set_result("ERR unplugged")
            writer.close()
            with contextlib.suppress(OSError):  # the reader has raised it
                await writer.wait_closed()

    def on_line(self, line: str) -> None:
        """Take in one line of the device."""
        kind, _, value = line.partition(" ")
        if kind in ("OK", "ERR"):
            if self.answer is not None and not self.answer.done():
                self.answer.set_result(line)
            return
        try:
            if kind != "T":
                raise ValueError("unknown kind")
            message = Temperature(temperature=float(value))
        except ValueError as error:
            self.get_logger().warning(f"{line!r} makes no sense: {error}")
            return
        message.header.frame_id = "heater"
        message.header.stamp = self.get_clock().now().to_msg()
        self.temperature.publish(message)

    async def heat(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        """Switch the heater. The node's default group lets one call in at a time."""
        if self.writer is None:
            response.message = f"no heater at {self.port}"
            return response
        self.answer = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self.answer_timeout_sec):
                self.writer.write(f"HEAT {request.data:d}\n".encode())
                word, _, reason = (await self.answer).partition(" ")
        except TimeoutError:
            response.message = "the heater does not answer"
        else:
            response.success = word == "OK"
            response.message = reason or ("on" if request.data else "off")
        finally:
            self.answer = None
        return response


async def bridge(executor: aiorcl.AsyncioExecutor) -> None:
    """Run the bridge."""
    node = HeaterBridge()
    executor.add_node(node)
    await node.run()


def main() -> None:
    """Run the bridge until Ctrl-C."""
    aiorcl.run(bridge)


if __name__ == "__main__":
    main()
