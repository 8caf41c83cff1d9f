"""The weighing record, version 1: what one passage over the scale left behind.

A record is never changed. A correction is a new record that names the old one in `corrects`.
Fields stand in the order of their keys, because the canonical line is written from them.
An unknown value is an absent key, never null, zero or an empty text.
"""

import re
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

VERSION = 1

Kind = Literal["entry", "exit", "reweigh", "void"]
CombinationName = Literal["articulated", "centre-axle", "full-trailer", "rigid"]
VerdictName = Literal["over", "pass", "unknown"]
PlateColourName = Literal[
    "agri_green",
    "agri_yellow",
    "black",
    "blue",
    "blue_white",
    "gradient_green",
    "green",
    "other",
    "red",
    "unknown",
    "white",
    "yellow",
    "yellow_green",
]
FileKind = Literal[
    "cab",
    "front_side",
    "front_side_clip",
    "head",
    "head_clip",
    "panorama_clip",
    "plate",
    "rear_side",
    "rear_side_clip",
    "tail",
    "tail_clip",
    "weigh_room",
]
Flag = Literal[
    "axles_disagree",  # axle identifier and layout or length do not fit together
    "axles_unknown",  # no axle count: judged by the lowest limit, or not at all
    "camera_late",  # the plate event came after the verdict
    "camera_missing",  # no plate event came
    "clock_unsynced",  # the terminal's clock was off by more than its bound, or unchecked
    "manual_weight",  # weight written by hand under the emergency plan
    "override",  # let out against the verdict, by a second person with a reason
    "plate_typed",  # plate typed by hand, its picture attached
    "plate_unread",  # the camera saw a truck and read no plate
    "rear_plate_differs",  # front plate and rear plate are not a known pair
    "resumed",  # weighed after the terminal was restarted with the truck on the scale
    "skipped_scale",  # seen leaving without having been weighed
]

KINDS: tuple[str, ...] = get_args(Kind)
COMBINATIONS: tuple[str, ...] = get_args(CombinationName)
VERDICTS: tuple[str, ...] = get_args(VerdictName)
PLATE_COLOURS: tuple[str, ...] = get_args(PlateColourName)
FILE_KINDS: tuple[str, ...] = get_args(FileKind)
FLAGS: tuple[str, ...] = get_args(Flag)

# 200 t is twice the heaviest truck ever reported (百吨王) and far below any overflow.
MAX_MASS_KG = 200_000
# 2000-01-01 and 2100-01-01: a clock outside them is broken, whatever else it says.
MIN_TIME_MS = 946_684_800_000
MAX_TIME_MS = 4_102_444_800_000
MAX_SEQ = 2**53 - 1

# Patterns end in \Z: a $ would let a line feed through behind the last character.
Mass = Annotated[int, Meta(ge=0, le=MAX_MASS_KG)]
SignedMass = Annotated[int, Meta(ge=-MAX_MASS_KG, le=MAX_MASS_KG)]
Seq = Annotated[int, Meta(ge=1, le=MAX_SEQ)]
Text = Annotated[str, Meta(min_length=1, max_length=64)]
PlateText = Annotated[str, Meta(min_length=1, max_length=16)]
LengthMm = Annotated[int, Meta(ge=1, le=100_000)]
DigestHex = Annotated[str, Meta(min_length=64, max_length=64, pattern=r"^[0-9a-f]{64}\Z")]
_CODE_FORM = r"^[0-9A-Za-z-]+\Z"
_CARGO_FORM = r"^[0-9]{4}\Z"
_LAYOUT_FORM = r"^[1-9](\+[1-9])*\Z"
TerminalCode = Annotated[str, Meta(min_length=1, max_length=32, pattern=_CODE_FORM)]


# The forms of texts inside a record are checked by `check_record`, which remembers what it has
# seen; the decoder searches for a pattern anew each time, and that took longer than all the rest
# of reading a record. The JSON schema names them all the same.
_Code = Annotated[str, Meta(min_length=1, max_length=32, extra_json_schema={"pattern": _CODE_FORM})]
_Cargo = Annotated[
    str, Meta(min_length=4, max_length=4, extra_json_schema={"pattern": _CARGO_FORM})
]
_Layout = Annotated[str, Meta(max_length=31, extra_json_schema={"pattern": _LAYOUT_FORM})]


# Records refer to nothing that refers back, so the collector need not walk them (gc=False).
class FileRef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """A picture or clip of the passage, by the digest of its bytes (64 lower-case hex digits)."""

    digest: Annotated[str, Meta(min_length=64, max_length=64)]
    kind: FileKind


