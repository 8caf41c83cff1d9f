"""A workbook's sheets as rows under the template's headings."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from hengyuan.platform.ledger.importing.cells import Cell, is_blank
from hengyuan.platform.ledger.importing.columns import NOT_READ, SHEETS, UNITS, Column, Sheet
from hengyuan.platform.ledger.importing.package import (
    MAX_MERGED_ROWS,
    MAX_ROWS,
    Merge,
    SheetScan,
    UnusableFile,
    scan,
)
from hengyuan.platform.ledger.importing.problems import Problem, shortened

HEADING_WITHIN = 10
"""Rows among which the headings are looked for: people like to put a title above."""
_MAX_COLUMNS = 100
_SHOWN_ROWS = 12
_IGNORED = re.compile(r"[\s*＊:：]")
_BRACKETS = str.maketrans("（），", "(),")


@dataclass(slots=True)
class Row:
    """A row that is not blank: its cells by the column's field."""

    sheet: Sheet
    number: int
    cells: dict[str, Cell]
    is_hidden: bool = False
    merges: tuple[Merge, ...] = ()


@dataclass(slots=True)
class ReadSheet:
    """A sheet of the template as it was found. `letters` says where which column stands."""

    sheet: Sheet
    letters: dict[str, str]
    rows: list[Row] = field(default_factory=list)

    def place(self, column_field: str) -> str:
        """A column as it is named beside a problem: letter and heading."""
        column = self.sheet.column(column_field)
        return f"{self.letters.get(column_field, '')} {column.heading}".strip()


@dataclass(slots=True)
class ReadBook:
    """All that was read, and what is wrong with the workbook apart from its rows."""

    sheets: dict[str, ReadSheet] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def row_count(self) -> int:
        return sum(len(found.rows) for found in self.sheets.values())

    @property
    def is_usable(self) -> bool:
        """Whether it has rows to look at, and the units' sheet is there with what it needs."""
        return UNITS.name in self.sheets and self.row_count > 0


def read(content: bytes, tell: Callable[[int, int], None] | None = None) -> ReadBook:
    """Read a workbook. Raises UnusableFile where it is none, or none that may be opened.

    `tell` is called now and then with how many rows have been read and how many there are.
    """
    scans = scan(content)
    total = sum(found.rows for found in scans.values())
    with warnings.catch_warnings():
        # extensions that openpyxl does not know are of no interest here
        warnings.simplefilter("ignore", UserWarning)
        try:
            book = load_workbook(BytesIO(content), read_only=True, keep_links=False)
        except Exception as error:  # the library promises no particular one
            raise UnusableFile("file_damaged") from error
        try:
            return _read_sheets(book, scans, lambda done: tell(done, total) if tell else None)
        except UnusableFile:
            raise
        except Exception as error:
            raise UnusableFile("file_damaged") from error
        finally:
            book.close()


def _read_sheets(book: Any, scans: dict[str, SheetScan], tell: Callable[[int], None]) -> ReadBook:
    found = ReadBook()
    known = {_plain(sheet.name): sheet for sheet in SHEETS}
    for opened in book.worksheets:
        sheet = known.get(_plain(opened.title))
        scanned = scans.get(opened.title) or SheetScan(opened.title)
        if sheet is None or sheet.name in found.sheets:
            _tell_unknown(found, opened, scanned)
        else:
            _read_sheet(found, sheet, opened, scanned, tell)
    for sheet in SHEETS:
        if not any(_plain(opened.title) == _plain(sheet.name) for opened in book.worksheets):
            is_error = sheet is UNITS
            problem = Problem("sheet_missing", is_error, sheet.name, params={"name": sheet.name})
            found.problems.append(problem)
    units = found.sheets.get(UNITS.name)
    if units is not None and found.row_count == 0:
        found.problems.append(Problem("no_rows", True, UNITS.name))
    return found


def _tell_unknown(found: ReadBook, opened: Any, scanned: SheetScan) -> None:
    if opened.title in NOT_READ:
        return
    rows = sum(
        any(not is_blank(cell.value) for cell in row)
        for row in _rows(opened, min(scanned.last_row, MAX_ROWS))
    )
    if rows:
        params = {"rows": rows, "name": UNITS.name}
        found.problems.append(Problem("sheet_unknown", True, opened.title, 1, "A", params=params))


