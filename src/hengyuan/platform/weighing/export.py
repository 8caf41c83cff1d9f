"""Records as an Excel file: bounded, streamed row by row, and nothing in it is ever a formula."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from hengyuan.law.codes import CARGO_TYPES
from hengyuan.platform.weighing import words
from hengyuan.platform.weighing.judgement import judgement_of
from hengyuan.platform.weighing.models import Weighing, WeighingQuerySet

MAX_ROWS = 20_000
_READ_AT_ONCE = 1_000
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: heading with its unit, width in characters, and what stands in it."""

    heading: str | Promise
    width: int
    value: Callable[[Weighing], Any]
    number_format: str = "General"


# trucks are alike: the same masses and limits come again and again
_judgement = lru_cache(maxsize=65_536)(judgement_of)


def _judged(row: Weighing) -> Any:
    return _judgement(row.gross_kg, row.platform_limit_kg, row.platform_verdict_name)


def _rate(row: Weighing) -> float | None:
    rate_bp = _judged(row).rate_bp
    return None if rate_bp is None else rate_bp / 100


class _Said:
    """The words of the language that is spoken, looked up once: translating them anew for each
    record takes longer than the rest of its row."""

    def __init__(self) -> None:
        self.kinds = _spoken(words.KINDS)
        self.verdicts = _spoken(words.VERDICTS)
        self.combinations = _spoken(words.COMBINATIONS)
        self.colours = _spoken(words.PLATE_COLOURS)
        self.flags = _spoken(words.FLAGS)
        self._bands: dict[str, str] = {}

    def band(self, row: Weighing) -> str:
        """The band of the overload rate."""
        band = _judged(row).band
        if band is None:
            return ""
        if band.id not in self._bands:
            self._bands[band.id] = words.band_words(band.above_bp, band.upto_bp)
        return self._bands[band.id]

    def flags_of(self, row: Weighing) -> str:
        return "、".join(self.flags[name] for name in row.flag_names) if row.flags else ""


def _spoken(names: words.Words) -> dict[str | None, str]:
    return {None: ""} | {name: str(word) for name, word in names.items()}


_KG = "#,##0"


def columns() -> tuple[Column, ...]:
    """What stands in an export, in the language that is spoken at this moment."""
    said = _Said()
    return (
        Column(gettext_lazy("Time"), 20, lambda r: _local(r.weighed_at), "yyyy-mm-dd hh:mm:ss"),
        Column(gettext_lazy("County"), 12, lambda r: r.unit.region.name),
        Column(gettext_lazy("Source unit"), 24, lambda r: r.unit.name),
        Column(gettext_lazy("Terminal"), 16, lambda r: r.terminal.code),
        Column(gettext_lazy("Number"), 9, lambda r: r.seq),
        Column(gettext_lazy("Lane"), 6, lambda r: r.lane),
        Column(gettext_lazy("Kind"), 8, lambda r: said.kinds[r.kind_name]),
        Column(gettext_lazy("Plate"), 12, lambda r: r.plate),
        Column(gettext_lazy("Plate colour"), 12, lambda r: said.colours[r.plate_colour_name]),
        Column(gettext_lazy("Trailer plate"), 12, lambda r: r.trailer_plate),
        Column(gettext_lazy("Axles"), 6, lambda r: r.axles),
        Column(gettext_lazy("Combination"), 16, lambda r: said.combinations[r.combination_name]),
        Column(gettext_lazy("Axle layout"), 10, lambda r: r.layout),
        Column(gettext_lazy("Licensed total (kg)"), 12, lambda r: r.licensed_total_kg, _KG),
        Column(gettext_lazy("Tyres missing"), 8, lambda r: r.missing_tyres),
        Column(gettext_lazy("Gross (kg)"), 11, lambda r: r.gross_kg, _KG),
        Column(gettext_lazy("Tare (kg)"), 11, lambda r: r.tare_kg, _KG),
        Column(gettext_lazy("Net (kg)"), 11, lambda r: r.net_kg, _KG),
        Column(gettext_lazy("Raw (kg)"), 11, lambda r: r.raw_kg, _KG),
        Column(gettext_lazy("Limit (kg)"), 11, lambda r: r.platform_limit_kg, _KG),
        Column(gettext_lazy("Overload (kg)"), 11, lambda r: _judged(r).overload_kg, _KG),
        Column(gettext_lazy("Overload rate (%)"), 11, _rate, "0.00"),
        Column(gettext_lazy("Band"), 14, said.band),
        Column(gettext_lazy("Verdict"), 9, lambda r: said.verdicts[r.platform_verdict_name]),
        Column(
            gettext_lazy("Verdict of the terminal"), 12, lambda r: said.verdicts[r.verdict_name]
        ),
        Column(gettext_lazy("Limit of the terminal (kg)"), 12, lambda r: r.limit_kg, _KG),
        Column(
            gettext_lazy("Flags"),
            24,
            said.flags_of,
        ),
        Column(gettext_lazy("Corrects number"), 10, lambda r: r.corrects),
        Column(gettext_lazy("Cargo"), 14, lambda r: CARGO_TYPES.get(r.cargo or "", r.cargo)),
        Column(gettext_lazy("Loading note"), 16, lambda r: r.note_no),
        Column(gettext_lazy("Carrier"), 20, lambda r: r.carrier),
        Column(gettext_lazy("Destination"), 20, lambda r: r.destination),
        Column(gettext_lazy("Operator"), 10, lambda r: r.operator),
        Column(pgettext_lazy("of an override or a void", "Reason"), 20, lambda r: r.reason),
        Column(gettext_lazy("Digest"), 66, lambda r: bytes(r.digest).hex()),
    )


