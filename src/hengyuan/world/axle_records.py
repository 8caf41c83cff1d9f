"""Real axle records: what a weigh-in-motion system measured of trucks, read from a CSV file.

The form of the file: a header `record,gross_kg,axle_kg,spacing_cm,length_cm`, then one truck a
row. `axle_kg` holds the mass of every axle, front first, and `spacing_cm` the distances between
neighbours, both separated by spaces. A row with fewer distances than that was not measured axle
by axle: its distances are dropped, and `AxleRecord.measured` is false.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

COLUMNS = ("record", "gross_kg", "axle_kg", "spacing_cm", "length_cm")
MAX_GROSS_KG = 200_000
MAX_AXLES = 16
MAX_PROBLEMS = 20

_SPACING_CM = range(50, 3_001)
_LENGTH_CM = range(100, 10_001)


@dataclass(frozen=True, slots=True)
class AxleRecord:
    """One truck as it was measured, front axle first."""

    number: int
    """The record's own number in its source."""
    gross_kg: int
    axle_kg: tuple[int, ...]
    spacings_mm: tuple[int, ...]
    """Between neighbouring axles; empty where not all of them were measured."""
    length_mm: int

    @property
    def axles(self) -> int:
        """How many axles were counted."""
        return len(self.axle_kg)

    @property
    def measured(self) -> bool:
        """Whether the distances between its axles are known."""
        return bool(self.spacings_mm)


class BadAxleRecords(ValueError):
    """A file that is not of the form above. `problems` names every row that is wrong, and why."""

    def __init__(self, source: str, problems: list[str]) -> None:
        self.source = source
        self.problems = problems
        shown = problems[:MAX_PROBLEMS]
        if len(problems) > len(shown):
            shown.append(f"... and {len(problems) - len(shown)} more")
        super().__init__(f"{source}: " + "; ".join(shown))


def load_axle_records(path: Path | None = None) -> list[AxleRecord]:
    """The records of `path`, or the 2,000 that come with the package.

    Raises BadAxleRecords, which names rows and remedies, and OSError where the file cannot be
    read. Row numbers count lines of the file, the header being row 1.
    """
    if path is None:
        bundled = files("hengyuan.world") / "data" / "axle_records.csv"
        return parse_axle_records(bundled.read_text("utf-8").splitlines(), "axle_records.csv")
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = f"byte {error.start} is not UTF-8; save the file as UTF-8"
        raise BadAxleRecords(str(path), [problem]) from None
    return parse_axle_records(text.splitlines(), str(path))


def parse_axle_records(lines: Iterable[str], source: str) -> list[AxleRecord]:
    """The records of the lines of such a file; `source` names it in errors."""
    reader = csv.reader(lines)
    header = next(reader, None)
    if header is None or [name.strip() for name in header] != list(COLUMNS):
        wanted = ",".join(COLUMNS)
        raise BadAxleRecords(source, [f"row 1: the header must read {wanted}"])
    records: list[AxleRecord] = []
    problems: list[str] = []
    rows_by_number: dict[int, int] = {}
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        row = reader.line_num
        try:
            record = _read_row(cells)
        except ValueError as error:
            problems.append(f"row {row}: {error}")
            continue
        if record.number in rows_by_number:
            first = rows_by_number[record.number]
            problems.append(f"row {row}: record {record.number} is already in row {first}")
            continue
        rows_by_number[record.number] = row
        records.append(record)
    if problems:
        raise BadAxleRecords(source, problems)
    if not records:
        raise BadAxleRecords(source, ["there is a header, but no truck"])
    return records


def write_axle_records(records: Iterable[AxleRecord]) -> Iterator[str]:
    """The lines of such a file, each ended by a line feed. Spacings and length go out in cm."""
    yield ",".join(COLUMNS) + "\n"
    for record in records:
        axles = " ".join(map(str, record.axle_kg))
        spacings = " ".join(str(spacing // 10) for spacing in record.spacings_mm)
        length_cm = record.length_mm // 10
        yield f"{record.number},{record.gross_kg},{axles},{spacings},{length_cm}\n"


def _read_row(cells: list[str]) -> AxleRecord:
    if len(cells) != len(COLUMNS):
        raise ValueError(f"has {len(cells)} columns instead of {len(COLUMNS)}")
    number, gross_kg, axle_text, spacing_text, length_cm = (cell.strip() for cell in cells)
    axle_kg = _whole_numbers("axle_kg", axle_text)
    spacings_cm = _whole_numbers("spacing_cm", spacing_text)
    if len(spacings_cm) < len(axle_kg) - 1:
        spacings_cm = ()
    record = AxleRecord(
        number=_whole_number("record", number),
        gross_kg=_whole_number("gross_kg", gross_kg),
        axle_kg=axle_kg,
        spacings_mm=tuple(spacing * 10 for spacing in spacings_cm),
        length_mm=_whole_number("length_cm", length_cm) * 10,
    )
    _check(record)
    return record


def _check(record: AxleRecord) -> None:
    if not 2 <= record.axles <= MAX_AXLES:
        raise ValueError(f"axle_kg: {record.axles} axles where 2 to {MAX_AXLES} are possible")
    if not 0 < record.gross_kg <= MAX_GROSS_KG:
        raise ValueError(f"gross_kg: {record.gross_kg} is not within 1 to {MAX_GROSS_KG}")
    if min(record.axle_kg) <= 0:
        raise ValueError("axle_kg: every axle carries something")
    # each axle was rounded for itself, so the sum may be off by as much
    if abs(sum(record.axle_kg) - record.gross_kg) > record.axles:
        raise ValueError(
            f"axle_kg: the axles add up to {sum(record.axle_kg)}, gross_kg is {record.gross_kg}"
        )
    if record.length_mm // 10 not in _LENGTH_CM:
        raise ValueError(f"length_cm: {record.length_mm // 10} is not a truck's length")
    if not record.spacings_mm:
        return
    if len(record.spacings_mm) >= record.axles:
        raise ValueError(
            f"spacing_cm: {len(record.spacings_mm)} distances between {record.axles} axles; "
            f"at most {record.axles - 1} are possible"
        )
    for spacing_mm in record.spacings_mm:
        if spacing_mm // 10 not in _SPACING_CM:
            raise ValueError(f"spacing_cm: {spacing_mm // 10} is no distance between axles")
    if sum(record.spacings_mm) > record.length_mm:
        raise ValueError("length_cm: the axles stand further apart than the truck is long")


def _whole_numbers(name: str, text: str) -> tuple[int, ...]:
    return tuple(_whole_number(name, part) for part in text.split())


def _whole_number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ValueError(f"{name}: {text[:20]!r} is not a whole number")
    return int(text)
