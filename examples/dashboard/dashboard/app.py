# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The web application: the page, its live frames, and what its buttons do."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import (
    Depends,
    FastAPI,
    HTTPException,
    WebSocket,
    WebSocketDisconnect,
    WebSocketException,
    status,
)
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.requests import HTTPConnection
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.live import Live
    from dashboard.operator import Motors, Patrols

HOSTS = ["127.0.0.1", "localhost"]
PAGE = Path(__file__).with_name("page")
SERVICE_TIMEOUT = 2.0


class MotorsRequest(BaseModel):
    on: bool


class MotorsResponse(BaseModel):
    success: bool
    message: str


class PatrolRequest(BaseModel):
    laps: int = Field(ge=1, le=9)


async def same_origin(connection: HTTPConnection) -> None:
    """Refuse what another web site asks for: browsers would let any page drive the robot."""
    # A coroutine function, though it awaits nothing: FastAPI calls others in threads.
    origin = connection.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != connection.headers["host"]:
        reason = "This comes from another web site"
        if connection.scope["type"] == "websocket":
            raise WebSocketException(status.WS_1008_POLICY_VIOLATION, reason)
        raise HTTPException(403, reason)


def make_app(
    live: Live, motors: Motors, patrols: Patrols, send_on_patrol: Callable[[int], object]
) -> FastAPI:
    """The web application over these nodes.

    Requests run on the loop that runs the nodes, so they read the nodes' attributes without a
    lock and await the robot's service like any coroutine.

    :param send_on_patrol: starts a patrol of some laps, which goes on after the request.
    """
    app = FastAPI(title="aiorcl dashboard", dependencies=[Depends(same_origin)])
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)

    @app.get("/api/state")
    async def get_state() -> JSONResponse:
        # As it is: FastAPI would look at each number, and hold the loop ten times as long.
        return JSONResponse(live.state())

    @app.websocket("/api/live")
    async def push_frames(websocket: WebSocket) -> None:
        await websocket.accept()
        with live.visit() as frames:

            async def push() -> None:
                with contextlib.suppress(WebSocketDisconnect):
                    async for frame in frames:
                        await websocket.send_text(frame)

            pushing = asyncio.create_task(push())
            with contextlib.suppress(WebSocketDisconnect):
                await websocket.receive_text()  # a page says nothing, until it goes
            pushing.cancel()
            await asyncio.wait([pushing])

    @app.post("/api/motors")
    async def set_motors(request: MotorsRequest) -> MotorsResponse:
        try:
            async with asyncio.timeout(SERVICE_TIMEOUT):
                response: Any = await motors.set(request.on)
        except TimeoutError:
            raise HTTPException(504, "The robot does not answer") from None
        return MotorsResponse(success=response.success, message=response.message)

    @app.post("/api/patrol", status_code=202)
    async def start_patrol(request: PatrolRequest) -> dict[str, Any]:
        if patrols.under_way:
            raise HTTPException(409, "The robot is on a patrol already")
        send_on_patrol(request.laps)
        return {"laps": request.laps}

    @app.post("/api/patrol/cancel")
    async def cancel_patrol() -> dict[str, Any]:
        try:
            async with asyncio.timeout(SERVICE_TIMEOUT):
                return {"success": await patrols.stop()}
        except TimeoutError:
            raise HTTPException(504, "The robot does not answer") from None

    app.mount("/", StaticFiles(directory=PAGE, html=True))
    return app
