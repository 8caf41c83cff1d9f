"""What a cell says: forgiving where nothing can be misread, strict where something can."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from hengyuan.platform.ledger.importing import cells
from hengyuan.platform.ledger.importing.cells import Bad, Cell
from hengyuan.platform.ledger.importing.columns import CARGO_TYPES, KINDS, UNITS


def cell(raw: Any) -> Cell:
    if isinstance(raw, bool):
        kind = "b"
    elif isinstance(raw, str):
        kind = "s"
    else:
        kind = "d" if isinstance(raw, datetime | date | time) else "n"
    return Cell(raw, kind)


def refused(parse: Any, raw: Any) -> str:
    with pytest.raises(Bad) as bad:
        parse(raw if isinstance(raw, Cell) else cell(raw))
    return bad.value.code


def noted(parse: Any, raw: Any) -> tuple[Any, list[str]]:
    read = cell(raw)
    value = parse(read)
    return value, [code for code, _params in read.notes]


@pytest.mark.parametrize(
    ("raw", "read", "notes"),
    [
        ("示例煤矿", "示例煤矿", []),
        (" 示例煤矿　", "示例煤矿", ["blanks_removed"]),
        ("示例\n煤矿", "示例 煤矿", []),
        ("Ａ座１２号", "A座12号", ["full_width"]),
        ("示例（集团）公司", "示例（集团）公司", []),
        ("=不是公式", "=不是公式", []),
        (12, "12", []),
        (12.0, "12", []),
    ],
)
def test_texts_are_cleaned_and_chinese_brackets_stay(raw, read, notes):
    assert noted(cells.text(60), raw) == (read, notes)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("长" * 61, "too_long"),
        ("长" * 700_000, "oversized"),
        (True, "no_text"),
        (datetime(2026, 5, 31), "no_text"),  # noqa: DTZ001 - Excel knows no zones
        (Cell("=A1", "f"), "formula"),
        (Cell("#N/A", "e"), "cell_error"),
        (1234567890123456, "number_cut"),
    ],
)
def test_what_is_no_text_is_refused(raw, code):
    assert refused(cells.text(60), raw) == code


@pytest.mark.parametrize(
    ("raw", "read", "notes"),
    [
        (120000, 120000, []),
        (120000.0, 120000, []),
        ("120000", 120000, ["number_as_text"]),
        ("120,000", 120000, ["number_as_text"]),
        ("12 0000 ", 120000, ["blanks_removed", "number_as_text"]),
        ("１２００００", 120000, ["full_width"]),
        (0, 0, []),
    ],
)
def test_whole_numbers_are_read_as_people_write_them(raw, read, notes):
    assert noted(cells.whole(0, 500_000), raw) == (read, notes)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("约20万吨", "no_number"),
        ("12万", "no_number"),
        ("NaN", "no_number"),
        ("Infinity", "no_number"),
        (True, "no_number"),
        (date(2026, 5, 31), "no_number"),
        (1.5, "not_whole"),
        (-1, "out_of_range"),
        (500_001, "out_of_range"),
        (Cell("=1+1", "f"), "formula"),
    ],
)
def test_what_is_no_whole_number_is_refused(raw, code):
    assert refused(cells.whole(0, 500_000), raw) == code


def test_decimals_are_rounded_to_their_places():
    parse = cells.decimal(Decimal(3), Decimal(136), 6)
    assert parse(cell(111.67230049)) == Decimal("111.672300")
    assert parse(cell("36.25")) == Decimal("36.250000")


def test_tonnes_become_kilograms_without_losing_any():
    parse = cells.tonnes_as_kg(1_000, 500_000)
    assert parse(cell(100)) == 100_000
    assert parse(cell("0.1e3")) == 100_000
    assert parse(cell(99.98)) == 99_980
    assert refused(parse, 0.5) == "out_of_range"
    assert refused(parse, 80.00001) == "not_whole"


@pytest.mark.parametrize(
    "raw",
    [
        datetime(2026, 5, 31, 8, 30),  # noqa: DTZ001
        date(2026, 5, 31),
        "2026-05-31",
        "2026/5/31",
        "2026.5.31",
        "2026年5月31日",
        "２０２６-05-31",
        "20260531",
        20260531,
        "2026-05-31 00:00:00",
    ],
)
@time_machine.travel("2026-06-01")
def test_dates_are_read_in_every_usual_way(raw):
    assert cells.day(cell(raw)) == date(2026, 5, 31)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("2024-02-30", "no_such_date"),
        ("2024-13-01", "no_such_date"),
        ("去年", "no_date"),
        ("31/05/2026", "no_date"),
        (45000, "no_date"),
        (time(8, 30), "no_date"),
        (True, "no_date"),
        ("1024-05-01", "date_improbable"),
        ("2099-05-01", "date_improbable"),
        (Cell("=TODAY()", "f"), "formula"),
    ],
)
@time_machine.travel("2026-06-01")
def test_what_is_no_date_is_refused(raw, code):
    assert refused(cells.day, raw) == code


@pytest.mark.parametrize("raw", ["91141024MA0T000019", "91141024ma0t000019", "91141024MA0T000019 "])
def test_a_credit_code_is_read_as_it_is_meant(raw):
    assert cells.credit_code(cell(raw)) == "91141024MA0T000019"


def test_a_wrong_check_character_is_noted_and_taken():
    read, notes = noted(cells.credit_code, "91350211M0000XUF46")
    assert (read, notes) == ("91350211M0000XUF46", ["credit_checksum"])


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("9114102", "credit_length"),
        ("91141024MA0T00001O", "credit_characters"),
        ("91ABCDEF" + "A" * 10, "credit_region"),
        (911410240000000001, "number_cut"),
        (9114, "credit_length"),
    ],
)
def test_an_impossible_credit_code_is_refused(raw, code):
    assert refused(cells.credit_code, raw) == code


def test_choices_are_understood_by_word_key_and_synonym():
    parse = cells.choice(KINDS, {"焦炭": "coke"})
    for raw in ("焦化", "coke", "焦炭", " 焦化 "):
        assert parse(cell(raw)) == "coke"
    assert parse(cell("货运站（场）")) == parse(cell("货运站(场)")) == "freight-station"
    assert refused(parse, "赌场") == "no_choice"


def test_several_cargoes_are_separated_as_people_do():
    parse = cells.several(CARGO_TYPES)
    assert parse(cell("煤炭及制品、水泥")) == ["0100", "0600"]
    assert parse(cell("煤炭及制品，水泥；水泥")) == ["0100", "0600"]
    assert parse(cell("0600")) == parse(cell(600)) == ["0600"]
    # names that have the separator in themselves
    assert parse(cell("机械、设备、电器、煤炭及制品")) == ["0100", "1200"]
    assert refused(parse, "煤炭及制品、军火") == "cargo_unknown"


@pytest.mark.parametrize(("raw", "read"), [("是", True), ("否", False), ("Y", True), (True, True)])
def test_yes_and_no(raw, read):
    assert cells.yes_no(cell(raw)) is read


def test_maybe_is_refused():
    assert refused(cells.yes_no, "也许") == "no_yes_no"


def test_every_column_of_the_units_takes_its_own_example():
    for column in UNITS.columns:
        if column.example and column.parse is not None:
            column.parse(cell(column.example))
