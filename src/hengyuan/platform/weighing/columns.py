"""A record as a row of the table `weighing`, and back, byte for byte.

Names become small numbers by their place in the lists below, which may only grow at the end:
a number once written keeps its meaning for as long as the table lives.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from hengyuan.record.model import FileRef, Record

KINDS = ("entry", "exit", "reweigh", "void")
VERDICTS = ("pass", "over", "unknown")
COMBINATIONS = ("rigid", "articulated", "centre-axle", "full-trailer")
PLATE_COLOURS = (
    "unknown",
    "blue",
    "yellow",
    "black",
    "white",
    "green",
    "gradient_green",
    "yellow_green",
    "blue_white",
    "agri_yellow",
    "agri_green",
    "red",
    "other",
)
FLAGS = (
    "clock_unsynced",
    "plate_typed",
    "plate_unread",
    "camera_late",
    "camera_missing",
    "axles_unknown",
    "axles_disagree",
    "rear_plate_differs",
    "override",
    "resumed",
    "manual_weight",
    "skipped_scale",
)
FILE_KINDS = (
    "plate",
    "head",
    "tail",
    "front_side",
    "rear_side",
    "cab",
    "weigh_room",
    "head_clip",
    "tail_clip",
    "front_side_clip",
    "rear_side_clip",
    "panorama_clip",
)
FILE_BYTES = 33  # one byte for the kind, 32 for the digest
NUMBER_BYTES = 3  # of a mass or distance of an axle; neither passes 200,000

_KIND_NO = {name: number for number, name in enumerate(KINDS)}
REPLACING = (_KIND_NO["entry"], _KIND_NO["exit"])
"""Kinds that replace the record that they correct, and are not counted beside it."""
_VERDICT_NO = {name: number for number, name in enumerate(VERDICTS)}
_COMBINATION_NO = {name: number for number, name in enumerate(COMBINATIONS)}
_COLOUR_NO = {name: number for number, name in enumerate(PLATE_COLOURS)}
_FLAG_BIT = {name: 1 << number for number, name in enumerate(FLAGS)}
_FILE_KIND_HEX = {name: f"{number:02x}" for number, name in enumerate(FILE_KINDS)}

# The order in which a row is written; `digest` and the platform's own findings come with it.
COLUMNS = (
    "terminal_id",
    "seq",
    "weighed_at",
    "county",
    "unit_id",
    "gross_kg",
    "tare_kg",
    "net_kg",
    "raw_kg",
    "limit_kg",
    "licensed_total_kg",
    "platform_limit_kg",
    "flags",
    "corrects",
    "height_mm",
    "length_mm",
    "width_mm",
    "kind",
    "lane",
    "axles",
    "drive_axles",
    "missing_tyres",
    "combination",
    "plate_colour",
    "verdict",
    "platform_verdict",
    "air_suspension",
    "dual_tyres",
    "assumed",
    "digest",
    "files",
    "axle_kg",
    "group_kg",
    "spacing_mm",
    "plate",
    "trailer_plate",
    "layout",
    "rule_pack",
    "cargo",
    "note_no",
    "carrier",
    "destination",
    "operator",
    "witness",
    "reason",
)

_READABLE = {
    "rule_pack": "(SELECT p.name FROM weighing_rule_pack p WHERE p.id = w.rule_pack) AS rule_pack",
    "cargo": "lpad(w.cargo::text, 4, '0') AS cargo",
}
SELECTED = ", ".join(_READABLE.get(name, f"w.{name}") for name in COLUMNS)
"""What to select from `weighing w` for rows that `to_record` understands, without the model."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def kind_no(name: str) -> int:
    return _KIND_NO[name]


def verdict_no(name: str) -> int:
    return _VERDICT_NO[name]


def combination_no(name: str) -> int:
    return _COMBINATION_NO[name]


def plate_colour_no(name: str) -> int:
    return _COLOUR_NO[name]


def flags_bits(flags: tuple[str, ...]) -> int:
    """The column `flags`: one bit for each flag of the record."""
    return sum(_FLAG_BIT[flag] for flag in flags)


def flag_bit(name: str) -> int:
    """The bit of a flag in the column `flags`."""
    return _FLAG_BIT[name]