def read_in_order(records: WeighingQuerySet, most: int = MAX_ROWS) -> Iterator[Weighing]:
    """The newest records, at most so many, read in portions."""
    ordered = records.order_by("-weighed_at", "-terminal_id", "-seq")
    ordered = ordered.prefetch_related("unit__region", "terminal")[:most]
    return ordered.iterator(chunk_size=_READ_AT_ONCE)


def write_workbook(
    rows: Iterable[Weighing], description: list[tuple[str, str]], *, by: str, at: datetime
) -> tuple[bytes, int]:
    """The file and how many records it holds. `description` says what was asked for, in words."""
    shown = columns()
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Weighing records"))
    for index, column in enumerate(shown, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = column.width
    about = [
        (_("Weighing records"), ""),
        *description,
        (_("Exported by"), by),
        (_("Exported at"), f"{localtime(at):%Y-%m-%d %H:%M:%S}"),
        (_("At most"), _("%(count)s records, the newest") % {"count": f"{MAX_ROWS:,}"}),
    ]
    sheet.freeze_panes = f"A{len(about) + 3}"
    for label, text in about:
        sheet.append([_text_cell(sheet, label), _text_cell(sheet, text)])
    sheet.append([])
    sheet.append([_heading(sheet, column) for column in shown])
    count = 0
    for row in rows:
        sheet.append([_cell(sheet, column, row) for column in shown])
        count += 1
    file = io.BytesIO()
    book.save(file)
    return file.getvalue(), count


def _local(moment: datetime) -> datetime:
    """Local time without its zone: Excel knows none."""
    return localtime(moment).replace(tzinfo=None)


def _heading(sheet: Any, column: Column) -> Any:
    cell = _text_cell(sheet, str(column.heading))
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="E8EDF3")
    cell.alignment = Alignment(wrap_text=True, vertical="center")
    return cell


def _cell(sheet: Any, column: Column, row: Weighing) -> Any:
    value = column.value(row)
    if value is None or isinstance(value, str):
        return _text_cell(sheet, value or "")
    cell = WriteOnlyCell(sheet, value)
    cell.number_format = column.number_format
    return cell


def _text_cell(sheet: Any, text: str) -> Any:
    """A text, kept a text: a carrier called `=1+1` must not become a formula.

    The prefix mark keeps it one when the cell is opened for editing and left again.
    """
    cell = WriteOnlyCell(sheet, str(text))
    cell.data_type = "s"
    if str(text).startswith(FORMULA_SIGNS):
        cell.quotePrefix = True
    return cell
