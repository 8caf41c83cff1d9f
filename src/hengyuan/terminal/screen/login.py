"""Logging in and out: by name and PIN where people are configured, otherwise by the gate's PIN."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hengyuan.terminal.screen.access import COOKIE, same_origin
from hengyuan.terminal.screen.pages import Pages
from hengyuan.terminal.screen.pin import pin_matches


class LoginPages:
    """`/login` and `/logout`."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._pin = pages.terminal.config.screen.pin
        self._sessions = pages.sessions

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/login", self.login, methods=["GET", "POST"]),
            Route("/logout", self.logout, methods=["POST"]),
        ]

    async def login(self, request: Request) -> Response:
        """GET and POST /login"""
        if not self._pages.access.needs_pin:
            return RedirectResponse("/", 303)
        if request.method == "GET":
            return self._show(request)
        if not same_origin(request):
            return Response(status_code=403)
        _ = self._pages.gettext
        if self._sessions.locked or self._pages.people.locked:
            return self._show(request, _("Too many wrong PINs; wait five minutes"), 429)
        sent = await request.form(max_files=0, max_fields=4)
        fields = {key: value for key, value in sent.items() if isinstance(value, str)}
        name, pin = fields.get("name", ""), fields.get("pin", "")
        if not await self._is_right(name, pin):
            return self._show(request, _("That is not the PIN"), 403, name)
        answer = RedirectResponse("/", 303)
        self._pages.log_in(answer, request, name if self._pages.people else None)
        return answer

    async def _is_right(self, name: str, pin: str) -> bool:
        # scrypt takes some 50 ms on purpose; the lanes must not wait for it
        if self._pages.people:
            return await asyncio.to_thread(self._pages.people.check, name, pin) is not None
        assert self._pin is not None
        if await asyncio.to_thread(pin_matches, pin, self._pin):
            return True
        self._sessions.failed()
        return False

    def _show(
        self, request: Request, problem: str = "", status: int = 200, name: str = ""
    ) -> Response:
        names = self._pages.people.names
        return self._pages.render(
            request, "login.html", status, problem=problem, names=names, name=name
        )

    async def logout(self, request: Request) -> Response:
        """POST /logout"""
        if not same_origin(request):
            return Response(status_code=403)
        self._sessions.end(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE)
        return answer
