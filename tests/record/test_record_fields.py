"""Every field of a record, at its bounds and past them, and every rule between fields."""

import inspect
from typing import Any

import msgspec
import pytest
from hypothesis import given

from hengyuan.record.canonical import read_line, write_line
from hengyuan.record.model import (
    COMBINATIONS,
    FILE_KINDS,
    FLAGS,
    KINDS,
    MAX_SEQ,
    PLATE_COLOURS,
    VERDICTS,
    FileRef,
    InvalidRecord,
    Record,
    check_record,
)
from tests.record.samples import record
from tests.record.strategies import records, thorough

WIDE_CHARACTER = "\U00020000"
JUDGED = {"limit_kg": 49_000, "rule_pack": "cn-2016.1"}

ACCEPTED: dict[str, list[Any]] = {
    "air_suspension": [True, False],
    "assumed": [True],
    "axle_kg": [(0,), (200_000,) * 16],
    "axles": [2, 16],
    "cargo": ["0100", "1700"],
    "carrier": ["某", WIDE_CHARACTER * 64, 'quo"te', "back\\slash", "/"],
    "combination": list(COMBINATIONS),
    "corrects": [1, 8],
    "destination": ["某地", "x" * 64],
    "drive_axles": [1, 4],
    "dual_tyres": [True, False],
    "files": [
        (),
        *((FileRef(digest="ab" * 32, kind=kind),) for kind in FILE_KINDS),  # type: ignore[arg-type]
        tuple(FileRef(digest=f"{i:064x}", kind="cab") for i in range(16)),
    ],
    "flags": [(), *((flag,) for flag in FLAGS if flag not in ("override", "skipped_scale"))],
    "gross_kg": [0, 200_000],
    "group_kg": [(0,), (200_000,) * 16],
    "height_mm": [1, 100_000],
    "kind": ["entry", "exit"],
    "lane": [1, 99],
    "layout": ["1+1", "1+2+3", "9", "+".join("1" * 16)],
    "length_mm": [1, 100_000],
    "licensed_total_kg": [0, 200_000],
    "limit_kg": [0, 200_000],
    "missing_tyres": [2, 48],
    "note_no": ["x", "x" * 64],
    "operator": ["x", "x" * 64],
    "plate": ["晋", "晋" * 16],
    "plate_colour": list(PLATE_COLOURS),
    "raw_kg": [-200_000, 0, 200_000],
    "reason": ["x", "某" * 200],
    "rule_pack": ["x", "x" * 32],
    "seq": [1, MAX_SEQ],
    "spacing_mm": [(1,), (100_000,) * 15],
    "tare_kg": [0, 200_000],
    "terminal": ["A", "z-9" * 10 + "z9"],
    "trailer_plate": ["晋", "晋" * 16],
    "v": [1],
    "verdict": ["unknown"],
    "weighed_at": [946_684_800_000, 4_102_444_800_000],
    "width_mm": [1, 100_000],
    "witness": ["x", "x" * 64],
}
NO_MASS = [-1, 200_001, 1.5, 20_000.0, True, "1", 10**30]
NO_TEXT = ["", "x" * 65, 1, "a\x00", "a\n", "a\x1f", "a\x7f", "a\x80", "a\x9f", "\ud800"]
NO_PLATE = ["", "晋" * 17, 1, "a\t"]
NO_LENGTH = [0, -1, 100_001, 2.5]
NO_TRUTH = [0, 1, "true"]