class Record(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    gc=False,
):
    """One weighing. Masses in kg, sizes in mm, `weighed_at` in ms since 1970-01-01 UTC."""

    air_suspension: bool | None = None
    assumed: bool = False  # the limit rests on an assumption (lower limit taken)
    axle_kg: Annotated[tuple[Mass, ...], Meta(max_length=16)] = ()
    axles: Annotated[int, Meta(ge=2, le=16)] | None = None
    cargo: _Cargo | None = None
    carrier: Text | None = None
    combination: CombinationName | None = None
    corrects: Seq | None = None
    destination: Text | None = None
    drive_axles: Annotated[int, Meta(ge=1, le=4)] | None = None
    dual_tyres: bool | None = None
    files: Annotated[tuple[FileRef, ...], Meta(max_length=16)] = ()
    flags: Annotated[tuple[Flag, ...], Meta(max_length=16)] = ()
    gross_kg: Mass | None = None
    group_kg: Annotated[tuple[Mass, ...], Meta(max_length=16)] = ()
    height_mm: LengthMm | None = None
    kind: Kind
    lane: Annotated[int, Meta(ge=1, le=99)]
    layout: _Layout | None = None
    length_mm: LengthMm | None = None
    licensed_total_kg: Mass | None = None  # 行驶证总质量
    limit_kg: Mass | None = None
    missing_tyres: Annotated[int, Meta(ge=2, le=48, multiple_of=2)] | None = None
    net_kg: SignedMass | None = None
    note_no: Text | None = None
    operator: Text | None = None
    plate: PlateText | None = None
    plate_colour: PlateColourName | None = None
    raw_kg: SignedMass | None = None
    reason: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    rule_pack: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    seq: Seq
    spacing_mm: Annotated[tuple[LengthMm, ...], Meta(max_length=15)] = ()
    tare_kg: Mass | None = None
    terminal: _Code
    trailer_plate: PlateText | None = None
    v: Literal[1]
    verdict: VerdictName | None = None
    weighed_at: Annotated[int, Meta(ge=MIN_TIME_MS, le=MAX_TIME_MS)]
    width_mm: LengthMm | None = None
    witness: Text | None = None


class InvalidRecord(ValueError):
    """A record whose fields break a rule or contradict each other; the text says which and how."""


def check_record(record: Record) -> None:
    """Refuse texts of the wrong form and fields that contradict each other (InvalidRecord)."""
    kind = record.kind
    if not _is_terminal_code(record.terminal):
        raise InvalidRecord("terminal: Latin letters, digits and hyphens")
    if record.cargo is not None and not _is_cargo(record.cargo):
        raise InvalidRecord("cargo: four digits")
    if record.corrects is not None:
        if record.corrects >= record.seq:
            raise InvalidRecord("corrects: must be an earlier seq")
    elif kind == "reweigh" or kind == "void":
        raise InvalidRecord(f"corrects: a {kind} names the record that it corrects")
    if kind == "void" and record.reason is None:
        raise InvalidRecord("reason: a void says why")
    _check_masses(record, kind)
    if record.flags:
        _check_flags(record)
    if record.axle_kg or record.spacing_mm or record.layout is not None or record.drive_axles:
        _check_axles(record)
    if record.files:
        _check_files(record.files)


def _check_masses(record: Record, kind: Kind) -> None:
    verdict, gross_kg, net_kg = record.verdict, record.gross_kg, record.net_kg
    if gross_kg is None:
        if kind != "void" and "skipped_scale" not in record.flags:
            raise InvalidRecord(f"gross_kg: a {kind} has a weight")
        if verdict == "over" or verdict == "pass":
            raise InvalidRecord("verdict: without gross_kg it can only be unknown")
    elif "skipped_scale" in record.flags:
        raise InvalidRecord("gross_kg: who skipped the scale has no weight")
    if verdict is None:
        if kind == "exit" or kind == "reweigh":
            raise InvalidRecord(f"verdict: a {kind} is judged")
    elif verdict != "unknown" and (record.limit_kg is None or record.rule_pack is None):
        raise InvalidRecord("limit_kg, rule_pack: a verdict names its limit and rule pack")
    if net_kg is not None:
        if gross_kg is None or record.tare_kg is None:
            raise InvalidRecord("net_kg: needs gross_kg and tare_kg")
        if net_kg != gross_kg - record.tare_kg:
            raise InvalidRecord("net_kg: is not gross_kg - tare_kg")


def _check_flags(record: Record) -> None:
    if not all(a < b for a, b in pairwise(record.flags)):
        raise InvalidRecord("flags: must be sorted, each once")
    if "override" in record.flags and (record.reason is None or record.witness is None):
        raise InvalidRecord("reason, witness: an override names its reason and a second person")


def _check_axles(record: Record) -> None:
    axles = record.axles
    if record.layout is not None:
        groups = _groups_of(record.layout)
        if groups is None:
            raise InvalidRecord("layout: axle groups of 1 to 9 axles joined by +")
        if axles is None:
            axles = sum(groups)
        elif sum(groups) != axles:
            raise InvalidRecord("layout: its axles do not add up to axles")
        if record.group_kg and len(record.group_kg) != len(groups):
            raise InvalidRecord("group_kg: one mass for each group of the layout")
    if axles is not None:
        if record.axle_kg and len(record.axle_kg) != axles:
            raise InvalidRecord("axle_kg: one mass for each axle")
        if record.spacing_mm and len(record.spacing_mm) != axles - 1:
            raise InvalidRecord("spacing_mm: one distance between two axles each")
        if record.drive_axles is not None and record.drive_axles > axles:
            raise InvalidRecord("drive_axles: more than axles")


def _check_files(files: tuple[FileRef, ...]) -> None:
    before = ("", "")
    for file in files:
        # what is left without hex digits at either end is empty only if there is nothing else
        if file.digest.strip("0123456789abcdef"):
            raise InvalidRecord("files: a digest is 64 lower-case hex digits")
        here = (file.kind, file.digest)
        if here <= before:
            raise InvalidRecord("files: must be sorted by kind and digest, each once")
        before = here


# The same few codes and layouts come again in every record.
@lru_cache(maxsize=4096)
def _is_terminal_code(text: str) -> bool:
    return re.match(_CODE_FORM, text) is not None


@lru_cache(maxsize=1024)
def _is_cargo(text: str) -> bool:
    return re.match(_CARGO_FORM, text) is not None


@lru_cache(maxsize=1024)
def _groups_of(layout: str) -> tuple[int, ...] | None:
    """Axles of each group, front to back; None for another form."""
    if re.match(_LAYOUT_FORM, layout) is None:
        return None
    return tuple(int(digit) for digit in layout[::2])
