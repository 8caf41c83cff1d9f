"""The gatekeeper's page and what it shows: live contents, pictures, figures for tools."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from urllib.parse import quote

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from hengyuan.terminal.screen.pages import Pages, event, stream
from hengyuan.terminal.screen.present import Presenter
from hengyuan.terminal.screen.status import status_of

log = structlog.get_logger(__name__)

PAUSE_S = 0.15
"""A page is not told of more changes than an eye can follow."""
ALIVE_S = 10.0


class GatePages:
    """`/`, `/live`, `/evidence/…` and `/status.json`."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._terminal = pages.terminal
        self._access = pages.access
        self._presenter = Presenter(pages.terminal, pages.vocabulary)

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/", self._pages.guard(self.gate)),
            Route("/live", self.live),
            Route("/evidence/{digest}", self.evidence),
            Route("/status.json", self.status),
        ]

    async def gate(self, request: Request) -> Response:
        """GET /"""
        video = self._terminal.video
        streams = {} if video is None else {n: video.of_lane(n) for n in self._terminal.lanes}
        return self._pages.render(
            request,
            "gate.html",
            lanes=list(self._terminal.board.lanes.values()),
            streams={
                lane: [(f"/video/{quote(each.name)}/live.m3u8", each.name) for each in found]
                for lane, found in streams.items()
            },
        )

    async def live(self, request: Request) -> Response:
        """GET /live: the page's contents, as often as they change."""
        if not self._access.is_open_to(request):
            return Response(status_code=403)

        async def events() -> AsyncIterator[bytes]:
            async for _ in self._terminal.board.changes(PAUSE_S, ALIVE_S):
                if not self._access.is_open_to(request):
                    return
                try:
                    await self._presenter.recent.refresh()
                except (sqlite3.Error, OSError) as error:
                    # the lanes are shown whatever the store says
                    log.error("screen.store_not_read", error=str(error))
                yield event(msgspec.json.encode(self._presenter.gate()))

        return stream(events())

    async def evidence(self, request: Request) -> Response:
        """GET /evidence/{digest}: a picture or clip of a record."""
        if not self._access.is_open_to(request):
            return Response(status_code=403)
        digest = request.path_params["digest"]
        try:
            begins = await self._terminal.worker.read_file(digest, 0, 12)
        except (OSError, ValueError):
            return Response(status_code=404)
        media_type = media_type_of(begins)
        if media_type is None:
            return Response(status_code=404)
        headers = {"cache-control": "private, max-age=86400, immutable"}
        # answers for a part of it too, as players ask
        path = self._terminal.worker.files.path(digest)
        return FileResponse(path, media_type=media_type, headers=headers)

    async def status(self, request: Request) -> Response:
        """GET /status.json"""
        if not self._access.status_is_open_to(request):
            return JSONResponse({"error": "forbidden"}, 403)
        return JSONResponse(await status_of(self._terminal))


def media_type_of(data: bytes) -> str | None:
    """What a stored file is by its first bytes; None for what no page shows."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[4:8] == b"ftyp":
        return "video/mp4"
    return None
