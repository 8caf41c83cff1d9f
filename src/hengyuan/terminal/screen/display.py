"""The driver's display as a page: one for each lane that has such a display."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hengyuan.terminal.drivers.html.driver import Driver as PageDisplay
from hengyuan.terminal.screen.pages import Pages, event, stream

LONG_POLL_S = 5.0


class DisplayPages:
    """`/display/{lane}`, open to the gate's network."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        terminal = pages.terminal
        self._displays = {
            lane.config.table.number: [
                display
                for settings in lane.config.displays
                if isinstance(display := terminal.devices[settings.name], PageDisplay)
            ]
            for lane in terminal.lanes.values()
        }

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/display/{lane:int}", self.display),
            Route("/display/{lane:int}/live", self.live),
        ]

    async def display(self, request: Request) -> Response:
        """GET /display/{lane}"""
        number = request.path_params["lane"]
        if not self._displays.get(number):
            return self._pages.render(request, "no_display.html", 404, number=number)
        view = self._pages.terminal.board.lanes[number]
        return self._pages.render(request, "display.html", number=number, title=view.title)

    async def live(self, request: Request) -> Response:
        """GET /display/{lane}/live: each message as it comes."""
        displays = self._displays.get(request.path_params["lane"])
        if not displays:
            return Response(status_code=404)

        async def events() -> AsyncIterator[bytes]:
            shown = displays[0].current()
            yield event(msgspec.json.encode(shown))
            while True:
                newer = await displays[0].newer_than(shown.version, LONG_POLL_S)
                if newer.version == shown.version:
                    yield b": alive\n\n"
                else:
                    shown = newer
                    yield event(msgspec.json.encode(shown))

        return stream(events())
