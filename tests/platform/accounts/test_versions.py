"""Two people change the same thing: the second is told who changed what, then decides."""

import pytest

from hengyuan.platform.accounts import services
from hengyuan.platform.accounts.models import Office, User
from hengyuan.platform.versioning import Stale

pytestmark = pytest.mark.django_db


def test_a_stale_save_changes_nothing_and_says_who_wrote_what(cast, login):
    office = cast.department_clerk.office
    address = f"/offices/{office.pk}/edit/"
    head, clerk = login(cast.county_head), login(cast.county_clerk)
    version = head.get(address).context["form"]["version"].value()
    fields = {"name": office.name, "address": "", "version": version}
    assert clerk.post(address, fields | {"duty_phone": "0357-1111111"}).status_code == 302
    answer = head.post(address, fields | {"duty_phone": "0357-2222222"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "已被他人修改" in page
    assert "County Clerk" in page
    assert "0357-1111111" in page
    assert 'value="0357-2222222"' in page, "what was typed still stands in the form"
    office.refresh_from_db()
    assert office.duty_phone == "0357-1111111"


def test_saving_again_is_meant_with_that_knowledge(cast, login):
    office = cast.department_clerk.office
    address = f"/offices/{office.pk}/edit/"
    services.change_office(cast.county_clerk, office, duty_phone="0357-1111111")
    browser = login(cast.county_head)
    fields = {"name": office.name, "duty_phone": "0357-2222222", "version": 1}
    answer = browser.post(address, fields)
    offered = answer.context["form"]["version"].value()
    assert browser.post(address, fields | {"version": offered}).status_code == 302
    office.refresh_from_db()
    assert office.duty_phone == "0357-2222222"


def test_each_write_is_one_version(cast):
    office, person = cast.department_clerk.office, cast.county_clerk
    services.change_office(cast.county_head, office, address="某街")
    services.change_person(cast.county_head, person, phone="0357-0000000")
    services.set_password(None, person, "quite-another-one-5")
    assert Office.objects.get(pk=office.pk).version == 2
    assert User.objects.get(pk=person.pk).version == 3


def test_what_was_written_in_between_comes_newest_first(cast):
    person = cast.county_clerk
    for phone in ("0357-0000001", "0357-0000002"):
        services.change_person(cast.county_head, person, phone=phone)
    with pytest.raises(Stale) as stale:
        services.change_person(cast.county_head, person, version=1, display_name="新名")
    told = [entry.changes[0].new for entry in stale.value.entries]
    assert told == ["0357-0000002", "0357-0000001"]
    assert stale.value.record.display_name == "County Clerk"


def test_a_form_without_its_version_is_refused(cast, login):
    office = cast.department_clerk.office
    answer = login(cast.county_head).post(
        f"/offices/{office.pk}/edit/", {"name": office.name, "duty_phone": "0357-2222222"}
    )
    assert "version" in answer.context["form"].errors
    office.refresh_from_db()
    assert office.duty_phone == ""


def test_ones_own_profile_is_held_the_same_way(cast, login):
    person = cast.gatekeeper
    services.change_person(cast.unit_manager, person, phone="0357-0000001")
    answer = login(person).post(
        "/account/", {"display_name": "门岗甲", "phone": "0357-0000002", "version": 1}
    )
    assert "Unit Manager" in answer.content.decode()
    person.refresh_from_db()
    assert (person.display_name, person.phone) == ("Gatekeeper", "0357-0000001")


def test_nobody_gives_themselves_another_role_or_office_through_the_profile(cast, login):
    person = cast.gatekeeper
    login(person).post(
        "/account/",
        {
            "display_name": "门岗甲",
            "phone": "",
            "version": 1,
            "role": "manager",
            "office": cast.county_head.office.pk,
            "username": "root",
            "is_superuser": "1",
        },
    )
    person.refresh_from_db()
    assert (person.display_name, person.role) == ("门岗甲", "gatekeeper")
    assert (person.username, person.is_superuser) == ("gatekeeper", False)
    assert person.office.source_unit == cast.unit
