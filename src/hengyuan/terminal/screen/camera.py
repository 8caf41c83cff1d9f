"""Where cameras push. An event is answered with 200 once it would survive a power cut."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from hengyuan.terminal.clock import utc
from hengyuan.terminal.drivers.base import PushCameraDriver
from hengyuan.terminal.lane.service import LaneService

if TYPE_CHECKING:
    from hengyuan.terminal.app import Terminal

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 32 * 1024 * 1024
RETRY_AFTER_S = 2


class TooLarge(ValueError):
    """The body is larger than any camera's event."""


class CameraDoor:
    """Takes the pushes of all cameras, one at a time for each of them."""

    def __init__(self, terminal: Terminal) -> None:
        self._clock = terminal.clock
        self._lane_of: dict[str, LaneService] = {}
        self._drivers: dict[str, PushCameraDriver] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        for lane in terminal.lanes.values():
            for settings in lane.config.cameras:
                driver = terminal.devices[settings.name]
                if isinstance(driver, PushCameraDriver):
                    self._drivers[settings.name] = driver
                    self._lane_of[settings.name] = lane
                    self._turns[settings.name] = asyncio.Lock()

    async def push(self, request: Request) -> Response:
        """POST /camera/{name}"""
        name = request.path_params["name"]
        driver = self._drivers.get(name)
        if driver is None:
            known = ", ".join(self._drivers) or "none"
            return _refusal(404, "unknown_camera", f"no camera {name!r} here; configured: {known}")
        return await self._read(driver, request)

    async def push_to_own_path(self, request: Request) -> Response:
        """POST where a camera insists on posting; it is known by its address, `host`."""
        peer = request.client.host if request.client else None
        asking = [d for d in self._drivers.values() if request.url.path in d.paths]
        known = [d for d in asking if getattr(d.settings, "host", None) == peer]
        if not known and len(asking) == 1:
            known = asking
        if len(known) != 1:
            detail = f"{len(known)} cameras with host {peer!r} post to {request.url.path}"
            return _refusal(404, "unknown_camera", detail)
        return await self._read(known[0], request)

    @property
    def paths(self) -> list[str]:
        """Where cameras post that cannot be told to post to `/camera/NAME`."""
        return sorted({path for driver in self._drivers.values() for path in driver.paths})

    async def _read(self, driver: PushCameraDriver, request: Request) -> Response:
        try:
            body = await _body(request)
        except TooLarge as error:
            return _refusal(413, "too_large", str(error))
        except ClientDisconnect:
            return Response(status_code=400)
        # a repeat has to wait for the first to be stored, or it would be answered before that
        async with self._turns[driver.name]:
            return await self._take(driver.name, driver, request, body)

    async def _take(
        self, name: str, driver: PushCameraDriver, request: Request, body: bytes
    ) -> Response:
        peer = request.client.host if request.client else None
        content_type = request.headers.get("content-type", "")
        try:
            event = driver.receive(content_type, body, utc(self._clock.now_ms()), peer)
        except ValueError as error:
            return _refusal(400, getattr(error, "reason", "malformed"), str(error))
        if event is not None:
            try:
                await self._lane_of[name].plate_event(event)
            except (OSError, sqlite3.Error) as error:
                driver.forget(event.event_id)
                log.error("camera.not_stored", camera=name, error=str(error))
                return _refusal(503, "not_stored", "the event could not be stored; send it again")
        reply = driver.reply(body)
        return Response(reply.body, media_type=reply.media_type)


async def _body(request: Request) -> bytes:
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > MAX_BODY_BYTES:
        raise TooLarge(f"{length} bytes, at most {MAX_BODY_BYTES}")
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise TooLarge(f"over {MAX_BODY_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def _refusal(status: int, error: str, detail: str) -> JSONResponse:
    headers = {"retry-after": str(RETRY_AFTER_S)} if status == 503 else None
    return JSONResponse({"error": error, "detail": detail}, status, headers)
