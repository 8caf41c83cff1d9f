"""Reads of templates and of what was issued."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hengyuan.platform.accounts.models import Office, OfficeKind
from hengyuan.platform.documents.default_word import default_template
from hengyuan.platform.documents.kinds import KINDS, DocumentKind
from hengyuan.platform.documents.models import IssuedDocument, OfficeTemplate
from hengyuan.platform.regions.models import Region
from hengyuan.record.suites import SM2_SM3

if TYPE_CHECKING:
    from hengyuan.platform.accounts.models import User

TEMPLATE_OFFICES = (OfficeKind.COUNTY, OfficeKind.CITY, OfficeKind.PROVINCE)


class TamperedDocument(RuntimeError):
    """A stored document is not what it was when it was issued."""


@dataclass(frozen=True, slots=True)
class UsedTemplate:
    """What a document is made with. `wording_of` and `word_of` are None for the program's own."""

    kind: DocumentKind
    texts: dict[str, str]
    wording_of: Office | None
    word: bytes
    word_of: Office | None
    word_name: str
    origin: str
    """Whose it was, in which version, for the record; empty for the program's own."""


def template_for(region: Region, kind_name: str) -> UsedTemplate:
    """The nearest office's own template: of the county, else its city, else its province.

    KeyError for an unknown kind.
    """
    kind = KINDS[kind_name]
    codes = [region.code[:6], f"{region.code[:4]}00", f"{region.code[:2]}0000"]
    found = list(
        OfficeTemplate.objects.filter(
            kind=kind.name,
            office__is_active=True,
            office__kind__in=TEMPLATE_OFFICES,
            office__region__in=codes,
        ).select_related("office")
    )
    # the longest prefix is the nearest office
    found.sort(key=lambda template: codes.index(template.office.region_id))
    worded = next((template for template in found if template.texts), None)
    drawn = next((template for template in found if template.word), None)
    texts = kind.default_texts() | (worded.texts if worded else {})
    return UsedTemplate(
        kind=kind,
        texts={name: texts[name] for name in kind.default_texts()},
        wording_of=worded.office if worded else None,
        word=bytes(drawn.word) if drawn and drawn.word else default_template(kind.name),
        word_of=drawn.office if drawn else None,
        word_name=drawn.word_name if drawn else "",
        origin="; ".join(
            sorted({f"{used.office} v{used.version}" for used in (worded, drawn) if used})
        ),
    )


def own_template(office: Office, kind_name: str) -> OfficeTemplate | None:
    """What this office has made of the kind, None where nothing."""
    return OfficeTemplate.objects.filter(office=office, kind=kind_name).first()


def own_templates(office: Office) -> dict[str, OfficeTemplate]:
    """All that this office has made, by kind, without the Word files' bytes."""
    made = OfficeTemplate.objects.filter(office=office).defer("word")
    return {template.kind: template for template in made}


def keeps_templates(user: User) -> bool:
    """True for people of offices that issue documents."""
    return user.office is not None and user.office.kind in TEMPLATE_OFFICES


def stored_bytes(document: IssuedDocument) -> bytes:
    """The document's bytes, checked against its digest. Raises TamperedDocument."""
    content = bytes(document.content)
    if SM2_SM3.digest(content).hex() != document.digest:
        raise TamperedDocument(f"document {document.pk} does not fit its digest")
    return content
