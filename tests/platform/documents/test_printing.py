"""Documents: what they say, how they are laid out, and that nobody's words become code."""

from datetime import date
from io import BytesIO

import pytest
from docx import Document
from docx.oxml.ns import qn
from pypdf import PdfReader

from hengyuan.platform.documents import pdf
from hengyuan.platform.documents.composing import Heading, compose
from hengyuan.platform.documents.default_word import default_template
from hengyuan.platform.documents.kinds import KINDS
from hengyuan.platform.documents.pdf import NoChineseFont, chosen_fonts, render_pages, render_pdf
from hengyuan.platform.documents.word import render_word, word_schema
from tests.platform.documents.files import all_text, word_of

HEADING = Heading("示政公告〔2026〕1号", date(2026, 5, 8), "示例县治超办")
POINTS_PER_MM = 72 / 25.4
EVIL = [
    '#panic("x")',
    "*粗* _斜_ $x$ @ref <label> //注释",
    '#read("/etc/passwd")',
    "{{ county }}{% for x in units %}",
    ']#eval("1")[',
    "</w:t></w:r><w:p/> & \"'",
    "\\u{4e00} \\n",
]


def content_with(kind: str, count: int = 3, **units: str) -> dict:
    content = KINDS[kind].example()
    rows = content["units"]
    content["units"] = [
        rows[number % 3] | {"number": str(number + 1), "name": f"示例{number + 1}号煤矿"} | units
        for number in range(count)
    ]
    return content


def composed(kind: str = "publication", texts: dict | None = None, **more):
    found = KINDS[kind]
    content = more.pop("content", None) or content_with(kind, **more)
    return compose(found, found.default_texts() | (texts or {}), content, HEADING)


def pages_of(content: bytes) -> list[str]:
    assert content.startswith(b"%PDF")
    return [page.extract_text() for page in PdfReader(BytesIO(content)).pages]


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("kind", KINDS)
def test_the_pdf_says_what_the_document_says(kind):
    texts = {"contact": "电话：0357-0000000"}
    said = squeezed("".join(pages_of(render_pdf(composed(kind, texts, count=5), HEADING))))
    for words in (
        "示例县人民政府",
        "示政公告〔2026〕1号",
        "2026年5月8日",
        "（电话：0357-0000000）",
        "附件：示例县道路货物运输源头单位名单",
        "抄送：市治超领导小组办公室。",
        "示例县治超办2026年5月8日印发",
        *(f"示例{number}号煤矿" for number in range(1, 6)),
        "91141000MA0EXAMP1X",
        "驻点",
        "张示例",
    ):
        assert words in said, words


def test_the_page_is_a4_with_the_margins_of_the_standard():
    positions: list[tuple[float, float]] = []

    def visit(text, matrix, text_matrix, _font, _size):
        if text.strip():
            a, b, c, d, e, f = matrix
            x, y = text_matrix[4], text_matrix[5]
            positions.append((a * x + c * y + e, b * x + d * y + f))

    reader = PdfReader(BytesIO(render_pdf(composed(count=40), HEADING)))
    box = reader.pages[0].mediabox
    assert (round(box.width / POINTS_PER_MM), round(box.height / POINTS_PER_MM)) == (210, 297)
    reader.pages[2].extract_text(visitor_text=visit)
    left = min(x for x, _ in positions) / POINTS_PER_MM
    assert 27.9 <= left <= 30
    # everything but the page number stands above the lower margin, and below the upper one
    heights = sorted(y / POINTS_PER_MM for _, y in positions)
    assert heights[0] < 35
    assert heights[-1] <= 297 - 37


def test_a_long_table_goes_on_with_its_header_on_every_page():
    pages = pages_of(render_pdf(composed(count=60), HEADING))
    annex = [squeezed(page) for page in pages if "附件" in page or "监管责任人" in page]
    tables = [page for page in annex if "监管责任人" in page]
    assert len(tables) >= 4
    assert all("统一社会信用代码" in page and "责任部门" in page for page in tables)
    said = "".join(tables)
    assert all(f"示例{number}号煤矿" in said for number in range(1, 61))


def test_every_page_has_its_number():
    pages = pages_of(render_pdf(composed(count=60), HEADING))
    for number, page in enumerate(pages, start=1):
        assert f"—{number}—" in squeezed(page)


def test_the_signature_never_stands_on_a_page_without_text():
    for paragraphs in range(1, 14):
        texts = {"opening": "\n".join(["正文" * 20] * paragraphs), "closing": "特此公告。"}
        pages = [squeezed(p) for p in pages_of(render_pdf(composed(texts=texts), HEADING))]
        signed = next(page for page in pages if "附件：" in page and "示例县人民政府" in page)
        assert "特此公告。" in signed


@pytest.mark.parametrize("evil", EVIL)
def test_what_people_write_is_printed_and_never_run(evil):
    content = content_with("publication", address=evil)
    content["county"] = evil
    texts = {"opening": "{{ county }}共{{ unit_count }}家"}
    shown = compose(
        KINDS["publication"], KINDS["publication"].default_texts() | texts, content, HEADING
    )
    said = squeezed("".join(pages_of(render_pdf(shown, HEADING))))
    # the last characters are enough: a hyphen or a quote may be set as another one
    assert squeezed(evil)[:4] in said
    made = render_word(
        default_template("publication"),
        KINDS["publication"],
        KINDS["publication"].default_texts() | texts,
        content,
        HEADING,
    )
    assert f"{evil}共3家" in all_text(made)
    assert evil in all_text(made)


