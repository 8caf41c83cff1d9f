"""Logging in and out."""

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
        if self._pin is None:
            return RedirectResponse("/", 303)
        render, _ = self._pages.render, self._pages.gettext
        if request.method == "GET":
            return render(request, "login.html", problem="")
        if not same_origin(request):
            return Response(status_code=403)
        if self._sessions.locked:
            problem = _("Too many wrong PINs; wait five minutes")
            return render(request, "login.html", 429, problem=problem)
        form = await request.form(max_files=0, max_fields=4)
        pin = form.get("pin", "")
        # scrypt takes some 50 ms on purpose; the lanes must not wait for it
        if not isinstance(pin, str) or not await asyncio.to_thread(pin_matches, pin, self._pin):
            self._sessions.failed()
            return render(request, "login.html", 403, problem=_("That is not the PIN"))
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
