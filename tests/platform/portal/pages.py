"""Entries of the public portal and its inbox. See tests/platform/every_page.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.platform.every_page import EVERYBODY, NEIGHBOUR, SUPERVISORS, Page, Scene, who

if TYPE_CHECKING:
    from hengyuan.platform.portal.models import Report
    from hengyuan.platform.publication.models import PublicationList
    from tests.platform.publication.county import County

STAFF = {"county_head", "county_clerk"}
EVERYONE = who(open_to=EVERYBODY, anonymous=200)


def _county(scene: Scene) -> County:
    def make() -> County:
        from hengyuan.platform.ledger.services import change_unit
        from tests.platform.publication.county import County

        cast = scene.cast
        for unit in (cast.unit, cast.other_unit):
            change_unit(None, unit, credit_code=f"91141024MA0CADT{unit.code[-3:]}", address="某村")
        return County(cast, cast.county_clerk, cast.county_head, cast.unit.region)

    return scene.keep("portal county", make)


def _publish(scene: Scene, serial: int) -> PublicationList:
    """Published today, so that it is open to objections on whatever day the test runs."""
    from django.utils.timezone import localdate

    from hengyuan.platform.publication import services

    county, today = _county(scene), localdate()
    found = county.submitted(county.complete())
    number = f"测政公告〔{today.year}〕{serial}号"
    how = services.Publishing(number, today, today + timedelta(days=7))
    return services.publish(county.head, found.pk, found.version, how)


def _published(scene: Scene) -> PublicationList:
    return scene.keep("portal published", lambda: _publish(scene, 1))


def _more_published(scene: Scene) -> None:
    """Another list of the county in place of the one before, with more units on it."""
    from hengyuan.platform.publication import services
    from hengyuan.platform.publication.models import PublicationList

    _published(scene)
    serial = PublicationList.objects.count() + 1
    county = _county(scene)
    for number in range(4):
        county.unit(f"测试{serial}-{number}号矿")
    open_one = PublicationList.objects.get(state="published")
    services.withdraw(county.head, open_one.pk, open_one.version, "换新名单")
    _publish(scene, serial)


def _document(scene: Scene) -> Sequence[Any]:
    published = _published(scene)
    return [published.pk, published.attachments.order_by("pk")[0].document_id]


def _report(scene: Scene) -> Report:
    def make() -> Report:
        from hengyuan.platform.portal.pictures import redraw
        from tests.platform.portal.reports import filed, picture

        return filed(scene.cast.unit.region, pictures=[redraw(picture())], unit=scene.cast.unit)

    return scene.keep("portal report", make)


def _given(scene: Scene) -> Report:
    """A report that the county's inspector looks into."""

    def make() -> Report:
        from hengyuan.platform.portal import services

        cast = scene.cast
        return services.assign(cast.county_clerk, _report(scene).pk, 1, cast.county_inspector)

    return scene.keep("portal given", make)


def _checked(scene: Scene) -> Report:
    def make() -> Report:
        from hengyuan.platform.portal import services
        from hengyuan.platform.portal.models import Outcome

        given = _given(scene)
        return services.record_check(
            scene.cast.county_inspector, given.pk, given.version, Outcome.CONFIRMED, "属实"
        )

    return scene.keep("portal checked", make)


def _more_reports(scene: Scene) -> None:
    from tests.platform.portal.reports import filed

    _report(scene)
    for _ in range(5):
        filed(scene.cast.unit.region, unit=scene.cast.unit)


def _more_written(scene: Scene) -> None:
    """Further pictures, looks at the contact, and entries of the history."""
    from hengyuan.platform.portal import services
    from hengyuan.platform.portal.models import Outcome, Report, ReportPicture

    checked = Report.objects.get(pk=_checked(scene).pk)
    cast = scene.cast
    services.record_check(cast.county_clerk, checked.pk, checked.version, Outcome.PARTLY, "补充")
    services.look_at_contact(cast.county_head, checked)
    number = checked.pictures.count() + 1
    picture = checked.pictures.first()
    assert picture is not None
    ReportPicture.objects.create(
        report=checked, number=number, content=picture.content, width=9, height=9, digest="0" * 64
    )


def _ticket(scene: Scene) -> Sequence[Any]:
    from hengyuan.platform.weighing.models import Weighing
    from hengyuan.record.ticket import ticket_of

    terminal = scene.records
    row = Weighing.objects.get(terminal=terminal, seq=1)
    return [str(ticket_of(terminal.code, 1, bytes(row.digest)))]


PAGES = [
    Page("portal:home", EVERYONE, max_queries=18, grow=_more_published),
    Page("portal:units", EVERYONE, max_queries=9, grow=_more_published),
    Page(
        "portal:unit",
        EVERYONE,
        args=lambda scene: _published(scene) and [scene.cast.unit.code],
        max_queries=9,
        grow=_more_reports,
    ),
    Page("portal:documents", EVERYONE, max_queries=11, grow=_more_published),
    Page("portal:document", EVERYONE, args=_document),
    Page(
        "portal:objection",
        EVERYONE,
        args=lambda scene: [_published(scene).pk],
        max_queries=10,
        fixed="shows one form",
    ),
    Page("portal:report_form", EVERYONE, max_queries=8, grow=_more_published),
    Page("portal:status", EVERYONE, max_queries=5, fixed="shows one form"),
    Page("portal:verify", EVERYONE, max_queries=5, fixed="shows one form"),
    Page(
        "portal:ticket",
        EVERYONE,
        args=_ticket,
        max_queries=14,
        grow=lambda scene: scene.more_records(5),
    ),
    Page("portal:robots", EVERYONE, max_queries=3, fixed="says the same always"),
    Page(
        "portal:reports",
        who(open_to=SUPERVISORS | NEIGHBOUR),
        max_queries=9,
        grow=_more_reports,
    ),
    Page(
        "portal:report",
        who(open_to=SUPERVISORS, hidden_from=NEIGHBOUR),
        args=lambda scene: [_checked(scene).pk],
        max_queries=14,
        grow=_more_written,
    ),
    Page(
        "portal:picture",
        who(open_to=SUPERVISORS, hidden_from=NEIGHBOUR),
        args=lambda scene: [_report(scene).pk, 1],
        max_queries=6,
        grow=_more_reports,
    ),
    Page(
        "portal:contact",
        who(open_to=STAFF, hidden_from=NEIGHBOUR),
        args=lambda scene: [_report(scene).pk],
        method="post",
    ),
    *(
        Page(
            f"portal:{name}",
            who(open_to=STAFF, hidden_from=NEIGHBOUR),
            args=lambda scene: [_report(scene).pk],
            max_queries=8,
            fixed="shows one form",
        )
        for name in ("assign", "close", "pass_on")
    ),
    Page(
        "portal:check",
        who(open_to=STAFF | {"county_inspector"}, hidden_from=NEIGHBOUR),
        args=lambda scene: [_given(scene).pk],
        max_queries=8,
        fixed="shows one form",
    ),
    Page(
        "portal:answer",
        who(open_to=STAFF, hidden_from=NEIGHBOUR),
        args=lambda scene: [_checked(scene).pk],
        max_queries=8,
        fixed="shows one form",
    ),
]
