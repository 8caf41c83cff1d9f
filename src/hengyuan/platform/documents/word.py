"""Word documents from templates that an office can edit, by docxtpl in the guarded sandbox."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from io import BytesIO
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from docx import Document
from docxtpl import DocxTemplate

from hengyuan.platform.documents.composing import Content, Heading, chinese_date, clean, fill_texts
from hengyuan.platform.documents.kinds import DocumentKind, Variable
from hengyuan.platform.documents.sandbox import GuardedEnvironment, Schema
from hengyuan.platform.documents.word_files import UnusableWordFile, check_word_file

_MAX_PLACEHOLDERS = 2000
# {{r x}} and {{p x}} put a value outside of any text, where Word would not read it
_BARE_VALUE = re.compile(r"\{\{(?:r|p|tr|tc) ")
_TAG = re.compile(r"<[^>]*>")
# what docxtpl turns into a paragraph like the one it stands in
_NEW_PARAGRAPH = "\a"

# what every Word template can print beside the content and the text blocks of its kind
COMMON_VARIABLES = (
    # a final list prints beside its own number that of the publication before it, document_no
    Variable("issued_no", gettext_lazy("This document's own number"), "示政公告〔2026〕1号"),
    Variable("dated", gettext_lazy("Date of the document"), "2026年5月8日"),
    Variable("printed_by", gettext_lazy("Printed by"), "示例县治超办"),
)


class _OfficeTemplate(DocxTemplate):
    """Looks at the placeholders before docxtpl's search patterns run over the text."""

    def patch_xml(self, src_xml: str) -> str:
        text = _TAG.sub("", src_xml)
        if text.count("{{") + text.count("{%") + text.count("{#") > _MAX_PLACEHOLDERS:
            raise UnusableWordFile(_("The template has too many placeholders."))
        if bare := _BARE_VALUE.search(text):
            raise UnusableWordFile(
                _("Write {{ name }} instead of %s: values are text.") % bare.group(0).strip()
            )
        patched: str = super().patch_xml(src_xml)
        return patched


def word_schema(kind: DocumentKind) -> Schema:
    """All that a Word template of this kind may print."""
    texts = {block.name: frozenset[str]() for block in kind.texts}
    common = {variable.name: frozenset[str]() for variable in COMMON_VARIABLES}
    return {**kind.schema(), **common, **texts}


def render_word(
    template: bytes,
    kind: DocumentKind,
    texts: Mapping[str, str],
    content: Content,
    heading: Heading,
) -> bytes:
    """The template filled in, as .docx. Raises UnusableWordFile for a template that cannot be."""
    kind.check_content(content)
    content = clean(content)
    blocks = {
        name: text.replace("\n", _NEW_PARAGRAPH)
        for name, text in fill_texts(kind, texts, content).items()
    }
    common = {
        "issued_no": heading.document_no,
        "dated": chinese_date(heading.dated),
        "printed_by": heading.printed_by,
    }
    return _filled(template, word_schema(kind), {**content, **clean(common), **blocks})


def example_heading() -> Heading:
    """A heading for trials and previews."""
    return Heading("示政公告〔2026〕1号", date(2026, 5, 8), "示例县治超办")


def check_template(template: bytes, kind: DocumentKind) -> None:
    """Raise UnusableWordFile unless this upload is sound and can be filled in."""
    check_word_file(template)
    texts = kind.default_texts() | {"contact": "0357-0000000"}
    made = render_word(template, kind, texts, kind.example(), example_heading())
    # and what comes out can be opened again
    Document(BytesIO(made))


def _filled(template: bytes, schema: Schema, context: dict[str, Any]) -> bytes:
    environment = GuardedEnvironment(schema, autoescape=True)
    document = _OfficeTemplate(BytesIO(template))
    made = BytesIO()
    try:
        document.render(context, environment, autoescape=True)
        document.save(made)
    except UnusableWordFile:
        raise
    except Exception as error:
        # docxtpl, python-docx and lxml raise whatever a strange file makes them stumble over
        problems = environment.problems or [
            _("The template cannot be filled in: %s") % str(error)[:200]
        ]
        raise UnusableWordFile(*problems) from error
    if environment.problems:
        raise UnusableWordFile(*environment.problems)
    return made.getvalue()
