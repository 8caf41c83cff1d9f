"""Records as CSV: up to a million, written while they are read, so that memory stays as it is.

They are read in portions by the key of the last row: no transaction and no cursor stays open
while a slow line takes the file, and records that come in meanwhile neither repeat nor displace
others. What is asked for may be looked for as long as it takes; only each statement is bounded.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from hengyuan.platform.weighing import queries
from hengyuan.platform.weighing import search as searching
from hengyuan.platform.weighing.export import FORMULA_SIGNS, columns
from hengyuan.platform.weighing.search import Search

MAX_ROWS = 1_000_000
"""Somewhat less than the lines that a sheet of Excel has."""
PORTION = 2_000
STATEMENT_TIMEOUT_MS = 60_000
# what makes Excel read a file as UTF-8
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


class CsvOfRecords:
    """The file, piece by piece; `records` is how many it holds so far."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self.records = 0

    def pieces(self) -> Iterator[bytes]:
        """Headings first, then the newest records; a last line where the rest was cut off.

        queries.TooSlow ends it: a file that stops short is not to look like a whole one.
        """
        shown = columns()
        yield _piece([[str(column.heading) for column in shown]], _MARK)
        cursor: queries.Cursor | None = None
        while True:
            wanted = min(PORTION, MAX_ROWS - self.records)
            with queries.at_most(STATEMENT_TIMEOUT_MS):
                rows = searching.find(
                    self._search, cursor, rising=False, most=wanted + 1, budget_ms=float("inf")
                ).rows
                queries.with_names(rows)
            has_more, rows = len(rows) > wanted, rows[:wanted]
            self.records += len(rows)
            yield _piece([[_cell(column.value(row)) for column in shown] for row in rows])
            if not has_more:
                return
            if self.records >= MAX_ROWS:
                yield _piece([[_("Cut off here: more than %s records.") % MAX_ROWS]])
                return
            cursor = queries.Cursor.of(rows[-1])


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        # a sheet takes what begins like this for a formula, quoted or not
        return f"'{value}" if value.startswith(FORMULA_SIGNS) else value
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return value


def _piece(rows: list[list[Any]], mark: str = "") -> bytes:
    text = io.StringIO(mark)
    text.seek(0, io.SEEK_END)
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
