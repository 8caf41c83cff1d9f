"""From a passage and its finding to the record."""

from __future__ import annotations

from hengyuan.law.plates import InvalidPlate, parse_plate
from hengyuan.law.verdict import JudgeSettings
from hengyuan.record.model import PLATE_COLOURS, FileRef, Flag, Kind, Record
from hengyuan.terminal.judging import Finding, VehicleFacts, to_unload_kg
from hengyuan.terminal.lane.passage import Passage

MAX_PLATE = 16
MAX_FILES = 16


def plate_text(read: str | None) -> str | None:
    """A plate as a record writes it: by the rule where it is one, otherwise as it was read."""
    if not read:
        return None
    try:
        return parse_plate(read).text
    except InvalidPlate:
        visible = "".join(each for each in read if each.isprintable()).strip()
        return visible[:MAX_PLATE] or None


def flags_of(passage: Passage, facts: VehicleFacts, unsynced: bool) -> set[Flag]:
    """What is out of the ordinary about a passage."""
    flags: set[Flag] = set(facts.flags)
    front = [body for body in passage.plates if not body.rear and not body.typed]
    rear = next((body.plate for body in passage.plates if body.rear and body.plate), None)
    plate = plate_text(passage.plate)
    if not front:
        flags.add("camera_missing")
    elif all(plate_text(body.plate) is None for body in front):
        flags.add("plate_unread")
    if any(body.typed for body in passage.plates):
        flags.add("plate_typed")
    if rear and plate and not rear.endswith("挂") and plate_text(rear) != plate:
        flags.add("rear_plate_differs")
    if passage.resumed:
        flags.add("resumed")
    if unsynced:
        flags.add("clock_unsynced")
    return flags


def files_of(passage: Passage) -> dict[FileRef, int]:
    """The passage's pictures and their sizes in bytes, in the order in which a record has them."""
    sizes = {file.ref: file.size for body in passage.pictured for file in body.files}
    ordered = sorted(sizes, key=lambda ref: (ref.kind, ref.digest))[:MAX_FILES]
    return {ref: sizes[ref] for ref in ordered}


def make_record(
    seq: int,
    *,
    terminal: str,
    lane: int,
    kind: Kind,
    weighed_at: int,
    passage: Passage,
    facts: VehicleFacts,
    finding: Finding | None,
    flags: set[Flag],
    operator: str | None = None,
) -> Record:
    """The record of a passage. An entering truck has no finding: nothing is judged of it."""
    assert passage.mass_kg is not None
    colour = next((body.colour for body in passage.plates if body.plate and not body.rear), None)
    rear = next((body.plate for body in passage.plates if body.rear and body.plate), None)
    trailer = plate_text(rear)
    return Record(
        v=1,
        terminal=terminal,
        seq=seq,
        kind=kind,
        corrects=passage.corrects,
        lane=lane,
        weighed_at=weighed_at,
        gross_kg=max(0, passage.mass_kg),
        raw_kg=passage.mass_kg,
        axles=facts.axles,
        layout=facts.layout_text,
        combination=None if facts.combination is None else facts.combination.value,
        group_kg=facts.group_kg,
        spacing_mm=facts.spacing_mm,
        drive_axles=facts.drive_axles,
        missing_tyres=facts.missing_tyres,
        limit_kg=finding.limit_kg if finding else None,
        verdict=finding.verdict if finding else None,
        rule_pack=finding.rule_pack if finding else None,
        assumed=finding.assumed if finding else False,
        plate=plate_text(passage.plate),
        plate_colour=colour if colour in PLATE_COLOURS else None,  # type: ignore[arg-type]
        operator=operator,
        trailer_plate=trailer if trailer and trailer.endswith("挂") else None,
        files=tuple(files_of(passage)),
        flags=tuple(sorted(flags)),
    )


def finding_of(record: Record, settings: JudgeSettings | None = None) -> Finding | None:
    """What a stored record says of the verdict, to show it again.

    With the `settings` of the gate also how much has to be unloaded.
    """
    if record.verdict is None:
        return None
    overload_kg = unload = 0
    if record.limit_kg is not None and record.gross_kg is not None:
        overload_kg = max(0, record.gross_kg - record.limit_kg)
        if settings is not None and record.verdict == "over":
            unload = to_unload_kg(record.gross_kg, record.limit_kg, settings)
    return Finding(
        verdict=record.verdict,
        limit_kg=record.limit_kg,
        overload_kg=overload_kg,
        unload_kg=unload,
        rule_pack=record.rule_pack,
        assumed=record.assumed,
    )
