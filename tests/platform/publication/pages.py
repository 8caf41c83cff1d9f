"""Entries of the pages of publication lists. See tests/platform/every_page.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.platform.every_page import NEIGHBOUR, OFFICES, SUPERVISORS, Page, Scene, who

if TYPE_CHECKING:
    from hengyuan.platform.publication.models import Objection, PublicationList
    from tests.platform.publication.county import County

STAFF = {"county_head", "county_clerk"}
"""Who drafts and answers in the cast's county."""
HEAD = {"county_head"}
ABOVE = {"province_head", "city_clerk"}
# a list that is not public yet is hidden from departments
INTERNAL = who(open_to=SUPERVISORS, hidden_from=NEIGHBOUR | {"department_clerk"})
PUBLIC = who(open_to=OFFICES, hidden_from=NEIGHBOUR)


def _county(scene: Scene) -> County:
    def make() -> County:
        from hengyuan.platform.ledger.services import change_unit
        from tests.platform.publication.county import County

        cast = scene.cast
        for unit in (cast.unit, cast.other_unit):
            change_unit(None, unit, credit_code=f"91141024MA0CADT{unit.code[-3:]}", address="某村")
        return County(cast, cast.county_clerk, cast.county_head, cast.unit.region)

    return scene.keep("county", make)


def _draft(scene: Scene) -> PublicationList:
    return scene.keep("draft", lambda: _county(scene).complete())


def _in_review(scene: Scene) -> PublicationList:
    return scene.keep("in review", lambda: _county(scene).submitted())


def _published(scene: Scene) -> PublicationList:
    """Published today, so that it is open to objections on whatever day the test runs."""

    def make() -> PublicationList:
        from django.utils.timezone import localdate

        from hengyuan.platform.publication import services

        county, today = _county(scene), localdate()
        found = county.submitted()
        how = services.Publishing("测政公告〔2026〕1号", today, today + timedelta(days=7))
        return services.publish(county.head, found.pk, found.version, how)

    return scene.keep("published", make)


def _objection(scene: Scene) -> Objection:
    return scene.keep("objection", lambda: _county(scene).objection(_published(scene)))


def _more_on(which: Callable[[Scene], PublicationList]) -> Callable[[Scene], None]:
    """Further units, half of them put on the list and half left out."""

    def grow(scene: Scene) -> None:
        from hengyuan.platform.publication import services

        drafted, county = which(scene), _county(scene)
        for number, unit in enumerate(scene.more_units(6)):
            if number % 2:
                services.put_on(county.clerk, drafted.pk, unit)

    return grow


def _more_objections(scene: Scene) -> None:
    for _ in range(4):
        _county(scene).objection(_published(scene))


def _of(which: Callable[[Scene], PublicationList]) -> Callable[[Scene], Sequence[Any]]:
    return lambda scene: [which(scene).pk]


def _row(scene: Scene) -> Sequence[Any]:
    drafted = _draft(scene)
    return [drafted.pk, drafted.units.order_by("pk")[0].pk]


def _missing_unit(scene: Scene) -> Sequence[Any]:
    """A unit of the ledger that is not on the draft."""
    drafted = _draft(scene)
    return [drafted.pk, scene.keep("missing unit", lambda: scene.more_units(1)[0]).pk]


def _document(scene: Scene) -> Sequence[Any]:
    published = _published(scene)
    return [published.pk, published.attachments.order_by("pk")[0].document_id]


def _read(route: str, max_queries: int) -> Page:
    """A tab of a draft."""
    return Page(
        f"publication:{route}",
        INTERNAL,
        args=_of(_draft),
        max_queries=max_queries,
        grow=_more_on(_draft),
    )


def _write(route: str, args: Callable[[Scene], Sequence[Any]]) -> Page:
    """A change of a draft, which leads back to it whatever became of it."""
    return Page(
        f"publication:{route}",
        who(open_to=STAFF, hidden_from=NEIGHBOUR, status=302),
        args=args,
        method="post",
    )


def _step(
    route: str, which: Callable[[Scene], PublicationList], people: set[str], max_queries: int
) -> Page:
    return Page(
        f"publication:{route}",
        who(open_to=people, hidden_from=NEIGHBOUR if people == STAFF else ()),
        args=_of(which),
        reader="county_head",
        max_queries=max_queries,
        fixed="asks for a confirmation",
    )


PAGES = [
    Page(
        "publication:lists",
        who(open_to=OFFICES | NEIGHBOUR),
        max_queries=8,
        grow=lambda scene: _published(scene) and _more_objections(scene),
    ),
    Page(
        "publication:overview",
        who(open_to=ABOVE),
        reader="city_clerk",
        max_queries=11,
        grow=lambda scene: _published(scene) and _more_objections(scene),
    ),
    Page(
        "publication:overview_excel",
        who(open_to=ABOVE),
        reader="city_clerk",
        max_queries=9,
        grow=lambda scene: _published(scene) and _more_objections(scene),
    ),
    # a city's head sets them, and the cast has none
    Page("publication:rules", who()),
    Page(
        "publication:new",
        who(open_to=STAFF | NEIGHBOUR),
        max_queries=7,
        grow=lambda scene: scene.more_units(4),
    ),
    _read("list", 12),
    _read("left_out", 10),
    _read("changes", 8),
    _read("documents", 8),
    _read("history", 16),
    _read("excel", 9),
    _read("preview_pdf", 9),
    _read("preview_word", 9),
    Page(
        "publication:document",
        PUBLIC,
        args=_document,
        max_queries=7,
        fixed="one file",
    ),
    # the draft
    Page(
        "publication:title",
        who(open_to=STAFF, hidden_from=NEIGHBOUR),
        args=_of(_draft),
        max_queries=5,
        fixed="shows one form",
    ),
    Page(
        "publication:findings",
        who(open_to=STAFF, hidden_from=NEIGHBOUR),
        args=_of(_draft),
        max_queries=9,
        grow=_more_on(_draft),
    ),
    *(
        Page(
            f"publication:{route}",
            who(open_to=STAFF, hidden_from=NEIGHBOUR),
            args=_row,
            max_queries=7,
            fixed="shows one row",
        )
        for route in ("row", "edit_row", "leave_out")
    ),
    _write("refresh", _of(_draft)),
    _write("set_rows", _of(_draft)),
    _write("give_reason", _missing_unit),
    _write("put_on", _missing_unit),
    # the steps
    _step("submit", _draft, STAFF, 10),
    _step("recall", _in_review, STAFF, 6),
    _step("send_back", _in_review, HEAD, 6),
    _step("publish", _in_review, HEAD, 9),
    _step("finalise", _published, HEAD, 6),
    _step("report", _published, STAFF, 6),
    _step("discard", _draft, STAFF, 6),
    _step("withdraw", _published, HEAD, 6),
    # objections
    Page(
        "publication:objections",
        who(open_to=SUPERVISORS, hidden_from=NEIGHBOUR),
        args=_of(_published),
        max_queries=8,
        grow=_more_objections,
    ),
    Page(
        "publication:new_objection",
        who(open_to=STAFF, hidden_from=NEIGHBOUR),
        args=_of(_published),
        max_queries=6,
        fixed="shows one form",
    ),
    Page(
        "publication:objection",
        who(open_to=SUPERVISORS, hidden_from=NEIGHBOUR),
        args=lambda scene: [_objection(scene).list_id, _objection(scene).pk],
        max_queries=8,
        grow=_more_objections,
    ),
]
