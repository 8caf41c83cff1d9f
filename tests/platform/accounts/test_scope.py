"""Everybody sees what lies in their own region or unit, and nothing else."""

import pytest
from django.contrib.auth.models import AnonymousUser

from hengyuan.platform.accounts.models import Office, User
from hengyuan.platform.accounts.scope import Scope, scope_of, visible_regions
from hengyuan.platform.ledger.models import Gate, Lane, SourceUnit
from hengyuan.platform.ledger.services import add_gate, add_lane
from hengyuan.platform.terminals.models import Terminal
from hengyuan.platform.terminals.services import create_terminal
from tests.conftest import Cast

pytestmark = pytest.mark.django_db

OWN, OTHER, NEIGHBOUR = "own", "other", "neighbour"
EVERYTHING = {OWN, OTHER, NEIGHBOUR}
SEES = {
    "province_head": EVERYTHING,
    "city_clerk": EVERYTHING,
    "county_head": {OWN, OTHER},
    "county_clerk": {OWN, OTHER},
    "county_inspector": {OWN, OTHER},
    "county_readonly": {OWN, OTHER},
    "department_clerk": {OWN, OTHER},
    "neighbour_clerk": {NEIGHBOUR},
    "unit_manager": {OWN},
    "gatekeeper": {OWN},
    "other_gatekeeper": {OTHER},
    "outsider": set(),
}


@pytest.fixture
def city(cast: Cast) -> dict[str, SourceUnit]:
    """Three units, each with a gate, a lane and a terminal."""
    units = {OWN: cast.unit, OTHER: cast.other_unit, NEIGHBOUR: cast.neighbour_unit}
    for unit in units.values():
        gate = add_gate(None, unit, name="南门")
        add_lane(None, gate)
        create_terminal(None, unit, "终端", gate)
    return units


def names(city: dict[str, SourceUnit], unit_ids: set[int]) -> set[str]:
    return {name for name, unit in city.items() if unit.pk in unit_ids}


def test_the_whole_cast_is_covered(cast):
    assert set(SEES) == set(cast.people())


@pytest.mark.parametrize("name", SEES)
@pytest.mark.parametrize(
    ("model", "unit_field"),
    [(SourceUnit, "pk"), (Gate, "unit"), (Lane, "gate__unit"), (Terminal, "unit")],
)
def test_a_person_sees_the_things_of_their_scope_only(cast, city, name, model, unit_field):
    visible = model.objects.visible_to(cast.people()[name]).values_list(unit_field, flat=True)
    assert names(city, set(visible)) == SEES[name]


@pytest.mark.parametrize("model", [SourceUnit, Gate, Lane, Terminal, Office, User])
def test_who_is_not_logged_in_sees_nothing(city, model):
    assert not model.objects.visible_to(AnonymousUser()).exists()


@pytest.mark.parametrize("model", [SourceUnit, Gate, Lane, Terminal, Office, User])
def test_who_has_left_sees_nothing(cast, city, model):
    cast.county_clerk.is_active = False
    assert not model.objects.visible_to(cast.county_clerk).exists()


@pytest.mark.parametrize("model", [SourceUnit, Gate, Lane, Terminal, Office, User])
def test_people_of_a_closed_office_see_nothing(cast, city, model):
    cast.county_clerk.office.is_active = False
    assert not model.objects.visible_to(cast.county_clerk).exists()


def test_an_office_sees_the_people_below_it_and_not_those_next_door(cast):
    seen = set(User.objects.visible_to(cast.county_head).values_list("username", flat=True))
    assert {"county_clerk", "department_clerk", "gatekeeper", "other_gatekeeper"} <= seen
    assert not seen & {"neighbour_clerk", "city_clerk", "province_head", "outsider"}


def test_a_unit_sees_its_own_people_only(cast):
    seen = set(User.objects.visible_to(cast.unit_manager).values_list("username", flat=True))
    assert seen == {"unit_manager", "gatekeeper"}


def test_scopes_are_prefixes_of_region_codes(cast):
    assert scope_of(cast.province_head) == Scope(region_prefix="14")
    assert scope_of(cast.city_clerk) == Scope(region_prefix="1410")
    assert scope_of(cast.county_clerk) == Scope(region_prefix="141024")
    assert scope_of(cast.gatekeeper) == Scope(unit_id=cast.unit.pk)
    assert scope_of(cast.outsider).is_empty


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [("14", (140000, 149999)), ("1410", (141000, 141099)), ("141024", (141024, 141024))],
)
def test_a_prefix_is_also_a_range_of_county_codes(prefix, expected):
    assert Scope(region_prefix=prefix).code_range == expected
    assert Scope(unit_id=1).code_range is None


def test_covering_agrees_with_the_filter(cast, city):
    for name, person in cast.people().items():
        covered = {
            key for key, unit in city.items() if scope_of(person).covers(unit.region_id, unit.pk)
        }
        assert covered == SEES[name], name


def test_a_unit_may_name_its_own_county_and_no_other(cast):
    assert [region.pk for region in visible_regions(cast.gatekeeper)] == ["141024"]
    assert not visible_regions(cast.outsider).exists()