def instant(ms: int) -> datetime:
    """Milliseconds since 1970 as an aware datetime, exactly."""
    return _EPOCH + timedelta(milliseconds=ms)


def milliseconds(moment: datetime) -> int:
    """The reverse of `instant`, exactly."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def to_record(row: Any, terminal: str) -> Record:
    """The record that a stored row holds: one of the model, or one read by SELECTED."""
    return Record(
        v=1,
        terminal=terminal,
        seq=row.seq,
        weighed_at=milliseconds(row.weighed_at),
        kind=KINDS[row.kind],  # type: ignore[arg-type]
        lane=row.lane,
        gross_kg=row.gross_kg,
        tare_kg=row.tare_kg,
        net_kg=row.net_kg,
        raw_kg=row.raw_kg,
        limit_kg=row.limit_kg,
        licensed_total_kg=row.licensed_total_kg,
        missing_tyres=row.missing_tyres,
        flags=unpack_flags(row.flags),  # type: ignore[arg-type]
        corrects=row.corrects,
        height_mm=row.height_mm,
        length_mm=row.length_mm,
        width_mm=row.width_mm,
        axles=row.axles,
        drive_axles=row.drive_axles,
        combination=_name(COMBINATIONS, row.combination),  # type: ignore[arg-type]
        plate_colour=_name(PLATE_COLOURS, row.plate_colour),  # type: ignore[arg-type]
        verdict=_name(VERDICTS, row.verdict),  # type: ignore[arg-type]
        air_suspension=row.air_suspension,
        dual_tyres=row.dual_tyres,
        assumed=row.assumed,
        files=unpack_files(row.files),
        axle_kg=unpack_numbers(row.axle_kg),
        group_kg=unpack_numbers(row.group_kg),
        spacing_mm=unpack_numbers(row.spacing_mm),
        plate=row.plate,
        trailer_plate=row.trailer_plate,
        layout=row.layout,
        rule_pack=row.rule_pack,
        cargo=row.cargo,
        note_no=row.note_no,
        carrier=row.carrier,
        destination=row.destination,
        operator=row.operator,
        witness=row.witness,
        reason=row.reason,
    )


def _name(names: tuple[str, ...], number: int | None) -> str | None:
    return None if number is None else names[number]


def pack_files(files: tuple[FileRef, ...]) -> bytes:
    """File references as 33 bytes each."""
    return bytes.fromhex("".join([_FILE_KIND_HEX[file.kind] + file.digest for file in files]))


def unpack_files(packed: bytes | memoryview | None) -> tuple[FileRef, ...]:
    """The reverse of `pack_files`."""
    data = bytes(packed or b"")
    return tuple(
        FileRef(kind=FILE_KINDS[data[at]], digest=data[at + 1 : at + FILE_BYTES].hex())  # type: ignore[arg-type]
        for at in range(0, len(data), FILE_BYTES)
    )


def cargo_no(code: str) -> int:
    """The class of cargo as a number; its four digits are found again by `cargo_code`."""
    return int(code)


def cargo_code(number: int) -> str:
    """The reverse of `cargo_no`."""
    return f"{number:04d}"


def pack_numbers(numbers: tuple[int, ...]) -> bytes | None:
    """Masses or distances as 3 bytes each, the highest byte first; None for an empty tuple."""
    if not numbers:
        return None
    packed = 0
    for number in numbers:
        packed = packed << 24 | number
    return packed.to_bytes(NUMBER_BYTES * len(numbers))


def unpack_numbers(packed: bytes | memoryview | tuple[int, ...] | None) -> tuple[int, ...]:
    """The reverse of `pack_numbers`; what is unpacked already stays as it is."""
    if not packed:
        return ()
    if isinstance(packed, tuple):
        return packed
    data = bytes(packed)
    return tuple(
        int.from_bytes(data[at : at + NUMBER_BYTES]) for at in range(0, len(data), NUMBER_BYTES)
    )


def unpack_flags(bits: int) -> tuple[str, ...]:
    """The names of the set flags, sorted as the record has them."""
    return tuple(sorted(name for name, bit in _FLAG_BIT.items() if bits & bit))
