"""What a search asks for, from the address of its page; and back into an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from gettext import NullTranslations
from urllib.parse import urlencode

from hengyuan.law.codes import CARGO_TYPES
from hengyuan.record.model import FLAGS, MAX_SEQ, VERDICTS
from hengyuan.record.ticket import BadTicket, parse_ticket
from hengyuan.terminal.screen.vocabulary import day_number
from hengyuan.terminal.store.search import Wanted

MAX_PART = 16
_FIELDS = ("plate", "from", "to", "verdict", "flag", "lane", "cargo", "seq", "shift")


@dataclass(frozen=True, slots=True)
class Asked:
    """A search: the fields as they were written, what they mean, and what is wrong with them."""

    fields: dict[str, str]
    wanted: Wanted
    problems: tuple[str, ...]
    before_seq: int | None = None

    @property
    def any(self) -> bool:
        """Whether anything was asked for at all."""
        return any(self.fields.values())

    def address(self, path: str, **more: object) -> str:
        """The address of the same search."""
        filled = {key: value for key, value in self.fields.items() if value}
        query = urlencode(filled | {key: str(value) for key, value in more.items()})
        return f"{path}?{query}" if query else path


def asked(query: Mapping[str, str], words: NullTranslations) -> Asked:
    """Read the query of an address. What cannot be understood is named and left out."""
    _ = words.gettext
    fields = {name: query.get(name, "").strip()[:64] for name in _FIELDS}
    problems: list[str] = []

    def day(name: str) -> int | None:
        if not fields[name]:
            return None
        try:
            return day_number(date.fromisoformat(fields[name]))
        except ValueError:
            problems.append(
                _("{text} is no day; write it like 2026-09-22").format(text=fields[name])
            )
            return None

    def number(name: str, most: int) -> int | None:
        text = fields[name]
        if not text:
            return None
        if text.isascii() and text.isdigit() and 1 <= int(text) <= most:
            return int(text)
        problems.append(_("{text} is no number that is in use here").format(text=text))
        return None

    def choice(name: str, known: tuple[str, ...]) -> str:
        if not fields[name] or fields[name] in known:
            return fields[name]
        problems.append(_("{text} cannot be searched for").format(text=fields[name]))
        return ""

    first_day, last_day = day("from"), day("to")
    if first_day is not None and last_day is not None and first_day > last_day:
        problems.append(_("The last day is before the first one"))
    seq = _seq_of(fields["seq"]) or number("seq", MAX_SEQ)
    wanted = Wanted(
        plate="".join(fields["plate"].split()).upper()[:MAX_PART],
        first_day=first_day,
        last_day=last_day,
        verdict=choice("verdict", (*VERDICTS, "void")),
        flag=choice("flag", FLAGS),
        lane=number("lane", 99),
        cargo=choice("cargo", tuple(CARGO_TYPES)),
        seq=seq,
    )
    before = query.get("before", "")
    before_seq = int(before) if before.isascii() and before.isdigit() and len(before) < 17 else None
    return Asked(fields, wanted, tuple(problems), before_seq)


def _seq_of(text: str) -> int | None:
    """A number that was scanned from a ticket: it names the record too."""
    try:
        return parse_ticket(text).seq
    except BadTicket:
        return None
