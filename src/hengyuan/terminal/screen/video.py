"""Live pictures for the gate's own pages: HLS with MP4 segments, for the gatekeeper alone.

To show a camera, a page loads `/static/video.js` as a module and has
`<video data-live="/video/NAME/live.m3u8" muted playsinline></video>` in it, and beside it, if it
likes, an element with the words of each state that is not playing.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hengyuan.terminal.devices import DeviceState
from hengyuan.terminal.screen.pages import Pages
from hengyuan.terminal.video.asked import NoVideo

if TYPE_CHECKING:
    from hengyuan.terminal.video.feed import Feed
    from hengyuan.terminal.video.recorder import Announced

_PLAYLIST = "application/vnd.apple.mpegurl"
_FRESH = {"cache-control": "no-store"}

Answer = Callable[[Request], Awaitable[Response]]


class LivePictures:
    """Playlists and segments of all streams."""

    def __init__(self, pages: Pages) -> None:
        self._terminal = pages.terminal
        self._access = pages.access

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/video/cameras.json", self._guarded(self._cameras)),
            Route("/video/{camera}/live.m3u8", self._guarded(self._playlist)),
            Route("/video/{camera}/init-{run:int}.mp4", self._guarded(self._init)),
            Route("/video/{camera}/{number:int}.m4s", self._guarded(self._segment)),
        ]

    def _guarded(self, answer: Answer) -> Answer:
        async def guarded(request: Request) -> Response:
            if not self._access.is_open_to(request):
                return Response(status_code=403)
            try:
                return await answer(request)
            except NoVideo:
                return Response(status_code=404)

        return guarded

    def _feed(self, request: Request) -> Feed:
        video = self._terminal.video
        if video is None:
            raise NoVideo("no stream is configured")
        return video.feed(request.path_params["camera"])

    async def _cameras(self, request: Request) -> Response:
        """GET /video/cameras.json: the streams of each lane, how they are and whether they play."""
        video = self._terminal.video
        states = {} if video is None else video.states()
        listed = [
            {
                "name": stream.name,
                "lane": lane,
                "view": stream.view,
                "state": states[stream.name].value,
                "plays": states[stream.name] is DeviceState.OK
                and bool(video and video.feed(stream.name).segments),
                "live": f"/video/{quote(stream.name)}/live.m3u8",
            }
            for lane in self._terminal.lanes
            for stream in ([] if video is None else video.of_lane(lane))
        ]
        return JSONResponse(listed, headers=_FRESH)

    async def _playlist(self, request: Request) -> Response:
        """GET /video/{camera}/live.m3u8; 503 while there is nothing to play."""
        segments = self._feed(request).segments
        if not segments:
            return Response(status_code=503, headers=_FRESH | {"retry-after": "2"})
        return Response(playlist(segments), media_type=_PLAYLIST, headers=_FRESH)

    async def _init(self, request: Request) -> Response:
        """GET /video/{camera}/init-{run}.mp4"""
        run = request.path_params["run"]
        for segment in self._feed(request).segments:
            if segment.run == run:
                return Response(segment.init, media_type="video/mp4", headers=_FRESH)
        return Response(status_code=404)

    async def _segment(self, request: Request) -> Response:
        """GET /video/{camera}/{number}.m4s"""
        found = self._feed(request).find(request.path_params["number"])
        if found is None:
            return Response(status_code=404)
        try:
            data = await asyncio.to_thread(found.kept.read)
        except OSError:
            return Response(status_code=404)
        return Response(data, media_type="video/iso.segment", headers=_FRESH)


def playlist(segments: Sequence[Announced]) -> str:
    """A live playlist (RFC 8216) of segments that follow each other."""
    first = segments[0]
    longest_ms = max(segment.kept.duration_ms for segment in segments)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{math.ceil(longest_ms / 1000)}",
        f"#EXT-X-MEDIA-SEQUENCE:{first.kept.number}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{first.run}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    run = None
    for segment in segments:
        if segment.run != run:
            if run is not None:
                lines.append("#EXT-X-DISCONTINUITY")
            run = segment.run
            lines.append(f'#EXT-X-MAP:URI="init-{run}.mp4"')
            begins = datetime.fromtimestamp(segment.kept.start_ms / 1000, UTC)
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{begins.isoformat(timespec='milliseconds')}")
        lines += [f"#EXTINF:{segment.kept.duration_ms / 1000:.3f},", f"{segment.kept.number}.m4s"]
    return "\n".join([*lines, ""])
