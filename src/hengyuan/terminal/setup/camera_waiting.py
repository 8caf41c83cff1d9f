"""Until a camera has sent its first event: a door for those that push, a call for the others."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hengyuan.terminal.devices import PlateEvent
from hengyuan.terminal.drivers.base import PullCameraDriver, PushCameraDriver
from hengyuan.terminal.screen.server import ScreenServer

MAX_BODY_BYTES = 32 * 1024 * 1024
LOOK_EVERY_S = 0.1

Told = Callable[[str], None]


async def first_push(
    driver: PushCameraDriver, host: str, port: int, wait_s: float, told: Told
) -> PlateEvent | None:
    """The first event that is pushed to `/camera/NAME` or to the camera's own path; None where
    none comes in time. What cannot be used is told with its reason. PortTaken."""
    first: asyncio.Future[PlateEvent] = asyncio.get_running_loop().create_future()

    async def take(request: Request) -> Response:
        body = await request.body()
        peer = request.client.host if request.client else None
        if len(body) > MAX_BODY_BYTES:
            return JSONResponse({"error": "too_large"}, 413)
        content_type = request.headers.get("content-type", "")
        try:
            event = driver.receive(content_type, body, datetime.now(UTC), peer)
        except ValueError as error:
            told(f"{peer}: {error}")
            return JSONResponse({"error": "malformed", "detail": str(error)}, 400)
        if event is not None and not first.done():
            first.set_result(event)
        reply = driver.reply(body)
        return Response(reply.body, media_type=reply.media_type)

    paths = [f"/camera/{driver.name}", *driver.paths]
    app = Starlette(routes=[Route(path, take, methods=["POST"]) for path in paths])
    server = ScreenServer(app, host, port)
    serving = asyncio.create_task(server.serve())
    try:
        return await asyncio.wait_for(first, wait_s)
    except TimeoutError:
        return None
    finally:
        # the answer to the push has to go out before the door is shut
        await asyncio.sleep(LOOK_EVERY_S)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        server.close()


async def reached(driver: PullCameraDriver, wait_s: float) -> str | None:
    """Whether a camera lets itself be called: None where it does, else why not."""

    async def keep(event: PlateEvent) -> None:
        return

    pulling = asyncio.create_task(driver.pull(keep))
    loop = asyncio.get_running_loop()
    end = loop.time() + wait_s
    try:
        while loop.time() < end:
            if driver.state.value == "ok" or driver.counters.frames:
                return None
            if driver.counters.last_error:
                return driver.counters.last_error
            await asyncio.sleep(LOOK_EVERY_S)
        return f"{driver.state.value}: {wait_s:g} s"
    finally:
        pulling.cancel()
        await asyncio.gather(pulling, return_exceptions=True)


def own_address_towards(host: str) -> str:
    """This machine's address as `host` sees it; the loopback one where there is no network."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # nothing is sent: the system only looks which way it would go
        probe.connect((host, 9))
        address: str = probe.getsockname()[0]
        return address
    return "127.0.0.1"
