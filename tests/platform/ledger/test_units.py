"""Entering and changing source units: codes, rules, trail."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from hengyuan.law.codes import SourceUnitKind
from hengyuan.platform.audit import trail
from hengyuan.platform.ledger import services
from hengyuan.platform.ledger.models import SourceUnit, UnitKind
from hengyuan.platform.regions.models import Region

pytestmark = pytest.mark.django_db


def region(code: str) -> Region:
    return Region.objects.get(pk=code)


def register(county: str = "141033", **fields):
    fields = {"name": "示例煤矿", "kind": UnitKind.COAL} | fields
    return services.register_unit(None, region=region(county), **fields)


def test_kinds_are_those_of_the_law_room():
    assert set(UnitKind.values) == {kind.value for kind in SourceUnitKind}


def test_codes_count_up_within_a_county():
    codes = [register().code for _ in range(3)] + [register("141029").code]
    assert codes == ["14103351001", "14103351002", "14103351003", "14102951001"]


def test_a_code_is_not_given_again_after_its_unit_is_gone():
    register()
    gone = register()
    last = register()
    gone.delete()
    assert register().code > last.code


def test_a_county_that_has_given_out_all_codes_says_so():
    unit = register()
    SourceUnit.objects.filter(pk=unit.pk).update(code="14103351999")
    with pytest.raises(services.LedgerFull, match="蒲县"):
        register()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, "name"),
        ({"kind": "casino"}, "kind"),
        ({"credit_code": "12345"}, "credit_code"),
        ({"longitude": "111.6"}, "latitude"),
        ({"longitude": "211.6", "latitude": "36"}, "longitude"),
        ({"contact_phone": "call me"}, "contact_phone"),
    ],
)
def test_what_is_wrong_is_named_by_field(fields, wrong):
    with pytest.raises(ValidationError) as refused:
        register(**fields)
    assert wrong in refused.value.message_dict
    assert not SourceUnit.objects.exists()


def test_a_unit_belongs_to_a_county_and_its_township_lies_there():
    with pytest.raises(ValidationError):
        register("141000")
    with pytest.raises(ValidationError):
        register("141033", township=region("141024100"))
    assert register("141024", township=region("141024100")).township.name


def test_gates_and_lanes_are_numbered_within_their_parent():
    unit, other = register(), register()
    first, second = (services.add_gate(None, unit, name=name) for name in ("南门", "北门"))
    assert [first.number, second.number] == [1, 2]
    assert services.add_gate(None, other, name="南门").number == 1
    assert [services.add_lane(None, second).number for _ in range(2)] == [1, 2]


def test_the_trail_tells_who_changed_what_from_what_to_what(cast):
    services.change_unit(cast.county_clerk, cast.unit, kind=UnitKind.COKE)
    newest = trail(cast.unit)[0]
    assert newest.by == "County Clerk"
    assert [(change.label, change.old, change.new) for change in newest.changes] == [
        ("类别", "煤炭", "焦化")
    ]
    assert [entry.action for entry in trail(cast.unit)] == ["修改", "新增"]


@pytest.mark.django_db(transaction=True)
def test_two_clerks_at_once_never_get_the_same_code():
    codes: list[str] = []
    together = threading.Barrier(4)

    def clerk() -> None:
        together.wait()
        try:
            codes.extend(register().code for _ in range(5))
        finally:
            connection.close()

    clerks = [threading.Thread(target=clerk) for _ in range(4)]
    for each in clerks:
        each.start()
    for each in clerks:
        each.join()
    assert sorted(codes) == [f"14103351{number:03d}" for number in range(1, 21)]