REFUSED: dict[str, list[Any]] = {
    "air_suspension": NO_TRUTH,
    "assumed": [*NO_TRUTH, None],
    "axle_kg": [(-1,), (200_001,), (1.5,), (0,) * 17, "1", None],
    "axles": [1, 17, 2.0, True],
    "cargo": ["", "010", "01000", "煤炭煤炭", "010\n", "０１００", 100],
    "carrier": NO_TEXT,
    "combination": ["", "Rigid", "semi", 1],
    "corrects": [0, 9, 10, -1, 1.0],
    "destination": NO_TEXT,
    "drive_axles": [0, 5, 1.0],
    "dual_tyres": NO_TRUTH,
    "files": [
        ({"digest": "AB" * 32, "kind": "cab"},),
        ({"digest": "ab" * 31, "kind": "cab"},),
        ({"digest": "ab" * 32 + "\n", "kind": "cab"},),
        ({"digest": "ab" * 32, "kind": "selfie"},),
        ({"digest": "ab" * 32},),
        ({"digest": "ab" * 32, "kind": "cab", "size": 1},),
        tuple(FileRef(digest=f"{i:064x}", kind="cab") for i in range(17)),
        None,
    ],
    "flags": [("odd",), ("plate_typed", "plate_typed"), ("plate_typed", "camera_late"), None],
    "gross_kg": [*NO_MASS, None],
    "group_kg": [(-1,), (200_001,), (0,) * 17, None],
    "height_mm": NO_LENGTH,
    "kind": ["Exit", "leave", None, 1],
    "lane": [0, 100, 1.0, None, True],
    "layout": ["", "1+", "+1", "0+1", "1+10", "1 + 2", "1+1\n", "+".join("1" * 17), 12],
    "length_mm": NO_LENGTH,
    "licensed_total_kg": NO_MASS,
    "limit_kg": NO_MASS,
    "missing_tyres": [0, 1, 3, 50, -2, 2.0],
    "net_kg": [1],
    "note_no": NO_TEXT,
    "operator": NO_TEXT,
    "plate": NO_PLATE,
    "plate_colour": ["", "pink", "Blue", 1],
    "raw_kg": [-200_001, 200_001, 0.5],
    "reason": ["", "x" * 201, "a\r"],
    "rule_pack": ["", "x" * 33, "a\x0b"],
    "seq": [0, -1, MAX_SEQ + 1, 1.0, None, "1"],
    "spacing_mm": [(0,), (100_001,), (1.5,), (1,) * 16, "1", None],
    "tare_kg": NO_MASS,
    "terminal": ["", "A" * 33, "A B", "晋", "A\n", "A_1", None],
    "trailer_plate": NO_PLATE,
    "v": [0, 2, "1", None, True, 1.0],
    "verdict": ["", "Pass", "ok", None],
    "weighed_at": [946_684_799_999, 4_102_444_800_001, 0, 1.7e12, None],
    "width_mm": NO_LENGTH,
    "witness": NO_TEXT,
}


def _cases(table: dict[str, list[Any]]) -> list[Any]:
    return [
        pytest.param(name, value, id=f"{name}-{number}")
        for name, values in table.items()
        for number, value in enumerate(values)
    ]


def _with(name: str, value: Any) -> Record:
    base = {} if name == "seq" else {"seq": 9}
    return record(**(base | {name: value}))


def test_the_tables_name_every_field() -> None:
    names = {field.name for field in msgspec.structs.fields(Record)}
    assert set(REFUSED) == names
    # a net mass needs two others, so it has rules of its own below
    assert set(ACCEPTED) == names - {"net_kg"}


def test_fields_stand_in_the_order_of_their_keys() -> None:
    for struct in (Record, FileRef):
        names = [field.encode_name for field in msgspec.structs.fields(struct)]
        assert names == sorted(names)


@pytest.mark.parametrize(("name", "value"), _cases(ACCEPTED))
def test_a_value_within_bounds_is_written_and_read_back(name: str, value: Any) -> None:
    given_record = _with(name, value)
    read = read_line(write_line(given_record))
    assert read == given_record
    assert getattr(read, name) == value


@pytest.mark.parametrize(("name", "value"), _cases(REFUSED))
def test_a_value_out_of_bounds_is_refused(name: str, value: Any) -> None:
    with pytest.raises((msgspec.ValidationError, InvalidRecord)):
        write_line(_with(name, value))


@pytest.mark.parametrize("name", ["kind", "lane", "seq", "terminal", "v", "weighed_at"])
def test_a_record_without_a_required_field_is_refused(name: str) -> None:
    fields = msgspec.json.decode(write_line(record()))
    del fields[name]
    with pytest.raises(msgspec.ValidationError, match=name):
        read_line(msgspec.json.encode(fields, order="sorted"))


