"""Passages as a table for other programs: CSV, and Excel where a person goes on with them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime

from hengyuan.terminal.judging import CHINA
from hengyuan.terminal.screen.vocabulary import Vocabulary
from hengyuan.terminal.store.search import Passage

CSV = "text/csv; charset=utf-8"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int | datetime | None
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def heads(words: Vocabulary) -> list[str]:
    """The first line. Masses are in kg."""
    _ = words.gettext
    return [
        _("Terminal"),
        _("No."),
        _("Newest record"),
        _("Time"),
        _("Lane"),
        _("Kind"),
        _("Plate"),
        _("Trailer"),
        _("Gross kg"),
        _("Tare kg"),
        _("Net kg"),
        _("Limit kg"),
        _("Verdict"),
        _("First verdict"),
        _("Cargo"),
        _("Loading note"),
        _("Carrier"),
        _("Destination"),
        _("Remarks"),
        _("Operator"),
    ]


def _cells(passage: Passage, words: Vocabulary, terminal: str) -> list[Cell]:
    began = datetime.fromtimestamp(passage.began_at / 1000, CHINA).replace(tzinfo=None)
    return [
        terminal,
        passage.first_seq,
        passage.seq,
        began.replace(microsecond=0),
        passage.lane,
        words.records.get(passage.kind, passage.kind),
        passage.plate,
        passage.trailer_plate,
        passage.gross_kg,
        passage.tare_kg,
        passage.net_kg,
        passage.limit_kg,
        words.verdict_of(passage),
        words.verdicts.get(passage.first_verdict or "", ""),
        words.cargo(passage.cargo),
        passage.note_no,
        passage.carrier,
        passage.destination,
        "、".join(words.flags.get(flag, flag) for flag in passage.flags),
        passage.operator,
    ]


def csv_of(passages: Iterable[Passage], words: Vocabulary, terminal: str) -> bytes:
    """UTF-8 with a mark at its beginning, without which Excel takes it for another encoding."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(heads(words))
    for passage in passages:
        writer.writerow([_plain(cell) for cell in _cells(passage, words, terminal)])
    return text.getvalue().encode("utf-8-sig")


def excel_of(passages: Iterable[Passage], words: Vocabulary, terminal: str) -> bytes:
    """One sheet, written row by row so that a year of trucks does not fill the memory."""
    # loaded with the first export: a gate that never makes one needs no room for it
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(words.gettext("Records"))
    sheet.freeze_panes = "A2"
    for column, width in zip("ABCDEFGHIJKLMNOPQRST", _WIDTHS, strict=True):
        sheet.column_dimensions[column].width = width
    bold = []
    for name in heads(words):
        cell = WriteOnlyCell(sheet, name)
        cell.font = Font(bold=True)
        bold.append(cell)
    sheet.append(bold)
    for passage in passages:
        sheet.append([_no_formula(cell) for cell in _cells(passage, words, terminal)])
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


_WIDTHS = (18, 8, 8, 20, 6, 8, 12, 12, 10, 10, 10, 10, 12, 12, 14, 16, 20, 20, 30, 10)


def _plain(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return "" if cell is None else str(_no_formula(cell))


def _no_formula(cell: Cell) -> Cell:
    """A text that a spreadsheet would take for a formula stays a text."""
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell
