"""Upkeep at the gate: devices and their outages, the journal; what its other pages share."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hengyuan.terminal.devices import DeviceState
from hengyuan.terminal.drivers.catalogue import kind_of
from hengyuan.terminal.screen.forms import Form
from hengyuan.terminal.screen.pages import Pages
from hengyuan.terminal.screen.present import LIGHTS
from hengyuan.terminal.screen.vocabulary import moment
from hengyuan.terminal.store import journal as journal_table
from hengyuan.terminal.store import repairs
from hengyuan.terminal.store import upkeep as store
from hengyuan.terminal.store.repairs import Impossible
from hengyuan.terminal.upkeep.words import JournalWords

MAX_NAME = 40
_SHOWN_OUTAGES = 40
_SHOWN_ENTRIES = 200
T = TypeVar("T")


class Section:
    """A group of upkeep's pages: rendering with tabs, who signs, writing with words for failure."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.terminal = pages.terminal
        self.upkeep = pages.terminal.upkeep
        self.gettext = pages.gettext
        self.journal_words = JournalWords(pages.terminal.words)

    def show(
        self, request: Request, template: str, status: int = 200, **values: object
    ) -> Response:
        """A page of upkeep."""
        _ = self.gettext
        tabs = [
            ("/upkeep", _("Devices")),
            ("/upkeep/scales", _("Scales and verification")),
            ("/upkeep/tickets", _("Maintenance tickets")),
            ("/upkeep/parts", _("Spare parts")),
            ("/upkeep/plans", _("Emergency plans")),
            ("/upkeep/journal", _("Journal")),
        ]
        path = request.url.path
        here = max((tab for tab, _name in tabs if f"{path}/".startswith(f"{tab}/")), key=len)
        return self.pages.render(
            request,
            f"upkeep/{template}",
            status,
            tabs=[{"path": tab, "name": name, "here": tab == here} for tab, name in tabs],
            moment=moment,
            most_name=MAX_NAME,
            **values,
        )

    def signs(self, form: Form, request: Request) -> str:
        """Who does it: whoever is logged in by name, else the name that was typed."""
        operator = self.pages.access.operator(request)
        if operator is not None:
            return operator
        return form.text("by", MAX_NAME, self.gettext("Who does it?"))

    async def write(self, form: Form, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do it in one transaction; None with a problem in the form where it could not be done."""
        _ = self.gettext
        try:
            return await self.upkeep.do(work)
        except Impossible:
            form.problem("", _("This can no longer be done; look at how it stands now"))
        except (sqlite3.Error, OSError) as error:
            form.problem("", _("It could not be stored: {error}").format(error=error))
        return None

    def now_ms(self) -> int:
        """The time that is written down."""
        return self.terminal.clock.now_ms()

    def device_names(self) -> tuple[str, ...]:
        """All devices of the gate, and what else breaks."""
        _ = self.gettext
        video = self.terminal.video
        streams = () if video is None else tuple(video.states())
        else_ = (_("Computer"), _("Power"), _("Network"), _("Scale pit"))
        return (*self.terminal.devices, *streams, *else_)


class UpkeepPages(Section):
    """`/upkeep` and `/upkeep/journal`."""

    def routes(self) -> list[Route]:
        """Where they are."""
        guard = self.pages.guard
        return [
            Route("/upkeep", guard(self.devices)),
            Route("/upkeep/journal", guard(self.journal)),
        ]

    async def devices(self, request: Request) -> Response:
        """GET /upkeep: every device with its light and since when, and the last outages."""
        read = self.terminal.worker.read
        open_ = {outage.device: outage for outage in await read(store.open_outages)}
        past = await read(lambda db: store.newest_outages(db, _SHOWN_OUTAGES))
        tickets = await read(repairs.open_count)
        offset_ms = self.terminal.checked.offset_ms
        return self.show(
            request,
            "devices.html",
            devices=[
                self._device(name, state, open_.get(name))
                for name, state in self.terminal.device_states().items()
            ],
            outages=[outage for outage in past if outage.for_s is not None],
            name_of=self._name,
            lasted=self._lasted,
            states=self._state_words(),
            tickets=tickets,
            offset_s=None if offset_ms is None else round(offset_ms / 1000, 1) + 0.0,
            unsynced=self.terminal.checked.unsynced,
            journal_waiting=self.terminal.uplink.journal_waiting,
            journal_trouble=self.terminal.uplink.journal_diverged
            or self.terminal.uplink.journal_refused
            or "",
        )

    def _device(self, name: str, code: str, outage: store.Outage | None) -> dict[str, Any]:
        words = self.pages.vocabulary
        device, state = self.terminal.devices.get(name), DeviceState(code)
        return {
            "repairable": name in self.device_names(),
            "name": self._name(name),
            "kind": words.kinds[kind_of(device.settings)] if device else self._kind(name),
            "light": LIGHTS[state],
            "state": words.devices[state],
            "since": moment(outage.since_ms) if outage else "",
        }

    def _kind(self, name: str) -> str:
        _, video = self.gettext, self.terminal.video
        return _("video stream") if video and name in video.states() else _("the terminal itself")

    def _name(self, name: str) -> str:
        """What is no device has a name of the protocol: in words here."""
        _ = self.gettext
        if name in self.terminal.devices:
            return name
        lane, _sign, number = name.partition(" ")
        if lane == "lane" and number:
            return _("Lane {number}").format(number=number)
        own = {"uplink": _("Upload of records"), "journal": _("Journal"), "disk": _("Disk")}
        return own.get(name, name)

    def _state_words(self) -> dict[str, str]:
        return {state.value: text for state, text in self.pages.vocabulary.devices.items()}

    def _lasted(self, seconds: int) -> str:
        _ = self.gettext
        if seconds < 120:
            return _("{count} s").format(count=seconds)
        if seconds < 7_200:
            return _("{count} min").format(count=round(seconds / 60))
        return _("{count} h").format(count=round(seconds / 3600, 1))

    async def journal(self, request: Request) -> Response:
        """GET /upkeep/journal: what happened here, newest first, and what the county has of it."""
        words = self.journal_words
        wanted = request.query_params.get("what", "")
        whats = (wanted,) if wanted in words.whats else ()
        read = self.terminal.worker.read
        rows = await read(lambda db: journal_table.newest_of(db, whats, _SHOWN_ENTRIES))
        acked = await read(journal_table.acknowledged)
        entries = [
            {
                "number": row.number,
                "at": moment(row.at_ms),
                "lane": row.lane or "",
                "what": words.what(row.what),
                "detail": words.detail(row.detail),
                "acked": row.number <= acked,
            }
            for row in rows
        ]
        return self.show(
            request,
            "journal.html",
            entries=entries,
            whats=words.whats,
            wanted=wanted if whats else "",
            most=_SHOWN_ENTRIES,
        )
