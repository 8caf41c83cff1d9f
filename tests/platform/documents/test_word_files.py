"""An uploaded Word file is judged by what it is, not by what it is called."""

import zipfile
from io import BytesIO

import pytest

from hengyuan.platform.documents import word_files
from hengyuan.platform.documents.default_word import default_template
from hengyuan.platform.documents.kinds import KINDS
from hengyuan.platform.documents.word import check_template
from hengyuan.platform.documents.word_files import UnusableWordFile, check_word_file
from tests.platform.documents.files import (
    DOCUMENT,
    RELATIONS,
    TYPES,
    all_text,
    replacing,
    rewritten,
    word_of,
)

KIND = KINDS["publication"]
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def field(instruction: str) -> str:
    return (
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f"<w:r><w:instrText>{instruction}</w:instrText></w:r>"
        '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p></w:body>'
    )


def relation(kind: str, target: str, mode: str = "External") -> str:
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return (
        f'<Relationship Id="rId999" Type="{base}/{kind}" Target="{target}" TargetMode="{mode}"/>'
        "</Relationships>"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_template_of_the_program_passes_its_own_checks(kind):
    check_template(default_template(kind), KINDS[kind])


def test_a_link_to_a_page_is_no_harm():
    content = rewritten(
        {RELATIONS: replacing("</Relationships>", relation("hyperlink", "https://example.org"))}
    )
    check_word_file(content)


BAD = {
    "text": b"not a zip at all",
    "old word format": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "pdf": b"%PDF-1.7\n" + b"x" * 600,
    "cut off": default_template("publication")[:2000],
    "macro part": rewritten({"word/vbaProject.bin": b"x"}),
    "macro type": rewritten(
        {
            TYPES: replacing(
                "vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
                "vnd.ms-word.document.macroEnabled.main+xml",
            )
        }
    ),
    "word template type": rewritten(
        {TYPES: replacing("wordprocessingml.document.main", "wordprocessingml.template.main")}
    ),
    "embedded object": rewritten({"word/embeddings/oleObject1.bin": b"x"}),
    "activex": rewritten({"word/activeX/activeX1.xml": b"<x/>"}),
    "attached template": rewritten(
        {
            RELATIONS: replacing(
                "</Relationships>", relation("attachedTemplate", "https://example.org/x.dotm")
            )
        }
    ),
    "picture from elsewhere": rewritten(
        {RELATIONS: replacing("</Relationships>", relation("image", "https://example.org/x.png"))}
    ),
    "foreign chunk": rewritten(
        {RELATIONS: replacing("</Relationships>", relation("aFChunk", "x.html", "Internal"))}
    ),
    "dde field": rewritten({DOCUMENT: replacing("</w:body>", field("DDEAUTO c:\\\\x.exe"))}),
    "quoted dde field": rewritten({DOCUMENT: replacing("</w:body>", field(' "dde" x'))}),
    "dde field in pieces": rewritten(
        {
            DOCUMENT: replacing(
                "</w:body>",
                field("DD</w:instrText></w:r><w:r><w:instrText>EAUTO x"),
            )
        }
    ),
    "simple field": rewritten(
        {
            DOCUMENT: replacing(
                "</w:body>", '<w:p><w:fldSimple w:instr="INCLUDETEXT x"/></w:p></w:body>'
            )
        }
    ),
    "entities": rewritten(
        {
            DOCUMENT: b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "b">]>'
            b"<w:document xmlns:w='" + W.encode() + b"'/>"
        }
    ),
    "no xml": rewritten({DOCUMENT: b"<w:document"}),
    "path outside": rewritten({"../../evil.xml": b"<x/>"}),
    "absolute path": rewritten({"/etc/evil.xml": b"<x/>"}),
}


@pytest.mark.parametrize("name", BAD)
def test_is_refused(name):
    with pytest.raises(UnusableWordFile) as refused:
        check_word_file(BAD[name])
    assert refused.value.problems


def test_a_zip_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    bomb = rewritten({"word/media/huge.bin": b"\0" * (48 * 1024 * 1024)})
    assert len(bomb) < word_files.MAX_BYTES

    def unpacked(*_args, **_options):
        raise AssertionError("a part was unpacked")

    monkeypatch.setattr(zipfile.ZipFile, "read", unpacked)
    with pytest.raises(UnusableWordFile):
        check_word_file(bomb)


def test_a_small_bomb_is_told_by_its_ratio():
    with pytest.raises(UnusableWordFile):
        check_word_file(rewritten({"word/media/x.bin": b"\0" * (2 * 1024 * 1024)}))


def test_a_size_that_lies_does_not_help():
    part = b"<x>" + b" " * 70001 + b"</x>"
    honest = rewritten({"word/x.xml": part})
    check_word_file(honest)
    told = len(part).to_bytes(4, "little")
    assert honest.count(told) >= 2
    liar = honest.replace(told, (10).to_bytes(4, "little"))
    with zipfile.ZipFile(BytesIO(liar)) as archive:
        assert archive.getinfo("word/x.xml").file_size == 10
    with pytest.raises(UnusableWordFile):
        check_word_file(liar)


def test_too_many_parts_and_too_large_files_are_refused():
    with pytest.raises(UnusableWordFile):
        check_word_file(rewritten({f"word/media/{n}.bin": b"x" for n in range(400)}))
    with pytest.raises(UnusableWordFile):
        check_word_file(b"PK\x03\x04" + b"\0" * word_files.MAX_BYTES)


def test_a_protected_file_is_refused():
    content = bytearray(default_template("publication"))
    entry = content.index(b"PK\x01\x02")
    content[entry + 8] |= 1
    with pytest.raises(UnusableWordFile):
        check_word_file(bytes(content))


def test_unknown_placeholders_are_told_with_their_names_from_every_part():
    content = word_of(
        "{{ contry }}致{{ county }}",
        header="{{ heder }}",
        table=[["{%tr for row in units %}"], ["{{ row.nmae }}"], ["{%tr endfor %}"]],
    )
    with pytest.raises(UnusableWordFile) as refused:
        check_template(content, KIND)
    told = " ".join(refused.value.problems)
    for name in ("contry", "heder", "row.nmae"):
        assert name in told
    assert "county" not in told


@pytest.mark.parametrize(
    "text",
    [
        "{% macro m() %}x{% endmacro %}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{% for a in range(99999999) %}x{% endfor %}",
        "{{ 'x' * 1000000000 }}",
        "{%p for a in units %}",
        "{{ county",
        "{{r county }}",
        "{{ county }}" * 3000,
    ],
)
def test_a_template_that_wants_more_than_filling_in_is_refused(text):
    with pytest.raises(UnusableWordFile):
        check_template(word_of(text), KIND)


def test_paragraphs_of_a_text_block_become_paragraphs_of_word():
    from hengyuan.platform.documents.word import example_heading, render_word

    texts = KIND.default_texts() | {"opening": "第一段\n第二段 <b>&\n{{ county }}"}
    made = render_word(word_of("{{ opening }}"), KIND, texts, KIND.example(), example_heading())
    assert all_text(made).split() == ["第一段", "第二段", "<b>&", "示例县"]
