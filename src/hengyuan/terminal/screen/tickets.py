"""The ticket of a passage: what stands on the paper that the driver takes along.

The same ticket is shown as a page, set as PDF and sent to a receipt printer. Its number and its QR
code hold the paper against the record: see docs/protocol.md, ticket numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from gettext import NullTranslations
from typing import Literal

from hengyuan.record.model import Record
from hengyuan.record.ticket import ticket_of, ticket_path
from hengyuan.terminal.lane.recording import finding_of
from hengyuan.terminal.messages import tonnes
from hengyuan.terminal.screen.vocabulary import Vocabulary, moment

Form = Literal["weigh", "loading"]
Paper = Literal["80mm", "58mm", "a5"]
PAPERS: tuple[Paper, ...] = ("80mm", "58mm", "a5")


@dataclass(frozen=True, slots=True)
class Line:
    """A label and its value; `strong` ones are what the driver looks for."""

    label: str
    value: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket in words, in the language of the gate."""

    title: str
    unit: str
    number: str
    """Terminal, seq and the first digits of the digest."""
    address: str
    """What the QR code carries: where the platform answers for the number."""
    lines: tuple[Line, ...]
    verdict: str
    level: str
    notes: tuple[str, ...]
    signatures: tuple[str, ...]
    """Who signs, each with a line to sign on."""
    foot: str


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose tickets they are."""

    unit: str
    terminal: str
    platform_url: str


def form_of(record: Record) -> Form:
    """The ticket that a record gets unasked: with loading data it is a loading note."""
    known = (record.cargo, record.note_no, record.destination, record.carrier)
    return "loading" if any(known) else "weigh"


def make_ticket(
    record: Record,
    digest: bytes,
    issuer: Issuer,
    words: Vocabulary,
    translations: NullTranslations,
    printed_ms: int,
    form: Form | None = None,
    last_weighed: Record | None = None,
) -> Ticket:
    """The ticket of a passage as its newest record has it.

    `last_weighed` is given for a passage that was made void: the void itself has no weights.
    """
    _ = translations.gettext
    void = record.kind == "void"
    shown = last_weighed if void and last_weighed is not None else record
    form = form or form_of(shown)
    number = ticket_of(record.terminal, record.seq, digest)
    finding = finding_of(shown)
    over = finding.overload_kg if finding else 0
    verdict = words.records["void"] if void else words.verdict(finding)
    lines = [
        Line(_("Time"), moment(shown.weighed_at)),
        Line(_("Plate"), shown.plate or _("Plate not read"), strong=True),
        *_maybe(_("Trailer"), shown.trailer_plate),
        Line(_("Vehicle"), words.vehicle(shown)),
    ]
    if form == "loading":
        lines += [
            Line(_("Loading note"), shown.note_no or "–"),
            Line(_("Cargo"), words.cargo(shown.cargo) or "–"),
            Line(_("Carrier"), shown.carrier or "–"),
            Line(_("Destination"), shown.destination or "–"),
        ]
    lines += [
        Line(_("Gross mass"), _tonnes(shown.gross_kg), strong=True),
        *_maybe(_("Tare"), _tonnes(shown.tare_kg) if shown.tare_kg is not None else None),
        *_maybe(_("Net"), _tonnes(shown.net_kg) if shown.net_kg is not None else None, True),
        *_maybe(_("Limit"), _tonnes(shown.limit_kg) if shown.limit_kg is not None else None),
        *_maybe(_("Over by"), _tonnes(over) if over else None, True),
        *_maybe(_("Operator"), shown.operator),
    ]
    notes = [words.flags[flag] for flag in shown.flags]
    if record.reason:
        notes.append(_("Reason: {text}").format(text=record.reason))
    if record.witness:
        notes.append(_("Second person: {name}").format(name=record.witness))
    return Ticket(
        title=_("Loading note of goods") if form == "loading" else _("Weigh ticket"),
        unit=issuer.unit,
        number=str(number),
        address=issuer.platform_url.rstrip("/") + ticket_path(number),
        lines=tuple(lines),
        verdict=verdict,
        level="plain" if void or finding is None else finding.verdict,
        notes=tuple(notes),
        signatures=(
            (_("Loaded by"), _("Weighed by"), _("Driver's signature"))
            if form == "loading"
            else (_("Weighed by"), _("Driver's signature"))
        ),
        foot=_("Printed {time}").format(time=moment(printed_ms)),
    )


def _maybe(label: str, value: str | None, strong: bool = False) -> list[Line]:
    return [Line(label, value, strong)] if value else []


def _tonnes(mass_kg: int | None) -> str:
    return "–" if mass_kg is None else f"{tonnes(mass_kg)} t"
