"""Who sees which list, and what belongs to it: the whole cast."""

import pytest

from hengyuan.platform.accounts.permissions import ACTIONS, may
from hengyuan.platform.publication import queries, services
from hengyuan.platform.publication.models import (
    Attachment,
    LeftOut,
    ListState,
    Objection,
    PublicationList,
    PublishedUnit,
)
from tests.platform.publication.county import fresh

pytestmark = pytest.mark.django_db

ABOVE = {"province_head", "city_clerk"}
COUNTY = {"county_head", "county_clerk", "county_inspector", "county_readonly"}
DEPARTMENT = {"department_clerk"}


def seen_by(cast, queryset) -> set[str]:
    return {name for name, person in cast.people().items() if queryset.visible_to(person).exists()}


@pytest.mark.parametrize(
    ("state", "public"),
    [
        (ListState.DRAFT, False),
        (ListState.IN_REVIEW, False),
        (ListState.PUBLISHED, True),
        (ListState.FINAL, True),
        (ListState.SUPERSEDED, True),
        (ListState.WITHDRAWN, False),
    ],
)
def test_a_department_sees_public_lists_the_offices_all_of_them(county, state, public):
    found = county.in_state(state)
    own = PublicationList.objects.filter(pk=found.pk)
    assert seen_by(county.cast, own) == ABOVE | COUNTY | (DEPARTMENT if public else set())
    rows = PublishedUnit.objects.filter(list=found)
    assert seen_by(county.cast, rows) == seen_by(county.cast, own)
    assert seen_by(county.cast, LeftOut.objects.filter(list=found)) == seen_by(county.cast, own)


def test_objections_are_the_offices_own_affair(county):
    found = county.published()
    county.objection(found)
    assert seen_by(county.cast, Objection.objects) == ABOVE | COUNTY
    assert seen_by(county.cast, Attachment.objects) == ABOVE | COUNTY | DEPARTMENT


def test_figures_count_what_is_in_scope(county):
    found = county.published()
    county.objection(found)
    county.submitted(county.complete())
    none = {"in_review": 0, "unreported": 0, "over": 0, "open_objections": 0}
    assert queries.figures(county.cast.city_clerk) == none | {
        "in_review": 1,
        "unreported": 1,
        "open_objections": 1,
    }
    assert queries.figures(county.cast.neighbour_clerk) == none
    assert queries.figures(county.cast.outsider) == none
    services.report(county.clerk, found.pk, fresh(found).version)
    assert queries.figures(county.cast.county_head)["unreported"] == 0


ALLOWED = {
    "publication.view": ABOVE | COUNTY | DEPARTMENT | {"neighbour_clerk"},
    "publication.overview": ABOVE,
    "publication.draft": {"county_head", "county_clerk", "neighbour_clerk"},
    "publication.review": {"county_head"},
    "publication.answer": {"county_head", "county_clerk", "neighbour_clerk"},
    "publication.report": {"county_head", "county_clerk", "neighbour_clerk"},
    "publication.rules": set(),
    "documents.view": ABOVE | COUNTY | {"neighbour_clerk"},
    "documents.edit": ABOVE | {"county_head", "county_clerk", "neighbour_clerk"},
}


@pytest.mark.parametrize("action", ALLOWED)
def test_who_may_do_what(cast, action):
    assert {name for name, who in cast.people().items() if may(who, action)} == ALLOWED[action]


def test_every_action_of_the_two_apps_is_tested():
    prefixes = ("publication.", "documents.")
    assert {name for name in ACTIONS if name.startswith(prefixes)} == set(ALLOWED)
