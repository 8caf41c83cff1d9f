"""The Word template that every kind comes with, laid out after GB/T 9704 and made from the kind's
own table, so that an office that downloads it has every placeholder in its place.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.section import WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from hengyuan.platform.documents.kinds import KINDS, DocumentKind, PrintedTable

_BODY, _SONG, _TITLE, _HEADING = "仿宋_GB2312", "宋体", "方正小标宋简体", "黑体"
_PT_2, _PT_3, _PT_4, _PT_5 = Pt(22), Pt(16), Pt(14), Pt(10.5)
_LINE = Pt(28.95)  # 225 mm / 22 lines
_TEXT_WIDTH_MM = 156
_AFTER_BORDERS = ("w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr", "w:sectPr")
_CENTRE, _RIGHT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT


@lru_cache(maxsize=8)
def default_template(kind_name: str) -> bytes:
    """The .docx template of that kind."""
    kind = KINDS[kind_name]
    document: Any = Document()
    _set_page(document)
    _write_front(document, kind)
    if kind.table is not None:
        document.add_page_break()
        _write_annex(document, kind.table)
    _write_record_of_printing(document)
    made = BytesIO()
    document.save(made)
    return made.getvalue()


def _set_page(document: Any) -> None:
    section = document.sections[0]
    section.start_type = WD_SECTION.NEW_PAGE
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(24)
    normal = document.styles["Normal"]
    _set_font(normal.font, normal.element, _BODY, _PT_3)
    spacing = normal.paragraph_format
    spacing.space_before = spacing.space_after = Pt(0)
    spacing.line_spacing_rule, spacing.line_spacing = WD_LINE_SPACING.EXACTLY, _LINE
    document.settings.odd_and_even_pages_header_footer = True
    _number_pages(section.footer.paragraphs[0], WD_ALIGN_PARAGRAPH.RIGHT)
    _number_pages(section.even_page_footer.paragraphs[0], WD_ALIGN_PARAGRAPH.LEFT)


def _set_font(font: Any, element: Any, name: str, size: Any) -> None:
    font.name, font.size = name, size
    properties = element.get_or_add_rPr()
    properties.get_or_add_rFonts().set(qn("w:eastAsia"), name)


def _number_pages(paragraph: Any, side: Any) -> None:
    paragraph.alignment = side
    indent = paragraph.paragraph_format
    indent.left_indent = indent.right_indent = _PT_4
    for piece in ("— ", None, " —"):
        run = paragraph.add_run(piece or "")
        _set_font(run.font, run._element, _SONG, _PT_4)
        if piece is None:
            field = OxmlElement("w:fldSimple")
            field.set(qn("w:instr"), "PAGE")
            run._element.addnext(field)
            inner = OxmlElement("w:r")
            inner.append(run._element.get_or_add_rPr())
            text = OxmlElement("w:t")
            text.text = "1"
            inner.append(text)
            field.append(inner)


def _line(document: Any, text: str, font: str = _BODY, size: Any = _PT_3, align: Any = None) -> Any:
    paragraph = document.add_paragraph()
    run = paragraph.add_run(text)
    _set_font(run.font, run._element, font, size)
    if align is not None:
        paragraph.alignment = align
    return paragraph


def _write_front(document: Any, kind: DocumentKind) -> None:
    masthead = _line(document, "{{ masthead }}", _TITLE, Pt(40), _CENTRE)
    masthead.paragraph_format.line_spacing = Pt(64)
    masthead.paragraph_format.space_before = Mm(8)
    masthead.runs[0].font.color.rgb = RGBColor(0xD7, 0x00, 0x0F)
    number = _line(document, "{{ issued_no }}", align=_CENTRE)
    number.paragraph_format.space_before = _LINE
    _rule(number, "D7000F", 18)
    title = _line(document, "{{ title }}", _TITLE, _PT_2, _CENTRE)
    title.paragraph_format.line_spacing = Pt(36)
    title.paragraph_format.space_before = title.paragraph_format.space_after = _LINE
    for block in ("opening", "closing"):
        body = _line(document, f"{{{{ {block} }}}}")
        body.paragraph_format.first_line_indent = 2 * _PT_3
    if kind.table is not None:
        annex = _line(document, f"附件：{kind.table.title}")
        annex.paragraph_format.space_before = _LINE
        annex.paragraph_format.left_indent = 2 * _PT_3
    for text, above in (("{{ signature }}", 2 * _LINE), ("{{ dated }}", Pt(0))):
        signed = _line(document, text, align=_RIGHT)
        signed.paragraph_format.right_indent = 4 * _PT_3
        signed.paragraph_format.space_before = above
        signed.paragraph_format.keep_with_next = text == "{{ signature }}"
    _line(document, "{%p if contact %}")
    _line(document, "（{{ contact }}）").paragraph_format.left_indent = 2 * _PT_3
    _line(document, "{%p endif %}")


def _rule(paragraph: Any, colour: str, eighths_pt: int) -> None:
    borders = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for name, value in (
        ("val", "single"),
        ("sz", str(eighths_pt)),
        ("space", "6"),
        ("color", colour),
    ):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    # Word insists on the order of the schema
    paragraph._p.get_or_add_pPr().insert_element_before(borders, *_AFTER_BORDERS)


def _write_annex(document: Any, table: PrintedTable) -> None:
    _line(document, "附件", _HEADING)
    title = _line(document, table.title, _TITLE, _PT_2, _CENTRE)
    title.paragraph_format.space_before = title.paragraph_format.space_after = Pt(14)
    grid = document.add_table(rows=4, cols=len(table.columns))
    grid.style, grid.alignment, grid.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    total = sum(column.share for column in table.columns)
    begin, row, end = grid.rows[1], grid.rows[2], grid.rows[3]
    # the rows with these tags vanish, the one between them is repeated
    begin.cells[0].text = f"{{%tr for row in {table.rows} %}}"
    end.cells[0].text = "{%tr endfor %}"
    for index, column in enumerate(table.columns):
        width = Mm(_TEXT_WIDTH_MM * column.share / total)
        for line in grid.rows:
            line.cells[index].width = width
        _write_cell(grid.rows[0].cells[index], (column.header,), _HEADING, centred=True)
        names = tuple(f"{{{{ row.{name} }}}}" for name in column.lines)
        _write_cell(row.cells[index], names, _BODY, centred=column.centred)
    _keep_whole(grid.rows[0], repeat=True)
    _keep_whole(row, repeat=False)


def _write_cell(cell: Any, lines: tuple[str, ...], font: str, centred: bool) -> None:
    for index, text in enumerate(lines):
        paragraph = cell.paragraphs[0] if index == 0 else cell.add_paragraph()
        paragraph.paragraph_format.line_spacing = Pt(15)
        if centred:
            paragraph.alignment = _CENTRE
        run = paragraph.add_run(text)
        _set_font(run.font, run._element, font, _PT_5)


def _keep_whole(row: Any, repeat: bool) -> None:
    """A row that does not break over pages; the header row comes again on each."""
    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if repeat:
        properties.append(OxmlElement("w:tblHeader"))


def _write_record_of_printing(document: Any) -> None:
    gap = _line(document, "", size=_PT_4)
    _rule(gap, "000000", 8)
    _line(document, "{%p if copies_to %}")
    copies = _line(document, "抄送：{{ copies_to }}。", size=_PT_4)
    copies.paragraph_format.left_indent = _PT_4
    _rule(copies, "000000", 6)
    _line(document, "{%p endif %}")
    printed = _line(document, "{{ printed_by }}\t{{ dated }}印发", size=_PT_4)
    printed.paragraph_format.left_indent = _PT_4
    printed.paragraph_format.tab_stops.add_tab_stop(Mm(_TEXT_WIDTH_MM - 5), 2)
    _rule(printed, "000000", 8)