def test_control_characters_do_not_spoil_a_document():
    content = content_with("publication", name="甲\x00乙\x07丙\u202e丁\n戊")
    found = KINDS["publication"]
    made = render_word(
        default_template("publication"), found, found.default_texts(), content, HEADING
    )
    assert "甲乙丙丁 戊" in all_text(made)
    shown = compose(found, found.default_texts(), content, HEADING)
    assert "甲乙丙丁戊" in squeezed("".join(pages_of(render_pdf(shown, HEADING))))


def test_the_same_document_gives_the_same_bytes():
    assert render_pdf(composed(), HEADING) == render_pdf(composed(), HEADING)


def test_a_draft_is_marked_and_a_document_is_not():
    assert "草稿" in "".join(pages_of(render_pdf(composed(), HEADING, draft=True)))
    assert "草稿" not in "".join(pages_of(render_pdf(composed(), HEADING)))


def test_the_masthead_is_red_and_shrinks_to_one_line():
    from PIL import Image

    short = render_pages(composed(texts={"masthead": "某县政府"}), HEADING)[0]
    long = render_pages(composed(texts={"masthead": "某" * 40}), HEADING)[0]
    for page in (short, long):
        picture = Image.open(BytesIO(page)).convert("RGB")
        wide, high = picture.size
        red = [
            (x, y)
            for x in range(wide)
            for y in range(high)
            if (lambda p: p[0] > 180 and p[1] < 80 and p[2] < 80)(picture.getpixel((x, y)))
        ]
        assert red
        margin = 28 / 210 * wide
        assert min(x for x, _ in red) >= margin - 2
        assert max(x for x, _ in red) <= wide - 26 / 210 * wide + 2


def test_without_a_chinese_font_it_is_said_and_no_boxes_are_printed():
    with pytest.raises(NoChineseFont, match="fonts-noto-cjk"):
        chosen_fonts(frozenset({"DejaVu Sans", "Liberation Serif"}))


def test_fonts_of_the_standard_come_first_where_they_are_installed():
    chosen = chosen_fonts(
        frozenset({"FangSong_GB2312", "SimHei", "FZXiaoBiaoSong-B05S", "Noto Serif CJK SC"})
    )
    assert chosen["body"][0] == "FangSong_GB2312"
    assert chosen["heading"][0] == "SimHei"
    assert chosen["title"][0] == "FZXiaoBiaoSong-B05S"


def test_a_missing_font_reaches_the_caller(monkeypatch):
    class NoFonts:
        def families(self) -> list[str]:
            return ["DejaVu Sans"]

    monkeypatch.setattr(pdf, "_installed", lambda _folder: NoFonts())
    with pytest.raises(NoChineseFont):
        render_pdf(composed(), HEADING)


@pytest.mark.parametrize("kind", KINDS)
def test_the_word_document_says_the_same(kind):
    found = KINDS[kind]
    made = render_word(
        default_template(kind),
        found,
        found.default_texts() | {"contact": "电话：0357-0000000"},
        content_with(kind, 5),
        HEADING,
    )
    said = all_text(made)
    for words in ("示政公告〔2026〕1号", "（电话：0357-0000000）", "2026年5月8日", "示例5号煤矿"):
        assert words in said
    assert "{{" not in said
    assert "{%" not in said


def test_word_keeps_the_layout_and_repeats_the_header_row():
    found = KINDS["publication"]
    made = Document(
        BytesIO(
            render_word(
                default_template("publication"),
                found,
                found.default_texts(),
                content_with("publication", 7),
                HEADING,
            )
        )
    )
    section = made.sections[0]
    sizes = (section.page_width, section.page_height, section.top_margin)
    assert [round(size.mm) for size in sizes] == [210, 297, 37]
    margins = (section.left_margin, section.right_margin, section.bottom_margin)
    assert [round(margin.mm) for margin in margins] == [28, 26, 35]
    table = made.tables[0]
    assert len(table.rows) == 8
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows)


def test_an_empty_contact_leaves_no_brackets():
    found = KINDS["publication"]
    made = render_word(
        default_template("publication"),
        found,
        found.default_texts(),
        content_with("publication"),
        HEADING,
    )
    assert "（）" not in all_text(made)
    assert "（）" not in squeezed("".join(pages_of(render_pdf(composed(), HEADING))))


def test_an_offices_own_template_is_filled_in_everywhere():
    found = KINDS["publication"]
    own = word_of(
        "{{ title }}",
        "{%p if copies_to %}",
        "抄送{{ copies_to }}",
        "{%p endif %}",
        header="{{ document_no }} {{ dated }}",
        table=[["{%tr for row in units %}"], ["{{ row.name }}"], ["{%tr endfor %}"]],
    )
    said = all_text(
        render_word(own, found, found.default_texts(), content_with("publication", 2), HEADING)
    )
    for words in ("关于示例县", "抄送市治超", "示政公告〔2026〕1号 2026年5月8日", "示例2号煤矿"):
        assert words in said


def test_content_that_lacks_something_is_an_error_at_once():
    content = content_with("publication")
    del content["government"]
    with pytest.raises(ValueError, match="government"):
        composed(content=content)
    content = content_with("publication")
    del content["units"][1]["mode"]
    with pytest.raises(ValueError, match="mode"):
        composed(content=content)


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_block_hides_a_variable_of_the_content(kind):
    found = KINDS[kind]
    blocks = {block.name for block in found.texts} | {"issued_no", "dated", "printed_by"}
    assert not blocks & set(found.schema())
    assert set(word_schema(found)) == blocks | set(found.schema())
