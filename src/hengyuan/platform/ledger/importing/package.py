"""Is an uploaded file a workbook that can be opened without harm? Looked at by content alone.

A .xlsx is a ZIP archive of XML parts. Before any library opens it, everything is bounded here:
how large it is and unpacks to, how many rows and cells its sheets have, and that no part brings a
document type, by which XML can be made to grow or to fetch. What a streaming reader would not tell
(merged cells, hidden rows) is noted on the way.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from xml.parsers import expat

from openpyxl.utils.cell import range_boundaries

from hengyuan.platform.ledger.importing.problems import Problem

MAX_BYTES = 10 * 1024 * 1024
MAX_UNPACKED = 120 * 1024 * 1024
MAX_PARTS = 2_000
MAX_ROWS = 20_000
"""Rows of one sheet, its headings included."""
MAX_CELLS = 1_000_000
MAX_MERGED_ROWS = 2_000
"""Merged cells that cover more rows than this are told once, not row by row."""

_TYPES = "[Content_Types].xml"
_WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
_CHUNK = 256 * 1024
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7z"),
    (b"{\\rtf", "RTF"),
    (b"MZ", "EXE"),
    (b"\x7fELF", "ELF"),
)


class UnusableFile(ValueError):
    """The whole file is refused; `problem` says why and what to do."""

    def __init__(self, code: str, sheet: str = "", /, **params: Any) -> None:
        super().__init__(code)
        self.problem = Problem(code, True, sheet=sheet, params=params)


@dataclass(frozen=True, slots=True)
class Merge:
    """A range of merged cells, rows and columns counted from 1."""

    text: str
    first_column: int
    first_row: int
    last_column: int
    last_row: int


@dataclass(slots=True)
class SheetScan:
    """What a first look at a sheet has shown."""

    name: str
    rows: int = 0
    last_row: int = 0
    cells: int = 0
    hidden_rows: list[int] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)


def scan(content: bytes) -> dict[str, SheetScan]:
    """Check the file and look over its sheets, by name. Raises UnusableFile."""
    if not content:
        raise UnusableFile("file_empty")
    if len(content) > MAX_BYTES:
        raise UnusableFile(
            "file_too_large",
            mb=f"{len(content) / 1024 / 1024:.1f}",
            most=MAX_BYTES // 1024 // 1024,
        )
    _check_signature(content)
    with _damage_told(), zipfile.ZipFile(BytesIO(content)) as archive:
        _check_members(archive)
        names = _sheet_parts(archive, _workbook_part(archive))
        sheets = {part: _SheetReader(name) for name, part in names.items()}
        for member in archive.infolist():
            if member.filename.lower().endswith((".xml", ".rels")):
                _read_part(archive, member.filename, sheets.get(member.filename))
        return {reader.found.name: reader.found for reader in sheets.values()}


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except UnusableFile:
        raise
    except (
        zipfile.BadZipFile,
        expat.ExpatError,
        NotImplementedError,
        EOFError,
        OSError,
        ValueError,
        KeyError,
        RecursionError,
    ) as error:
        raise UnusableFile("file_damaged") from error


def _check_signature(content: bytes) -> None:
    if content.startswith(b"PK\x03\x04"):
        return
    if content.startswith(_OLE):
        # the streams of the old container are named in UTF-16
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise UnusableFile("file_has_password")
        if any(name.encode("utf-16-le") in content for name in ("Workbook", "Book")):
            raise UnusableFile("file_is_xls")
        raise UnusableFile("file_is_other", what="OLE")
    for signature, what in _SIGNATURES:
        if content.startswith(signature):
            raise UnusableFile("file_is_other", what=what)
    head = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<html", b"<!doctype html", b"<table")):
        raise UnusableFile("file_is_other", what="HTML")
    if head.startswith(b"<?xml"):
        raise UnusableFile("file_is_other", what="XML")
    if b"\x00" not in content[:4096]:
        raise UnusableFile("file_is_other", what="TXT/CSV")
    raise UnusableFile("file_damaged")


def _check_members(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    names = [member.filename for member in members]
    lower = {name.lower() for name in names}
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise UnusableFile("file_has_password")
    if any(name.endswith("vbaproject.bin") for name in lower):
        raise UnusableFile("file_has_macros")
    if "xl/workbook.bin" in lower:
        raise UnusableFile("file_is_xlsb")
    if "mimetype" in lower:
        raise UnusableFile("file_is_ods")
    if "word/document.xml" in lower:
        raise UnusableFile("file_is_other", what="Word")
    if "ppt/presentation.xml" in lower:
        raise UnusableFile("file_is_other", what="PowerPoint")
    if _TYPES not in names:
        raise UnusableFile("file_is_other", what="ZIP")
    if len(members) > MAX_PARTS or len(lower) != len(names):
        raise UnusableFile("file_unsafe", what=f"{len(members)} parts")
    if any(member.compress_type not in _METHODS for member in members):
        raise UnusableFile("file_unsafe", what="compression")
    # reading stops at the declared size, so what is declared is also what can be unpacked
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_UNPACKED:
        raise UnusableFile("file_swollen", mb=f"{unpacked // 1024 // 1024:,}")


def _workbook_part(archive: zipfile.ZipFile) -> str:
    found: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("ContentType", "")
        if _local(name) == "Override" and "macroEnabled" in kind:
            raise UnusableFile("file_has_macros")
        if _local(name) == "Override" and kind == _WORKBOOK_TYPE:
            found.append(attributes.get("PartName", "").lstrip("/"))

    _parse(archive, _TYPES, start)
    if len(found) != 1:
        raise UnusableFile("file_is_other", what="ZIP")
    return found[0]


def _sheet_parts(archive: zipfile.ZipFile, workbook: str) -> dict[str, str]:
    """Which part of the archive holds the sheet of which name."""
    folder, base = posixpath.split(workbook)
    targets: dict[str, str] = {}
    sheets: dict[str, str] = {}

    def relation(name: str, attributes: dict[str, str]) -> None:
        if _local(name) == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else f"{folder}/{target}"
            targets[attributes.get("Id", "")] = posixpath.normpath(path)

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if _local(name) == "sheet":
            ids = [value for key, value in attributes.items() if _local(key) == "id"]
            sheets[attributes.get("name", "")] = targets.get(ids[0], "") if ids else ""

    _parse(archive, posixpath.join(folder, "_rels", f"{base}.rels"), relation)
    _parse(archive, workbook, sheet)
    known = set(archive.namelist())
    return {name: part for name, part in sheets.items() if part in known}


class _SheetReader:
    """Counts rows and cells while a sheet goes by, and stops it where it is too large."""

    def __init__(self, name: str) -> None:
        self.found = SheetScan(name)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = _local(tag)
        if local == "c":
            self.found.cells += 1
        elif local == "row":
            self._row(attributes)
        elif local == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def finish(self) -> None:
        found = self.found
        if found.last_row > MAX_ROWS:
            raise UnusableFile(
                "too_many_rows", found.name, rows=f"{found.last_row:,}", most=f"{MAX_ROWS:,}"
            )
        if found.cells > MAX_CELLS:
            raise UnusableFile(
                "too_many_cells", found.name, cells=f"{found.cells:,}", most=f"{MAX_CELLS:,}"
            )

    def _row(self, attributes: dict[str, str]) -> None:
        found = self.found
        found.rows += 1
        number = int(attributes.get("r") or found.last_row + 1)
        found.last_row = max(found.last_row, number)
        if attributes.get("hidden") in ("1", "true"):
            found.hidden_rows.append(number)

    def _merge(self, text: str) -> None:
        first_column, first_row, last_column, last_row = range_boundaries(text)
        self.found.merges.append(Merge(text, first_column, first_row, last_column, last_row))


def _read_part(archive: zipfile.ZipFile, part: str, reader: _SheetReader | None) -> None:
    _parse(archive, part, reader.start if reader else None)
    if reader is not None:
        reader.finish()


def _parse(
    archive: zipfile.ZipFile, part: str, start: Callable[[str, dict[str, str]], None] | None
) -> None:
    """Run a part through the parser, in pieces; a document type ends it."""
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartDoctypeDeclHandler = _refuse_doctype
    if start is not None:
        parser.StartElementHandler = start
    with archive.open(part) as source:
        while piece := source.read(_CHUNK):
            parser.Parse(piece, False)
        parser.Parse(b"", True)


def _refuse_doctype(*_: Any) -> None:
    raise UnusableFile("file_unsafe", what="DOCTYPE")


def _local(name: str) -> str:
    return name.rpartition("}")[2]
