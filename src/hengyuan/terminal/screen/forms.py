"""Forms of the gatekeeper: what was typed, what is wrong with it, and that it is done only once.

A touch panel is tapped twice and a slow answer is asked for again: a form carries a number of its
own, and the second time it comes it gets the answer of the first.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

if TYPE_CHECKING:
    from hengyuan.terminal.people import Person
    from hengyuan.terminal.screen.pages import Pages

MAX_FIELDS = 40
_REMEMBERED = 500
_PATIENCE_S = 20.0


class Once:
    """Where each form led that was done."""

    def __init__(self) -> None:
        self._done: OrderedDict[str, asyncio.Future[str | None]] = OrderedDict()

    async def begin(self, token: str) -> str | None:
        """Where the form led when it was done before; None for whoever is to do it now."""
        while (under_way := self._done.get(token)) is not None:
            async with asyncio.timeout(_PATIENCE_S):
                led_to = await asyncio.shield(under_way)
            if led_to is not None:
                return led_to
        self._done[token] = asyncio.get_running_loop().create_future()
        while len(self._done) > _REMEMBERED:
            self._done.popitem(last=False)
        return None

    def finish(self, token: str, led_to: str) -> None:
        """It is done."""
        if (future := self._done.get(token)) is not None and not future.done():
            future.set_result(led_to)

    def give_up(self, token: str) -> None:
        """It could not be done; it may be sent again."""
        future = self._done.pop(token, None)
        if future is not None and not future.done():
            future.set_result(None)


class Form:
    """One form on its way: fields as they were typed, problems by field, '' for the whole."""

    def __init__(self, pages: Pages, request: Request, fields: dict[str, str], token: str) -> None:
        self._pages = pages
        self._request = request
        self.fields = fields
        self.problems: dict[str, str] = {}
        self.token = token
        self.done: Response | None = None
        """The answer, where this very form was done before."""

    @classmethod
    def empty(cls, pages: Pages, request: Request, **fields: str) -> Form:
        """A form to be filled in, with what is known already."""
        return cls(pages, request, fields, secrets.token_urlsafe(12))

    @classmethod
    async def read(cls, pages: Pages, request: Request) -> Form:
        """What was sent."""
        sent = await request.form(max_files=0, max_fields=MAX_FIELDS)
        fields = {name: value for name, value in sent.items() if isinstance(value, str)}
        form = cls(pages, request, fields, fields.pop("form", "")[:64])
        if not form.token:
            form.token = secrets.token_urlsafe(12)
        led_to = await pages.once.begin(form.token)
        if led_to is not None:
            form.done = RedirectResponse(led_to, 303)
        return form

    def text(self, name: str, most: int, needed: str = "") -> str:
        """A text in one line; `needed` is what to say where it is empty."""
        text = " ".join(self.fields.get(name, "").split())
        if not text.isprintable():
            text = "".join(each for each in text if each.isprintable())
        if needed and not text:
            self.problem(name, needed)
        if len(text) > most:
            _ = self._pages.gettext
            self.problem(name, _("At most {count} characters").format(count=most))
        return text

    def number(self, name: str, least: int, most: int, needed: bool = True) -> int | None:
        """A whole number within bounds."""
        _ = self._pages.gettext
        text = "".join(self.fields.get(name, "").split())
        if not text and not needed:
            return None
        if text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most:
            return int(text)
        self.problem(
            name, _("A whole number from {least} to {most}").format(least=least, most=most)
        )
        return None

    def choice(self, name: str, known: tuple[str, ...], needed: str = "") -> str | None:
        """One of a list; None where it is left out and not needed."""
        value = self.fields.get(name, "")
        if value in known:
            return value
        if needed or value:
            self.problem(name, needed or self._pages.gettext("Choose one of the list"))
        return None

    async def person(self, name: str, pin: str) -> Person | None:
        """Who signs with name and PIN; the PIN is never kept, nor shown again."""
        _ = self._pages.gettext
        given, secret = self.fields.get(name, ""), self.fields.pop(pin, "")
        people = self._pages.people
        if not people:
            self.problem("", _("This needs people with names and PINs in the configuration"))
            return None
        if not given:
            self.problem(name, _("Who?"))
            return None
        if people.locked:
            self.problem(pin, _("Too many wrong PINs; wait five minutes"))
            return None
        # scrypt takes some 50 ms on purpose; the lanes must not wait for it
        found = await asyncio.to_thread(people.check, given, secret)
        if found is None:
            self.problem(pin, _("That is not the PIN"))
        return found

    def problem(self, name: str, text: str) -> None:
        """Something that is to be put right; the form may then be sent again."""
        self.problems.setdefault(name, text)
        self._pages.once.give_up(self.token)

    def finish(self, led_to: str) -> RedirectResponse:
        """The form is done; whoever sends it again is led there too."""
        self._pages.once.finish(self.token, led_to)
        return RedirectResponse(led_to, 303)
