"""Word files for the tests: good ones, and ones that somebody means ill with."""

import zipfile
from collections.abc import Callable
from io import BytesIO

from docx import Document

from hengyuan.platform.documents.default_word import default_template

DOCUMENT, TYPES = "word/document.xml", "[Content_Types].xml"
RELATIONS = "word/_rels/document.xml.rels"


def word_of(*paragraphs: str, header: str = "", table: list[list[str]] | None = None) -> bytes:
    """A small .docx with these paragraphs, perhaps a header and a table."""
    document = Document()
    for text in paragraphs:
        document.add_paragraph(text)
    if header:
        document.sections[0].header.paragraphs[0].text = header
    if table:
        grid = document.add_table(rows=len(table), cols=len(table[0]))
        for row, texts in zip(grid.rows, table, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
    made = BytesIO()
    document.save(made)
    return made.getvalue()


def rewritten(
    change: dict[str, bytes | Callable[[bytes], bytes]], content: bytes | None = None
) -> bytes:
    """The default template with parts replaced, changed or added."""
    source = zipfile.ZipFile(BytesIO(content or default_template("publication")))
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = source.read(name)
            new = change.get(name, part)
            target.writestr(name, new(part) if callable(new) else new)
        for name in change.keys() - set(source.namelist()):
            new = change[name]
            target.writestr(name, new(b"") if callable(new) else new)
    return made.getvalue()


def replacing(old: str, new: str) -> Callable[[bytes], bytes]:
    """A change of one text in a part; fails where the text is missing."""

    def change(part: bytes) -> bytes:
        assert old.encode() in part
        return part.replace(old.encode(), new.encode(), 1)

    return change


def all_text(content: bytes) -> str:
    """Every text of a .docx: paragraphs, tables, headers and footers."""
    document = Document(BytesIO(content))
    texts = [paragraph.text for paragraph in document.paragraphs]
    texts += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    for section in document.sections:
        texts += [paragraph.text for paragraph in section.header.paragraphs]
    return "\n".join(texts)
