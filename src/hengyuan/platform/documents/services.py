"""Writes of templates and documents. What another app needs to issue a document is here."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hengyuan.platform.accounts.models import Office, User
from hengyuan.platform.documents import queries
from hengyuan.platform.documents.composing import Content, Heading, chinese_date, compose
from hengyuan.platform.documents.kinds import KINDS
from hengyuan.platform.documents.models import Form, IssuedDocument, OfficeTemplate
from hengyuan.platform.documents.pdf import NoChineseFont, render_pdf
from hengyuan.platform.documents.sandbox import text_problems
from hengyuan.platform.documents.word import check_template, render_word
from hengyuan.platform.documents.word_files import UnusableWordFile
from hengyuan.platform.regions.models import Region
from hengyuan.record.suites import SM2_SM3

__all__ = [
    "Conflict",
    "Heading",
    "NoChineseFont",
    "UnusableWordFile",
    "chinese_date",
    "issue",
    "render",
    "reset",
    "save_texts",
    "save_word",
]

_TEXT_MAX = 4000
_NAME_MAX = 150


class Conflict(ValueError):
    """Somebody else has changed the template since it was read."""


def render(
    kind_name: str, region: Region, content: Content, heading: Heading, form: Form, draft: bool
) -> bytes:
    """A document as it would be issued now, in one format; a draft is marked as such in the PDF.

    Raises NoChineseFont (PDF), UnusableWordFile (Word), ValueError for wording that cannot be
    filled in.
    """
    used = queries.template_for(region, kind_name)
    if form == Form.WORD:
        return render_word(used.word, used.kind, used.texts, content, heading)
    return render_pdf(compose(used.kind, used.texts, content, heading), heading, draft)


@transaction.atomic
def issue(
    by: User | None,
    kind_name: str,
    region: Region,
    content: Content,
    heading: Heading,
) -> list[IssuedDocument]:
    """Make the document as Word and PDF and keep both for good. Raises what `render` raises."""
    used = queries.template_for(region, kind_name)
    composed = compose(used.kind, used.texts, content, heading)
    made = {
        Form.PDF: render_pdf(composed, heading),
        Form.WORD: render_word(used.word, used.kind, used.texts, content, heading),
    }
    title = " ".join(composed.title.split())[:200]
    return [
        IssuedDocument.objects.create(
            region=region,
            kind=kind_name,
            form=form,
            title=title,
            document_no=heading.document_no,
            content=data,
            size_bytes=len(data),
            digest=SM2_SM3.digest(data).hex(),
            template=used.origin[:200],
            issued_by=by,
        )
        for form, data in made.items()
    ]


def save_texts(
    by: User, office: Office, kind_name: str, texts: dict[str, str], version: int
) -> OfficeTemplate:
    """Keep an office's wording. ValidationError names each block that is wrong; Conflict."""
    kind = KINDS[kind_name]
    problems: dict[str, list[str]] = {}
    kept = {}
    for block in kind.texts:
        text = texts.get(block.name, "").replace("\r\n", "\n").strip()
        found = text_problems(text, kind.schema())
        if block.required and not text:
            found.append(_("This part cannot be empty."))
        if len(text) > _TEXT_MAX:
            found.append(_("At most %s characters.") % _TEXT_MAX)
        if found:
            problems[block.name] = found
        kept[block.name] = text
    if problems:
        raise ValidationError(problems)
    changed = {"texts": {} if kept == kind.default_texts() else kept}
    return _save(by, office, kind_name, version, gettext_lazy("wording changed"), changed)


def save_word(
    by: User, office: Office, kind_name: str, name: str, content: bytes, version: int
) -> OfficeTemplate:
    """Keep an office's own Word template. Raises UnusableWordFile with all that is wrong."""
    kind = KINDS[kind_name]
    check_template(content, kind)
    changed = {
        "word": content,
        "word_name": name.replace("\\", "/").rpartition("/")[2][-_NAME_MAX:],
        "word_digest": SM2_SM3.digest(content).hex(),
    }
    return _save(by, office, kind_name, version, gettext_lazy("Word template uploaded"), changed)


def reset(by: User, office: Office, kind_name: str, part: str, version: int) -> OfficeTemplate:
    """Go back to what the program (or the superior office) offers: `part` is texts or word."""
    nothing: dict[str, dict[str, Any]] = {
        "texts": {"texts": {}},
        "word": {"word": None, "word_name": "", "word_digest": ""},
    }
    if part not in nothing:
        raise ValueError(f"there is no part {part!r} of a template")
    return _save(
        by, office, kind_name, version, gettext_lazy("own version given up"), nothing[part]
    )


@transaction.atomic
def _save(
    by: User, office: Office, kind_name: str, version: int, reason: Any, changed: dict[str, Any]
) -> OfficeTemplate:
    if office.kind not in queries.TEMPLATE_OFFICES:
        raise ValueError(f"{office} does not issue documents")
    own = OfficeTemplate.objects.select_for_update().filter(office=office, kind=kind_name).first()
    if own is None:
        own = OfficeTemplate(office=office, kind=kind_name, version=0)
    if own.version != version:
        raise Conflict(_("Somebody has changed this template meanwhile. Look at it once more."))
    for field, value in changed.items():
        setattr(own, field, value)
    own.version += 1
    own._history_user = by  # type: ignore[attr-defined]
    own._change_reason = str(reason)  # type: ignore[attr-defined]
    try:
        with transaction.atomic():
            own.save()
    except IntegrityError as error:
        raise Conflict(_("Somebody has changed this template meanwhile.")) from error
    return own
