"""From a kind, an office's wording and the content to what is printed, part by part."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from hengyuan.platform.documents.kinds import DocumentKind
from hengyuan.platform.documents.sandbox import render_text

Content = Mapping[str, Any]
# spaces in what is typed, not in what is printed
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn"}


def chinese_date(day: date) -> str:
    """2026年5月8日, as an official document writes it: Arabic numerals, no leading zeros."""
    return f"{day.year}年{day.month}月{day.day}日"


@dataclass(frozen=True, slots=True)
class Annex:
    """A table with its title: headers, shares of the width, and rows of cells of lines."""

    title: str
    headers: tuple[str, ...]
    shares: tuple[int, ...]
    centred: tuple[bool, ...]
    rows: tuple[tuple[tuple[str, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Composed:
    """The parts of an official document in the order of GB/T 9704, all of them plain text."""

    masthead: str
    document_no: str
    title: str
    body: tuple[str, ...]
    signature: str
    dated: str
    contact: str
    copies_to: str
    printed_by: str
    annex: Annex | None


@dataclass(frozen=True, slots=True)
class Heading:
    """What an official document carries whatever its kind."""

    document_no: str
    dated: date
    printed_by: str


def clean(content: Content) -> dict[str, Any]:
    """Content as it can be printed: text without control characters, rows likewise."""
    return {name: _clean_value(value) for name, value in content.items()}


def fill_texts(kind: DocumentKind, texts: Mapping[str, str], content: Content) -> dict[str, str]:
    """Each text block filled in; ValueError names the block that cannot be."""
    schema = kind.schema()
    filled = {}
    for block in kind.texts:
        try:
            filled[block.name] = render_text(texts.get(block.name, ""), content, schema).strip()
        except ValueError as error:
            raise ValueError(f"{block.label}: {error}") from error
    return filled


def compose(
    kind: DocumentKind, texts: Mapping[str, str], content: Content, heading: Heading
) -> Composed:
    """All parts of the document. `content` is checked for what its kind may print."""
    kind.check_content(content)
    content = clean(content)
    filled = fill_texts(kind, texts, content)
    body = [*filled.get("opening", "").splitlines(), *filled.get("closing", "").splitlines()]
    return Composed(
        masthead=_one_line(filled.get("masthead", "")),
        document_no=_clean_value(heading.document_no),
        title=filled.get("title", ""),
        body=tuple(line.strip() for line in body if line.strip()),
        signature=_one_line(filled.get("signature", "")),
        dated=chinese_date(heading.dated),
        contact=_one_line(filled.get("contact", "")),
        copies_to=_one_line(filled.get("copies_to", "")),
        printed_by=_clean_value(heading.printed_by),
        annex=_annex(kind, content),
    )


def _annex(kind: DocumentKind, content: Content) -> Annex | None:
    table = kind.table
    if table is None:
        return None
    return Annex(
        title=render_text(table.title, content, kind.schema()),
        headers=tuple(column.header for column in table.columns),
        shares=tuple(column.share for column in table.columns),
        centred=tuple(column.centred for column in table.columns),
        rows=tuple(
            tuple(
                tuple(row[name] for name in column.lines if row[name]) for column in table.columns
            )
            for row in content[table.rows]
        ),
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _clean_value(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [clean(row) for row in value]
    text = "".join(
        " " if character.isspace() else character
        for character in str(value)
        if character.isspace() or unicodedata.category(character) not in _UNPRINTABLE
    )
    return text.strip()