def test_an_unknown_field_is_refused() -> None:
    fields = msgspec.json.decode(write_line(record())) | {"speed_kmh": 5}
    with pytest.raises(msgspec.ValidationError, match="speed_kmh"):
        read_line(msgspec.json.encode(fields, order="sorted"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "reweigh"}, "corrects"),
        ({"kind": "void", "reason": "x"}, "corrects"),
        ({"kind": "void", "corrects": 1}, "reason"),
        ({"kind": "exit", "corrects": 9}, "corrects"),
        ({"kind": "entry", "gross_kg": None}, "gross_kg"),
        ({"kind": "exit", "gross_kg": None}, "gross_kg"),
        ({"kind": "reweigh", "corrects": 1, "gross_kg": None}, "gross_kg"),
        ({"flags": ("skipped_scale",)}, "gross_kg"),
        ({"kind": "exit", "verdict": None}, "verdict"),
        ({"kind": "reweigh", "corrects": 1, "verdict": None}, "verdict"),
        (
            {"gross_kg": None, "flags": ("skipped_scale",), "verdict": "pass"} | JUDGED,
            "verdict",
        ),
        ({"verdict": "pass", "limit_kg": 49_000}, "rule_pack"),
        ({"verdict": "over", "rule_pack": "cn-2016.1"}, "limit_kg"),
        ({"kind": "entry", "verdict": "pass"}, "limit_kg"),
        ({"net_kg": 30_480}, "net_kg"),
        ({"net_kg": 20_000, "tare_kg": 10_479}, "net_kg"),
        (
            {
                "kind": "void",
                "corrects": 1,
                "reason": "x",
                "gross_kg": None,
                "verdict": None,
                "tare_kg": 1,
                "net_kg": 1,
            },
            "net_kg",
        ),
        ({"flags": ("override",), "reason": "x"}, "witness"),
        ({"flags": ("override",), "witness": "x"}, "reason"),
        ({"axles": 6, "layout": "1+2+2"}, "layout"),
        ({"layout": "1+2+3", "group_kg": (1, 2)}, "group_kg"),
        ({"axles": 3, "axle_kg": (1, 2)}, "axle_kg"),
        ({"layout": "1+2", "axle_kg": (1, 2)}, "axle_kg"),
        ({"axles": 2, "drive_axles": 3}, "drive_axles"),
        ({"axles": 3, "spacing_mm": (3_000,)}, "spacing_mm"),
        ({"layout": "1+1", "spacing_mm": (3_000, 1_300)}, "spacing_mm"),
        ({"layout": "1+1", "drive_axles": 3}, "drive_axles"),
        (
            {
                "files": (
                    FileRef(digest="ab" * 32, kind="head"),
                    FileRef(digest="ab" * 32, kind="cab"),
                )
            },
            "files",
        ),
        (
            {
                "files": (
                    FileRef(digest="cd" * 32, kind="cab"),
                    FileRef(digest="ab" * 32, kind="cab"),
                )
            },
            "files",
        ),
        ({"files": (FileRef(digest="ab" * 32, kind="cab"),) * 2}, "files"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(changes: dict[str, Any], field: str) -> None:
    spoilt = record(**({"seq": 9} | changes))
    with pytest.raises(InvalidRecord, match=field):
        check_record(spoilt)
    with pytest.raises(InvalidRecord, match=field):
        write_line(spoilt)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "reweigh", "corrects": 8},
        {"kind": "void", "corrects": 8, "reason": "x", "gross_kg": None, "verdict": None},
        {"kind": "entry", "verdict": None},
        {"kind": "entry", "verdict": "pass"} | JUDGED,
        {"kind": "exit", "corrects": 8},
        {"gross_kg": None, "flags": ("skipped_scale",)},
        {"verdict": "over", "gross_kg": 49_001} | JUDGED,
        {"tare_kg": 10_480, "net_kg": 20_000},
        {"tare_kg": 30_481, "net_kg": -1},
        {"flags": ("override",), "reason": "x", "witness": "y"},
        {"axles": 6, "layout": "1+2+3", "axle_kg": (1,) * 6, "group_kg": (1, 2, 3)},
        {"axle_kg": (1, 2, 3)},
        {"axles": 4, "drive_axles": 4},
    ],
)
def test_fields_that_agree_are_taken(changes: dict[str, Any]) -> None:
    good = record(**({"seq": 9} | changes))
    assert read_line(write_line(good)) == good


@given(records())
@thorough
def test_every_drawn_record_holds(drawn: Record) -> None:
    check_record(drawn)


def test_enumerations_have_no_doubles_and_are_sorted() -> None:
    for names in (KINDS, COMBINATIONS, VERDICTS, PLATE_COLOURS, FILE_KINDS, FLAGS):
        assert list(names) == sorted(set(names))


def test_record_can_be_built_by_keyword_only() -> None:
    kinds = {p.kind for p in inspect.signature(Record).parameters.values()}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}
