# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What a person with a browser would do: open the page, press its button, watch the robot."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, Self

import httpx
import websockets

from demo.processes import DemoError

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_SECONDS = 10.0
REQUEST_PERIOD = 0.05
DRIVING = 0.1  # m/s: more than this is driving

State = dict[str, Any]


class Visitor:
    """A visitor of the page at ``url``, for the time of an ``async with`` block.

    Every method raises DemoError when the page disappoints.

    ``state_ms`` and ``service_ms`` are the times that its requests for the state, and those that
    called the robot's service, took; ``frames`` counts what the live page showed.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        # The environment may name a proxy, which could not reach this page: do not trust it.
        self.client = httpx.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS, trust_env=False)
        self.state_ms: list[float] = []
        self.service_ms: list[float] = []
        self.frames = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.client.aclose()

    async def open_page(self) -> int:
        """Fetch the page; its size in bytes."""
        response = await self._request("GET", "/")
        if "<title>aiorcl dashboard</title>" not in response.text:
            raise DemoError(f"{self.url} is not the page of the demo")
        return len(response.content)

    async def get_state(self) -> State:
        """Fetch the live state."""
        start = time.perf_counter()
        response = await self._request("GET", "/api/state")
        self.state_ms.append(1000 * (time.perf_counter() - start))
        state: State = response.json()
        return state

    async def press_button(self, on: bool) -> str:
        """Switch the motors through the page; what the robot says to that."""
        start = time.perf_counter()
        response = await self._request("POST", "/api/motors", json={"on": on})
        self.service_ms.append(1000 * (time.perf_counter() - start))
        answer = response.json()
        if not answer["success"]:
            raise DemoError(f"The robot did not switch its motors: {answer['message']}")
        return str(answer["message"])

    async def watch_until_driving(self) -> float:
        """Look at the live page until the robot drives; its speed in m/s."""
        speed = 0.0

        def drives(state: State) -> bool:
            nonlocal speed
            if odom := state.get("robot", {}).get("odom"):  # a frame has what is new
                speed = float(odom["speed"])
            return speed > DRIVING

        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._watch(drives)
        except TimeoutError:
            raise DemoError(
                f"The motors are on, but the page shows the robot at {speed:.2f} m/s"
            ) from None
        return speed

    async def stay(self) -> None:
        """Keep the live page open, ask for the state, press the button; until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch(lambda _: False))
            while True:
                await self.get_state()
                await self.press_button(True)
                await asyncio.sleep(REQUEST_PERIOD)

    async def _watch(self, enough: Callable[[State], bool]) -> None:
        live = self.url.replace("http", "ws", 1) + "/api/live"
        try:
            async with websockets.connect(live, proxy=None) as page:
                while True:
                    state = json.loads(await page.recv())
                    self.frames += 1
                    if enough(state):
                        return
        except (OSError, websockets.WebSocketException) as error:
            raise DemoError(f"The live page {live} failed: {error!r}") from error

    async def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            response = await self.client.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise DemoError(f"{method} {self.url}{path} failed: {error!r}") from error
        if response.status_code != httpx.codes.OK:
            raise DemoError(
                f"{method} {self.url}{path} answered {response.status_code}: {response.text}"
            )
        return response
