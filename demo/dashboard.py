# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The web application: a page, the live state, and the motors' button."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, HTTPException, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from demo.reports import Report, summarize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.nodes import Monitor, Motors, Reporter

PAGE = Path(__file__).with_name("dashboard.html")
PUSH_PERIOD = 0.1
SERVICE_TIMEOUT = 2.0


class MotorsRequest(BaseModel):
    on: bool


class MotorsResponse(BaseModel):
    success: bool
    message: str


def make_app(monitors: Sequence[Monitor], motors: Motors, reporter: Reporter) -> FastAPI:
    """The web application over these nodes.

    Requests run on the loop that runs the nodes, so they read the nodes' attributes without a
    lock and await the robot's service like any coroutine.
    """
    app = FastAPI(title="aiorcl demo")
    page = PAGE.read_text(encoding="utf-8")

    def state() -> dict[str, Any]:
        report = reporter.latest
        return {
            "motors_on": motors.on,
            "robot": {monitor.topic: monitor.state() for monitor in monitors},
            "topics": {} if report is None else figures_by_topic(report),
            "cpu_percent": None if report is None else report.cpu_percent,
        }

    @app.get("/", response_class=HTMLResponse)
    async def get_page() -> str:
        return page

    @app.get("/api/state")
    async def get_state() -> dict[str, Any]:
        return state()

    @app.websocket("/api/live")
    async def push_state(websocket: WebSocket) -> None:
        await websocket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                await websocket.send_json(state())
                await asyncio.sleep(PUSH_PERIOD)

    @app.post("/api/motors")
    async def set_motors(request: MotorsRequest) -> MotorsResponse:
        try:
            async with asyncio.timeout(SERVICE_TIMEOUT):
                response: Any = await motors.set(request.on)
        except TimeoutError:
            raise HTTPException(504, "The robot does not answer") from None
        return MotorsResponse(success=response.success, message=response.message)

    return app


def figures_by_topic(report: Report) -> dict[str, dict[str, float | None]]:
    figures = {topic: summarize(report, [topic]) for topic in report.latencies_us}
    return {
        topic: {
            "rate": one.rate,
            "p50_us": one.p50_us if one.messages else None,
            "p99_us": one.p99_us if one.messages else None,
        }
        for topic, one in figures.items()
    }
