"""Sheets and headings: what is read, what is told, what cannot be read at all."""

from __future__ import annotations

import pytest
from openpyxl import Workbook

from hengyuan.platform.ledger.exporting import _column_lines
from hengyuan.platform.ledger.importing.columns import CHOICES, INSTRUCTIONS, SHEETS, UNITS
from hengyuan.platform.ledger.importing.sheets import read
from tests.platform.ledger.books import book, saved, unit


def codes(found, is_error: bool) -> dict[str, tuple[str, int, str]]:
    return {
        problem.code: (problem.sheet, problem.row, problem.column)
        for problem in found.problems
        if problem.is_error == is_error
    }


def test_a_workbook_without_the_units_cannot_be_read():
    made = Workbook()
    made.active.title = "Sheet1"
    made.active.append(["单位名称", "县（市、区）"])
    made.active.append(["示例煤矿", "洪洞县"])
    found = read(saved(made))
    assert not found.is_usable
    assert codes(found, True) == {
        "sheet_missing": (UNITS.name, 0, ""),
        "sheet_unknown": ("Sheet1", 1, "A"),
    }


def test_a_further_sheet_is_told_only_when_there_is_something_on_it():
    empty = read(book([unit()], edit=lambda made: made.create_sheet("草稿")))
    assert not codes(empty, True)
    filled = read(book([unit()], edit=lambda made: made.create_sheet("草稿").append(["x"])))
    assert codes(filled, True) == {"sheet_unknown": ("草稿", 1, "A")}
    assert filled.is_usable


def test_missing_sheets_of_equipment_are_told_and_do_no_harm():
    found = read(book([unit()], edit=lambda made: made.remove(made["称重设备"])))
    assert codes(found, False) == {"sheet_missing": ("称重设备", 0, "")}
    assert found.is_usable


@pytest.mark.parametrize("name", ["源头单位 ", " 源头单位", "源头 单位"])
def test_blanks_in_the_name_of_a_sheet_do_not_count(name):
    def rename(made: Workbook) -> None:
        made[UNITS.name].title = name

    assert read(book([unit()], edit=rename)).is_usable


def test_a_needed_column_that_is_missing_stops_the_sheet():
    found = read(book([unit()], edit=lambda made: made[UNITS.name].delete_cols(2)))
    assert codes(found, True) == {"column_missing": (UNITS.name, 1, "单位名称")}
    assert not found.is_usable


def test_other_columns_may_be_missing_and_are_named_once():
    found = read(book([unit()], edit=lambda made: made[UNITS.name].delete_cols(12, 8)))
    assert codes(found, False) == {"column_absent": (UNITS.name, 1, "")}
    assert found.is_usable


def test_columns_may_stand_in_another_order_and_headings_be_written_otherwise():
    made = Workbook()
    sheet = made.active
    sheet.title = UNITS.name
    sheet.append(["监管方式*", "类别 ", "县(市、区)", "单位名称：", "我的备注"])
    sheet.append(["巡查", "煤炭", "洪洞县", "示例煤矿", "自用"])
    found = read(saved(made))
    row = found.sheets[UNITS.name].rows[0]
    assert {name: cell.raw for name, cell in row.cells.items()} == {
        "supervision_mode": "巡查",
        "kind": "煤炭",
        "region": "洪洞县",
        "name": "示例煤矿",
    }
    assert codes(found, False)["column_unknown"] == (UNITS.name, 1, "E 我的备注")
    assert found.sheets[UNITS.name].place("name") == "D 单位名称"


def test_a_heading_that_stands_there_twice_is_refused():
    def double(made: Workbook) -> None:
        made[UNITS.name].cell(row=1, column=30, value="单位名称")

    found = read(book([unit()], edit=double))
    assert codes(found, True) == {"column_twice": (UNITS.name, 1, "AD 单位名称")}


def test_a_title_above_the_headings_is_skipped():
    found = read(book([unit(), unit(2)], edit=lambda made: made[UNITS.name].insert_rows(1, 3)))
    assert [row.number for row in found.sheets[UNITS.name].rows] == [5, 6]


def test_without_headings_nothing_can_be_read():
    found = read(book([unit()], edit=lambda made: made[UNITS.name].delete_rows(1)))
    assert codes(found, True) == {"heading_missing": (UNITS.name, 1, "A")}


def test_blank_rows_do_not_count_and_keep_their_numbers():
    found = read(book([unit(1), {}, {"name": "  "}, unit(2)]))
    assert [row.number for row in found.sheets[UNITS.name].rows] == [2, 5]


def test_an_empty_template_says_that_it_is_empty():
    assert codes(read(book([])), True) == {"no_rows": (UNITS.name, 0, "")}


def test_hidden_rows_are_read_counted_and_told():
    def hide(made: Workbook) -> None:
        for number in (2, 4):
            made[UNITS.name].row_dimensions[number].hidden = True

    found = read(book([unit(1), unit(2), unit(3)], edit=hide))
    rows = found.sheets[UNITS.name].rows
    assert [row.is_hidden for row in rows] == [True, False, True]
    told = next(problem for problem in found.problems if problem.code == "rows_hidden")
    assert told.params == {"count": 2, "rows": "2、4"}


def test_sheets_of_the_template_that_hold_no_rows_are_not_read():
    names = {sheet.name for sheet in SHEETS}
    assert not names & {INSTRUCTIONS, CHOICES}
    assert {line[0] for line in _column_lines()} == names
