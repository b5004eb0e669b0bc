# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A web application beside a node; test_lifespan.py asks it, and ends it.

import asyncio
import socket
import sys
from collections.abc import AsyncIterator

import rclpy
import uvicorn
from fastapi import BackgroundTasks, FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from rclpy.node import Node
from std_srvs.srv import Trigger

import aiorcl


class Battery(Node):
    """Counts, until it is told to burn; a service of it takes for ever."""

    def __init__(self) -> None:
        super().__init__("battery")
        self.ticks = 0
        self.burns = False
        self.create_timer(0.001, self._tick)
        self.create_service(Trigger, "wait", self._wait)
        self.client = self.create_client(Trigger, "wait")

    def _tick(self) -> None:
        self.ticks += 1
        if self.burns:
            raise ValueError("burnt")

    async def _wait(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        print("asked", flush=True)
        await asyncio.Event().wait()
        return response

    def destroy_node(self) -> None:
        print("destroyed, ROS is up" if self.context.ok() else "destroyed late", flush=True)
        super().destroy_node()


async def greet(executor: aiorcl.AsyncioExecutor) -> None:
    """Run beside the node."""
    print(f"{len(executor.get_nodes())} node", flush=True)


ros = aiorcl.lifespan(Battery, greet, args=[], handler_cancellation="cancel" in sys.argv)
app = FastAPI(lifespan=ros)


@app.get("/ticks")
async def ticks(request: Request) -> int:
    """Look at the node, in its own thread."""
    assert request.state.ros is ros
    ticks: int = ros.node(Battery).ticks
    return ticks


@app.post("/burn")
async def burn() -> None:
    """Let the node fail."""
    ros.node(Battery).burns = True


@app.post("/shutdown")
async def shutdown() -> None:
    """Shut ROS down."""
    rclpy.shutdown()


@app.post("/call")
async def call() -> None:
    """Wait for the robot, which does not answer."""
    try:
        await aiorcl.call(ros.node(Battery).client, Trigger.Request())
    finally:
        print("call ended", flush=True)


@app.get("/events")
async def events() -> StreamingResponse:
    """Stream one event, and no other."""

    async def stream() -> AsyncIterator[str]:
        yield "data: begun\n\n"
        try:
            await asyncio.Event().wait()
        finally:
            print("stream ended", flush=True)

    return StreamingResponse(stream(), media_type="text/event-stream")


@app.get("/flood")
async def flood() -> StreamingResponse:
    """Stream more than the buffers of both sides take."""

    async def stream() -> AsyncIterator[bytes]:
        yield bytes(1 << 26)
        print("flooded", flush=True)
        yield b"more"  # the server waits here for the client
        print("read", flush=True)

    return StreamingResponse(stream(), media_type="text/event-stream")


async def told() -> str:
    """Return what the test says, when it does."""
    print("waits", flush=True)
    return await asyncio.to_thread(sys.stdin.readline)


@app.get("/late")
async def late() -> StreamingResponse:
    """Stream events without an end, but begin late."""
    await told()
    return await events()


@app.get("/rows")
async def rows() -> StreamingResponse:
    """Stream a table, whose length nobody knows before its end."""

    async def stream() -> AsyncIterator[str]:
        yield "1\n"
        yield await told()

    return StreamingResponse(stream(), media_type="text/csv")


@app.websocket("/live")
async def live(websocket: WebSocket) -> None:
    """Say one word, and then nothing."""
    await websocket.accept()
    await websocket.send_text("begun")
    await asyncio.Event().wait()


@app.websocket("/talk")
async def talk(websocket: WebSocket) -> None:
    """Listen until the page goes."""
    await websocket.accept()
    await websocket.send_text("begun")
    try:
        await websocket.receive_text()
    except WebSocketDisconnect:
        print("page has gone", flush=True)


@app.post("/later")
async def later(tasks: BackgroundTasks) -> None:
    """Work on behind the answer."""

    async def work() -> None:
        for _ in range(100):
            await asyncio.sleep(0)
        print("worked", flush=True)

    tasks.add_task(work)


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        uvicorn.run(
            app,
            fd=listener.fileno(),
            log_level="error",
            ws="websockets-sansio",
            timeout_graceful_shutdown=1 if "limit" in sys.argv else None,
        )
