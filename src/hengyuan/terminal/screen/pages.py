"""What all pages of the gate have in common: templates, navigation, who may open them, headers."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hengyuan.terminal.people import People, Person
from hengyuan.terminal.screen.access import COOKIE, Access, same_origin
from hengyuan.terminal.screen.forms import Once
from hengyuan.terminal.screen.pin import Sessions
from hengyuan.terminal.screen.vocabulary import Vocabulary

if TYPE_CHECKING:
    from hengyuan.terminal.app import Terminal

HERE = Path(__file__).parent
LOOK_COOKIE = "hengyuan-look"
_LOOKS = {"light", "dark"}
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; media-src 'self' blob:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    # not "no-referrer": browsers would hide the origin of our own forms from us as well
    "referrer-policy": "same-origin",
}

Endpoint = Callable[[Request], Awaitable[Response]]


class Pages:
    """Renders pages for one terminal and turns strangers away."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        settings = terminal.config.screen
        self.sessions = Sessions(settings.session_h, terminal.clock)
        for lane in terminal.lanes.values():
            lane.recorder.at_the_gate = self.sessions.at_the_gate
        self.people = People(terminal.config.people, terminal.clock)
        self.access = Access(settings, self.sessions, named=bool(self.people))
        self.once = Once()
        self.gettext = terminal.words.gettext
        self.vocabulary = Vocabulary(terminal.words, terminal.config.language == "zh_Hans")
        self._templates = templates()
        self._templates.install_gettext_translations(terminal.words)  # type: ignore[attr-defined]
        _ = self.gettext
        self.navigation = [
            ("/", _("Weighing page")),
            ("/records", _("Records")),
            ("/totals", _("Totals")),
            ("/shifts", _("Hand-over")),
            ("/upkeep", _("Upkeep")),
        ]
        """Path and name of what every page leads to; the first part of a path is its section."""
        self._said = {
            "handed_over": _("The shift is handed over"),
            "printed": _("The ticket was sent to the printer"),
            "plate": _("The plate is recorded; a wrong one can be typed again"),
            "loading": _("The loading data are recorded; wrong ones can be written again"),
            "void": _("The record is void"),
            "override": _("The truck is released by override"),
            "manual": _("The weighing by hand is recorded"),
            "barrier": _("The barrier was ordered to open"),
            "alone": _("The truck on the scale is weighed as one"),
            "reweigh": _("The truck is weighed again"),
            "verified": _("The verification is entered"),
            "ticket_opened": _("The repair is asked for; the county is told"),
            "ticket_note": _("Written down"),
            "ticket_part": _("The spare part is taken out of the stock"),
            "ticket_swap": _("The swap is entered"),
            "ticket_close": _("The repair is finished"),
            "part": _("The stock is changed"),
            "plan_begun": _("The emergency plan is begun; the county is told"),
            "plan_ended": _("The emergency plan is ended"),
        }
        """What the page before did, by the code that its answer carries."""

    def guard(self, endpoint: Endpoint) -> Endpoint:
        """For the gatekeeper alone; and a form counts only if one of our pages sent it."""

        @functools.wraps(endpoint)
        async def guarded(request: Request) -> Response:
            if request.method not in ("GET", "HEAD") and not same_origin(request):
                return Response(status_code=403)
            if not self.access.is_open_to(request):
                return self._turn_away(request)
            return await endpoint(request)

        return guarded

    def render(
        self, request: Request, template: str, status: int = 200, **values: object
    ) -> HTMLResponse:
        """A page; every template may use what stands in `_surroundings`."""
        html = self._templates.get_template(template).render(
            **self._surroundings(request), **values
        )
        return HTMLResponse(html, status, {"cache-control": "no-store"})

    def operator(self, request: Request) -> Person | None:
        """Who is logged in, where people have names."""
        name = self.access.operator(request)
        for table in self.terminal.config.people:
            if table.name == name:
                return Person(table.name, table.role)
        return None

    def log_in(self, answer: Response, request: Request, name: str | None = None) -> None:
        """Begin a session, in place of the one that was."""
        self.sessions.end(request.cookies.get(COOKIE, ""))
        token = self.sessions.begin(name)
        answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", path="/")

    def missing(self, request: Request, what: str) -> Response:
        """404 in words."""
        return self.render(request, "missing.html", 404, what=what)

    def _surroundings(self, request: Request) -> dict[str, object]:
        enrolment = self.terminal.identity.enrolment
        path = request.url.path
        look = request.cookies.get(LOOK_COOKIE, "")
        section = "/" + path.split("/")[1] if not path.startswith("/lanes/") else "/"
        return {
            "language": self.terminal.config.language.replace("_", "-"),
            "look": look if look in _LOOKS else "",
            "terminal": enrolment.terminal_name or enrolment.terminal,
            "code": enrolment.terminal,
            "unit": enrolment.unit_name or enrolment.unit,
            "navigation": [
                {"path": path, "name": name, "here": path == section}
                for path, name in self.navigation
            ],
            "can_log_out": self.access.needs_pin,
            "operator": self.access.operator(request),
            "notices": self.terminal.upkeep.notices,
            "said": self._said.get(request.query_params.get("said", ""), ""),
        }

    def _turn_away(self, request: Request) -> Response:
        if self.access.needs_pin:
            return RedirectResponse("/login", 303)
        return self.render(request, "local.html", 403)


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


def event(data: bytes) -> bytes:
    """One event of a stream."""
    return b"data: " + data + b"\n\n"


def stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    """Events for as long as the page listens."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


def with_headers(app: ASGIApp, headers: Mapping[str, str] = _HEADERS) -> ASGIApp:
    """The application, with the headers that guard its pages on every answer."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = MutableHeaders(scope=message)
                for name, value in headers.items():
                    own.setdefault(name, value)
            await send(message)

        await app(scope, receive, send_with_headers)

    return wrapped
