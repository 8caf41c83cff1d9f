"""The documents of a list: what is printed of it, and issuing them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import override

from hengyuan.platform.accounts.models import Office, OfficeKind, User
from hengyuan.platform.documents import services as documents
from hengyuan.platform.documents.models import Form
from hengyuan.platform.ledger.models import SupervisionMode
from hengyuan.platform.publication.models import (
    Attachment,
    Objection,
    PublicationList,
    PublishedUnit,
    Stage,
)
from hengyuan.platform.regions.models import Region

_KIND_OF_STAGE = {Stage.PUBLISHED: "publication", Stage.FINAL: "publication_final"}
_UNKNOWN_NO = "〔　〕　号"


def government_of(region: Region) -> str:
    """Who publishes: a county's government; a development zone has a management committee."""
    return f"{region.name}{'管理委员会' if region.is_local else '人民政府'}"


def office_of(region: Region) -> str:
    """The county's overload-control office by its name."""
    found = Office.objects.filter(kind=OfficeKind.COUNTY, region=region, is_active=True).first()
    return found.name if found else f"{region.name}治超办"


def content_of(found: PublicationList, stage: Stage) -> dict[str, Any]:
    """All that the templates of the stage can print. Chinese whatever the language on screen."""
    rows = list(found.units.filter(struck_by__isnull=True))
    published_on = found.published_on or timezone.localdate()
    until = found.objection_until
    modes = [row.mode for row in rows]
    with override("zh-hans"):
        content: dict[str, Any] = {
            "county": found.region.name,
            "government": government_of(found.region),
            "office": office_of(found.region),
            "list_title": found.title,
            "document_no": found.document_no or _UNKNOWN_NO,
            "year": str(published_on.year),
            "published_on": documents.chinese_date(published_on),
            "objection_until": documents.chinese_date(until) if until else "____年__月__日",
            "unit_count": str(len(rows)),
            "stationed_count": str(modes.count(SupervisionMode.STATIONED)),
            "patrol_count": str(modes.count(SupervisionMode.PATROL)),
            "electronic_count": str(modes.count(SupervisionMode.ELECTRONIC)),
            "units": [_printed(number, row) for number, row in enumerate(rows, start=1)],
        }
    if stage == Stage.FINAL:
        content |= _final_content(found)
    return content


def preview(found: PublicationList, form: Form) -> bytes:
    """The list as it would go out now; marked as a draft in the PDF."""
    return documents.render(
        _KIND_OF_STAGE[Stage.PUBLISHED],
        found.region,
        content_of(found, Stage.PUBLISHED),
        _heading(found, Stage.PUBLISHED),
        form,
        draft=True,
    )


def issue(by: User, found: PublicationList, stage: Stage) -> list[Attachment]:
    """Make the stage's documents and attach them; raises what `documents.services.issue` raises."""
    issued = documents.issue(
        by,
        _KIND_OF_STAGE[stage],
        found.region,
        content_of(found, stage),
        _heading(found, stage),
    )
    return [
        Attachment.objects.create(list=found, stage=stage, document=document) for document in issued
    ]


def _heading(found: PublicationList, stage: Stage) -> documents.Heading:
    number, day = found.document_no, found.published_on
    if stage == Stage.FINAL:
        number, day = found.final_document_no or found.document_no, found.final_on
    return documents.Heading(
        number or _UNKNOWN_NO, day or timezone.localdate(), office_of(found.region)
    )


def _final_content(found: PublicationList) -> dict[str, Any]:
    states = list(found.objections.values_list("state", flat=True))
    final_on: date = found.final_on or timezone.localdate()
    return {
        "final_on": documents.chinese_date(final_on),
        "final_document_no": found.final_document_no or found.document_no,
        "objection_count": str(len(states)),
        "upheld_count": str(states.count(Objection.State.UPHELD)),
    }


def _printed(number: int, row: PublishedUnit) -> dict[str, str]:
    return {
        "number": str(number),
        "name": row.name,
        "credit_code": row.credit_code,
        "address": row.address,
        "township": row.township_name,
        "kind": row.get_kind_display(),
        "grade": row.get_grade_display(),
        "mode": row.get_mode_display() if row.mode else "",
        "supervisor": row.supervisor_name,
        "supervisor_office": row.supervisor_office,
        "duty_telephone": row.duty_telephone,
        "department": row.get_department_display() if row.department else "",
    }
