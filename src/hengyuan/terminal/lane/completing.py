"""What the store knows of a truck, added to its record in the transaction that stores it.

Whether it is a truck that was held and comes back, what it weighed when it came in, which way it
drives in a lane for both, and what an earlier record of it says already.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal

import msgspec
from msgspec.structs import replace

from hengyuan.record.canonical import read_line
from hengyuan.record.model import Record
from hengyuan.terminal.lane.amending import with_files, with_flags
from hengyuan.terminal.store import search
from hengyuan.terminal.store.held import Held, Why, held_as
from hengyuan.terminal.store.tares import (
    Tare,
    TareRule,
    last_tare,
    open_tare,
    remembered_tare,
)

LaneKind = Literal["exit", "entry", "both"]
Direction = Literal["forward", "reverse"]


@dataclass(frozen=True, slots=True)
class Ways:
    """How a lane works; see `[[lanes]]`, `[lanes.tares]` and `[lanes.hold]`."""

    kind: LaneKind
    drives_out: Direction | None
    """What the cameras say of a truck that drives out; None where they are not asked."""
    tares: TareRule
    least_net_kg: int
    """So much more than its tare weighs a truck that drives out of a lane for both."""
    holds: frozenset[Why]
    """Why a truck is held here."""
    reweigh_ms: int
    """So long a held truck may come back."""


def complete(
    connection: sqlite3.Connection, record: Record, ways: Ways, direction: str | None = None
) -> Record:
    """The record with what is known of its truck. `direction`: as its cameras saw it drive."""
    before = None if record.corrects is None else newest_of(connection, record.corrects)
    if before is not None:
        record = carried(record, before)
    if before is not None and before.kind == "void":
        return record
    named_now = before is not None and before.plate is None and record.plate is not None
    new_here = before is None or named_now
    if ways.kind == "both" and (before is None or (named_now and before.kind != "reweigh")):
        record = _driving(connection, record, ways, direction)
    if record.kind == "exit" and before is None:
        held = _held(connection, record, ways)
        before = None if held is None else newest_of(connection, held.seq)
        if before is not None:
            record = carried(replace(record, kind="reweigh", corrects=before.seq), before)
    if ways.kind == "both" and new_here:
        _note_order(connection, record, ways)
    return with_tare(connection, record, ways.tares)


def amended(connection: sqlite3.Connection, record: Record, ways: Ways) -> Record:
    """A record that a person corrected, with what follows from it: another plate, another tare."""
    before = None if record.corrects is None else newest_of(connection, record.corrects)
    if before is None or record.kind == "void" or record.plate == before.plate:
        return record
    if record.tare_kg == before.tare_kg:
        record = replace(record, tare_kg=None, net_kg=None)
    by_book = ways.kind == "both" and ways.drives_out is None
    if by_book and before.plate is None and before.kind == "exit":
        record = _driving(connection, record, ways, None)
    if ways.kind == "both":
        _note_order(connection, record, ways)
    return with_tare(connection, record, ways.tares)


def newest_of(connection: sqlite3.Connection, seq: int) -> Record | None:
    """The newest record of the passage that a record belongs to."""
    passage = search.passage_of(connection, seq)
    if passage is None:
        return None
    (line,) = connection.execute("SELECT line FROM record WHERE seq = ?", (passage.seq,)).fetchone()
    return read_line(line)


def carried(record: Record, before: Record) -> Record:
    """A later weighing or reading of a truck, with what was written down of it before.

    An override lets out the weight that it was given for, and no other.
    """
    record = replace(
        record,
        corrects=before.seq,
        cargo=record.cargo or before.cargo,
        note_no=record.note_no or before.note_no,
        destination=record.destination or before.destination,
        carrier=record.carrier or before.carrier,
        operator=record.operator or before.operator,
    )
    if before.plate is None or record.plate == before.plate:
        record = _weighing_tare(record, before.tare_kg)
    if record.kind != "reweigh" and before.kind != "void":
        record = replace(record, kind=before.kind, files=with_files(before.files, record.files))
    if before.kind == "entry":
        return unjudged(record)
    if "override" in before.flags and record.gross_kg == before.gross_kg:
        return replace(
            record,
            flags=with_flags(record, "override"),
            reason=before.reason,
            operator=before.operator,
            witness=before.witness,
        )
    return record


def unjudged(record: Record) -> Record:
    """The record as that of a truck that comes in: it is only weighed."""
    return replace(record, kind="entry", verdict=None, limit_kg=None, rule_pack=None, assumed=False)


def with_tare(connection: sqlite3.Connection, record: Record, rule: TareRule) -> Record:
    """The record with tare and net, where the truck drives out and its tare is known."""
    if record.kind not in ("exit", "reweigh") or record.plate is None:
        return record
    gross_kg = record.gross_kg
    if gross_kg is None or record.tare_kg is not None:
        return record
    corrects = record.corrects
    first_seq = None if corrects is None else search.first_of(connection, corrects)
    tare = open_tare(connection, record.plate, record.weighed_at, rule, first_seq)
    if tare is not None and tare.tare_kg >= gross_kg:
        _note(connection, record, "tare_implausible", tare)
        return record
    if tare is None:
        tare = remembered_tare(connection, record.plate, record.weighed_at, rule)
        if tare is None or tare.tare_kg >= gross_kg:
            return record
        _note(connection, record, "tare_remembered", tare)
    return _weighing_tare(record, tare.tare_kg)


def _weighing_tare(record: Record, tare_kg: int | None) -> Record:
    if tare_kg is None or record.gross_kg is None:
        return record
    return replace(record, tare_kg=tare_kg, net_kg=record.gross_kg - tare_kg)


def _driving(
    connection: sqlite3.Connection, record: Record, ways: Ways, direction: str | None
) -> Record:
    """The record of a lane for both, as of a truck that comes in or drives out.

    Who is not known to come in is judged: a truck that was taken for one that comes in would leave
    without a verdict.
    """
    if ways.drives_out is not None and direction in ("forward", "reverse"):
        out = direction == ways.drives_out
    else:
        out = (
            record.plate is None
            or record.verdict == "over"
            or _held(connection, record, ways) is not None
            or _loaded(connection, record, ways)
        )
        if not out and _half_full(record):
            _note_plate(connection, record, "entered_loaded", limit_kg=record.limit_kg)
    return replace(record, kind="exit") if out else unjudged(record)


def _half_full(record: Record) -> bool:
    """It weighs more than half of its limit: no truck does so that is empty."""
    assert record.gross_kg is not None
    return record.limit_kg is not None and record.gross_kg * 2 > record.limit_kg


def _loaded(connection: sqlite3.Connection, record: Record, ways: Ways) -> bool:
    """It weighs more than when it came in; or, where it has not, than when it last did so."""
    assert record.plate is not None and record.gross_kg is not None
    tare = open_tare(connection, record.plate, record.weighed_at, ways.tares)
    if tare is None:
        tare = last_tare(connection, record.plate)
    return tare is not None and record.gross_kg - tare.tare_kg >= ways.least_net_kg


def _note_order(connection: sqlite3.Connection, record: Record, ways: Ways) -> None:
    """Write down that a truck comes in which is inside, or drives out which never came in."""
    if record.plate is None or record.kind not in ("entry", "exit"):
        return
    first_seq = None if record.corrects is None else search.first_of(connection, record.corrects)
    tare = open_tare(connection, record.plate, record.weighed_at, ways.tares, first_seq)
    if record.kind == "exit" and tare is None:
        _note_plate(connection, record, "left_unentered")
    elif record.kind == "entry" and tare is not None:
        _note(connection, record, "entered_twice", tare)


def _held(connection: sqlite3.Connection, record: Record, ways: Ways) -> Held | None:
    if record.plate is None:
        return None
    return held_as(connection, record.plate, record.weighed_at - ways.reweigh_ms, ways.holds)


def _note(connection: sqlite3.Connection, record: Record, what: str, tare: Tare) -> None:
    _note_plate(connection, record, what, tare_kg=tare.tare_kg, tare_seq=tare.seq)


def _note_plate(
    connection: sqlite3.Connection, record: Record, what: str, **more: int | None
) -> None:
    detail = {"seq": record.seq, "plate": record.plate, "gross_kg": record.gross_kg} | more
    connection.execute(
        "INSERT INTO journal (at_ms, lane, what, detail) VALUES (?, ?, ?, ?)",
        (record.weighed_at, record.lane, what, msgspec.json.encode(detail).decode()),
    )