def _read_sheet(
    found: ReadBook,
    sheet: Sheet,
    opened: Any,
    scanned: SheetScan,
    tell: Callable[[int], None],
) -> None:
    hidden, merges = set(scanned.hidden_rows), _by_row(scanned.merges)
    reading: ReadSheet | None = None
    positions: dict[int, Column] = {}
    for number, cells in enumerate(_rows(opened, scanned.last_row), start=1):
        if reading is None:
            headings = _headings(sheet, cells)
            if headings is not None:
                positions = headings
                reading = _start(found, sheet, cells, positions)
                if reading is None:
                    return
            elif number >= HEADING_WITHIN:
                break
            continue
        row = _row(sheet, number, cells, positions)
        if row is not None:
            row.is_hidden = number in hidden
            row.merges = merges.get(number, ())
            reading.rows.append(row)
            if len(reading.rows) % 500 == 0:
                tell(len(reading.rows))
    if reading is None:
        if any(not is_blank(cell.value) for row in _rows(opened, HEADING_WITHIN) for cell in row):
            params = {"rows": HEADING_WITHIN}
            found.problems.append(
                Problem("heading_missing", True, sheet.name, 1, "A", params=params)
            )
        return
    found.sheets[sheet.name] = reading
    _tell_hidden(found, reading)
    _tell_large_merges(found, reading, scanned)


def _rows(opened: Any, last_row: int) -> Iterator[tuple[Any, ...]]:
    opened.reset_dimensions()
    if last_row:
        yield from opened.iter_rows(max_row=last_row, max_col=_MAX_COLUMNS)


def _headings(sheet: Sheet, cells: tuple[Any, ...]) -> dict[int, Column] | None:
    """The template's columns by their position, if this row has at least half of the needed."""
    wanted = {_plain(column.heading): column for column in sheet.columns}
    found = {
        index: wanted[_plain(str(cell.value))]
        for index, cell in enumerate(cells)
        if isinstance(cell.value, str) and _plain(cell.value) in wanted
    }
    needed = [column for column in sheet.columns if column.needed]
    hits = sum(column in found.values() for column in needed)
    return found if hits * 2 >= len(needed) and len(found) > 1 else None


def _start(
    found: ReadBook, sheet: Sheet, cells: tuple[Any, ...], positions: dict[int, Column]
) -> ReadSheet | None:
    """Check the headings; None where a sheet without what it needs cannot be read."""
    heading_row = next(cell.row for cell in cells if getattr(cell, "row", None))
    letters: dict[str, str] = {}
    problems = []
    for index, column in positions.items():
        letter = get_column_letter(index + 1)
        if column.field in letters:
            place = f"{letter} {column.heading}"
            problems.append(_at("column_twice", True, sheet, heading_row, place, column.heading))
        letters.setdefault(column.field, letter)
    missing = [column for column in sheet.columns if column.field not in letters]
    problems += [
        _at("column_missing", True, sheet, heading_row, column.heading, column.heading)
        for column in missing
        if column.needed
    ]
    absent = [column.heading for column in missing if not column.needed]
    if absent:
        params = {"names": "、".join(f"“{name}”" for name in absent)}
        problems.append(Problem("column_absent", False, sheet.name, heading_row, params=params))
    for index, cell in enumerate(cells):
        if index not in positions and not is_blank(cell.value):
            place = f"{get_column_letter(index + 1)} {shortened(cell.value)}"
            problems.append(Problem("column_unknown", False, sheet.name, heading_row, place))
    found.problems += problems
    return None if any(problem.is_error for problem in problems) else ReadSheet(sheet, letters)


def _at(code: str, is_error: bool, sheet: Sheet, row: int, column: str, name: str) -> Problem:
    return Problem(code, is_error, sheet.name, row, column, params={"name": name})


def _row(
    sheet: Sheet, number: int, cells: tuple[Any, ...], positions: dict[int, Column]
) -> Row | None:
    filled = {
        column.field: Cell(cells[index].value, cells[index].data_type)
        for index, column in positions.items()
        if index < len(cells) and not is_blank(cells[index].value)
    }
    return Row(sheet, number, filled) if filled else None


def _by_row(merges: list[Merge]) -> dict[int, tuple[Merge, ...]]:
    by_row: dict[int, tuple[Merge, ...]] = {}
    for merge in merges:
        if merge.last_row - merge.first_row < MAX_MERGED_ROWS:
            for number in range(merge.first_row, merge.last_row + 1):
                by_row[number] = (*by_row.get(number, ()), merge)
    return by_row


def _tell_large_merges(found: ReadBook, reading: ReadSheet, scanned: SheetScan) -> None:
    for merge in scanned.merges:
        if merge.last_row - merge.first_row >= MAX_MERGED_ROWS:
            column = get_column_letter(merge.first_column)
            found.problems.append(
                Problem(
                    "merged",
                    True,
                    reading.sheet.name,
                    merge.first_row,
                    column,
                    params={"range": merge.text},
                )
            )


def _tell_hidden(found: ReadBook, reading: ReadSheet) -> None:
    hidden = [row.number for row in reading.rows if row.is_hidden]
    if hidden:
        shown = "、".join(str(number) for number in hidden[:_SHOWN_ROWS])
        params = {"count": len(hidden), "rows": shown + ("…" if len(hidden) > _SHOWN_ROWS else "")}
        found.problems.append(
            Problem("rows_hidden", False, reading.sheet.name, hidden[0], params=params)
        )


def _plain(heading: str) -> str:
    return _IGNORED.sub("", heading).translate(_BRACKETS).lower()
