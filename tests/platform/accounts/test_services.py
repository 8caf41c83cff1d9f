"""Offices and people are entered whole or not at all, and the trail says by whom."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from hengyuan.platform.accounts import services
from hengyuan.platform.accounts.models import Office, OfficeKind, Role, User
from hengyuan.platform.regions.models import Region

pytestmark = pytest.mark.django_db


def region(code: str) -> Region:
    return Region.objects.get(pk=code)


@pytest.mark.parametrize(
    ("code", "kind", "name"),
    [
        ("140000", OfficeKind.PROVINCE, "山西省治超办"),
        ("141000", OfficeKind.CITY, "临汾市治超办"),
        ("141033", OfficeKind.COUNTY, "蒲县治超办"),
        ("141071", OfficeKind.COUNTY, "临汾经济开发区治超办"),
    ],
)
def test_the_office_of_a_region_is_made_once(code, kind, name):
    made = services.office_of_region(None, region(code))
    assert (made.kind, made.name) == (kind, name)
    assert services.office_of_region(None, region(code)) == made


def test_a_department_stands_beside_the_overload_control_office():
    office = services.office_of_region(None, region("141033"))
    department = services.office_of_region(None, region("141033"), "transport")
    assert department != office
    assert department.name == "蒲县交通运输部门"


def test_a_unit_has_one_office(cast):
    made = services.office_of_unit(None, cast.neighbour_unit)
    assert made.source_unit == cast.neighbour_unit
    assert services.office_of_unit(None, cast.neighbour_unit) == made


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": OfficeKind.COUNTY, "region_id": "141000"},
        {"kind": OfficeKind.CITY, "region_id": "141024"},
        {"kind": OfficeKind.DEPARTMENT, "region_id": "141024"},
        {"kind": OfficeKind.COUNTY, "region_id": "141024", "department": "transport"},
        {"kind": OfficeKind.SOURCE_UNIT, "region_id": "141024"},
    ],
)
def test_an_office_that_contradicts_itself_is_refused(fields):
    with pytest.raises(ValidationError):
        services.create_office(None, name="不成立", **fields)


def test_the_database_itself_refuses_a_unit_office_without_a_unit():
    with pytest.raises(IntegrityError), transaction.atomic():
        Office.objects.create(kind=OfficeKind.SOURCE_UNIT, region_id="141024", name="不成立")


def test_a_role_must_exist_in_the_office(cast):
    fields = {"password": "long-enough-for-1", "display_name": "某人"}
    for office, role in (
        (cast.county_head.office, Role.GATEKEEPER),
        (cast.gatekeeper.office, Role.CLERK),
        (cast.county_head.office, ""),
    ):
        with pytest.raises(ValidationError) as refused:
            services.create_user(None, username="new", office=office, role=role, **fields)
        assert "role" in refused.value.message_dict
    assert not User.objects.filter(username="new").exists()


def test_the_trail_names_who_entered_a_person_and_keeps_no_password(cast):
    made = services.create_user(
        cast.county_head,
        username="new",
        password="long-enough-for-1",
        display_name="某人",
        office=cast.county_head.office,
        role=Role.CLERK,
    )
    entry = made.history.get()
    assert entry.history_user == cast.county_head
    assert not hasattr(entry, "password")


def test_a_given_password_holds_to_the_rules(cast):
    with pytest.raises(ValidationError):
        services.set_password(cast.county_head, cast.county_clerk, "short")
    cast.county_clerk.refresh_from_db()
    assert not cast.county_clerk.must_change_password
