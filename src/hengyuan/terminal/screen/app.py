"""The gate's pages and doors as one web application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hengyuan.terminal.drivers.html.driver import Driver as PageDisplay
from hengyuan.terminal.screen.access import COOKIE, Access, same_origin
from hengyuan.terminal.screen.camera import CameraDoor
from hengyuan.terminal.screen.pin import Sessions, pin_matches
from hengyuan.terminal.screen.present import Presenter
from hengyuan.terminal.screen.status import status_of

if TYPE_CHECKING:
    from hengyuan.terminal.app import Terminal

HERE = Path(__file__).parent
PAUSE_S = 0.15
"""A page is not told of more changes than an eye can follow."""
ALIVE_S = 10.0
LONG_POLL_S = 5.0
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "x-content-type-options": "nosniff",
    # not "no-referrer": browsers would hide the origin of our own forms from us as well
    "referrer-policy": "same-origin",
}


def screen_app(terminal: Terminal) -> ASGIApp:
    """The application for one terminal."""
    screen = Screen(terminal)
    cameras = CameraDoor(terminal)
    routes = [
        Route("/", screen.gate),
        Route("/live", screen.gate_live),
        Route("/login", screen.login, methods=["GET", "POST"]),
        Route("/logout", screen.logout, methods=["POST"]),
        Route("/status.json", screen.status),
        Route("/evidence/{digest}", screen.picture),
        Route("/display/{lane:int}", screen.display),
        Route("/display/{lane:int}/live", screen.display_live),
        Route("/camera/{name}", cameras.push, methods=["POST"]),
        *(Route(path, cameras.push_to_own_path, methods=["POST"]) for path in cameras.paths),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]
    return _with_headers(Starlette(routes=routes))


class Screen:
    """What the pages answer."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        settings = terminal.config.screen
        self._pin = settings.pin
        self._sessions = Sessions(settings.session_h, terminal.clock)
        self._access = Access(settings, self._sessions)
        self._presenter = Presenter(terminal)
        self._templates = templates()
        self._templates.install_gettext_translations(terminal.words)  # type: ignore[attr-defined]
        self._displays = {
            lane.config.table.number: [
                display
                for settings in lane.config.displays
                if isinstance(display := terminal.devices[settings.name], PageDisplay)
            ]
            for lane in terminal.lanes.values()
        }

    # the gatekeeper

    async def gate(self, request: Request) -> Response:
        """GET /"""
        if not self._access.is_open_to(request):
            return self._turn_away(request)
        enrolment = self._terminal.identity.enrolment
        return self._page(
            "gate.html",
            terminal=enrolment.terminal_name or enrolment.terminal,
            code=enrolment.terminal,
            unit=enrolment.unit_name or enrolment.unit,
            lanes=list(self._terminal.board.lanes.values()),
            can_log_out=self._access.needs_pin,
        )

    async def gate_live(self, request: Request) -> Response:
        """GET /live: the page's contents, as often as they change."""
        if not self._access.is_open_to(request):
            return Response(status_code=403)

        async def events() -> AsyncIterator[bytes]:
            async for _ in self._terminal.board.changes(PAUSE_S, ALIVE_S):
                if not self._access.is_open_to(request):
                    return
                yield _event(msgspec.json.encode(self._presenter.gate()))

        return _stream(events())

    async def picture(self, request: Request) -> Response:
        """GET /evidence/{digest}"""
        if not self._access.is_open_to(request):
            return Response(status_code=403)
        digest = request.path_params["digest"]
        try:
            data = await self._terminal.worker.read_file(digest, 0, 64 * 1024 * 1024)
        except (OSError, ValueError):
            return Response(status_code=404)
        media_type = "image/jpeg" if data.startswith(_JPEG) else "image/png"
        if not data.startswith((_JPEG, _PNG)):
            return Response(status_code=404)
        headers = {"cache-control": "private, max-age=86400, immutable"}
        return Response(data, media_type=media_type, headers=headers)

    async def status(self, request: Request) -> Response:
        """GET /status.json"""
        if not self._access.status_is_open_to(request):
            return JSONResponse({"error": "forbidden"}, 403)
        return JSONResponse(await status_of(self._terminal))

    # who is it

    async def login(self, request: Request) -> Response:
        """GET and POST /login"""
        if self._pin is None:
            return RedirectResponse("/", 303)
        if request.method == "GET":
            return self._page("login.html", problem="")
        gettext = self._terminal.words.gettext
        if not same_origin(request):
            return Response(status_code=403)
        if self._sessions.locked:
            problem = gettext("Too many wrong PINs; wait five minutes")
            return self._page("login.html", 429, problem=problem)
        form = await request.form(max_files=0, max_fields=4)
        pin = form.get("pin", "")
        # scrypt takes some 50 ms on purpose; the lanes must not wait for it
        if not isinstance(pin, str) or not await asyncio.to_thread(pin_matches, pin, self._pin):
            self._sessions.failed()
            return self._page("login.html", 403, problem=gettext("That is not the PIN"))
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            COOKIE, self._sessions.begin(), httponly=True, samesite="strict", path="/"
        )
        return answer

    async def logout(self, request: Request) -> Response:
        """POST /logout"""
        if not same_origin(request):
            return Response(status_code=403)
        self._sessions.end(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE)
        return answer

    def _turn_away(self, request: Request) -> Response:
        if self._access.needs_pin:
            return RedirectResponse("/login", 303)
        return self._page("local.html", 403)

    # the driver's display

    async def display(self, request: Request) -> Response:
        """GET /display/{lane}"""
        number = request.path_params["lane"]
        if not self._displays.get(number):
            return self._page("no_display.html", 404, number=number)
        view = self._terminal.board.lanes[number]
        return self._page("display.html", number=number, title=view.title)

    async def display_live(self, request: Request) -> Response:
        """GET /display/{lane}/live: each message as it comes."""
        displays = self._displays.get(request.path_params["lane"])
        if not displays:
            return Response(status_code=404)

        async def events() -> AsyncIterator[bytes]:
            shown = displays[0].current()
            yield _event(msgspec.json.encode(shown))
            while True:
                newer = await displays[0].newer_than(shown.version, LONG_POLL_S)
                if newer.version == shown.version:
                    yield b": alive\n\n"
                else:
                    shown = newer
                    yield _event(msgspec.json.encode(shown))

        return _stream(events())

    def _page(self, template: str, status: int = 200, **values: object) -> HTMLResponse:
        html = self._templates.get_template(template).render(
            language=self._terminal.config.language.replace("_", "-"), **values
        )
        return HTMLResponse(html, status, {"cache-control": "no-store"})


def templates() -> Environment:
    """The pages' templates; whoever renders them installs a language first."""
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _event(data: bytes) -> bytes:
    return b"data: " + data + b"\n\n"


def _stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


def _with_headers(app: ASGIApp) -> ASGIApp:
    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await app(scope, receive, send_with_headers)

    return wrapped
