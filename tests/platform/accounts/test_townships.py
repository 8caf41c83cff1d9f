"""Who answers for a township: one person at a time, and everybody before them on record."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from hengyuan.platform.accounts import queries, services
from hengyuan.platform.accounts.models import TownshipLead
from hengyuan.platform.regions.models import Region

pytestmark = pytest.mark.django_db

CODE = "141024100"
FIELDS = {"name": "甲", "position": "副镇长", "duty_phone": "0357-0000001", "since": "2026-01-01"}


@pytest.fixture
def township() -> Region:
    return Region.objects.get(pk=CODE)


def appointed(cast, township, name="甲", since=date(2026, 1, 1)) -> TownshipLead:
    return services.appoint_lead(
        cast.county_clerk, township, name=name, duty_phone="0357-0000001", since=since
    )


def test_a_county_names_who_answers_for_a_township(cast, login, township):
    answer = login(cast.county_clerk).post(f"/townships/{CODE}/appoint/", FIELDS)
    assert answer["Location"] == f"/townships/{CODE}/"
    lead = TownshipLead.objects.get()
    assert (lead.name, lead.position, lead.until) == ("甲", "副镇长", None)
    assert lead.history.get().history_user == cast.county_clerk
    page = login(cast.county_readonly).get(f"/townships/{CODE}/").content.decode()
    assert "0357-0000001" in page


def test_a_successor_ends_the_term_before(cast, township):
    first = appointed(cast, township)
    appointed(cast, township, "乙", date(2026, 6, 1))
    first.refresh_from_db()
    assert first.until == date(2026, 6, 1)
    assert [lead.name for lead in TownshipLead.objects.in_office()] == ["乙"]


def test_a_successor_cannot_begin_before_the_predecessor(cast, login, township):
    appointed(cast, township, since=date(2026, 6, 1))
    answer = login(cast.county_clerk).post(
        f"/townships/{CODE}/appoint/", FIELDS | {"name": "乙", "since": "2026-05-31"}
    )
    assert "2026-06-01" in str(answer.context["form"].errors["since"])
    assert TownshipLead.objects.count() == 1


def test_a_term_ends_without_a_successor(cast, login, township):
    lead = appointed(cast, township)
    login(cast.county_clerk).post(
        f"/townships/terms/{lead.pk}/release/", {"until": "2026-08-01", "reason": "调离"}
    )
    lead.refresh_from_db()
    assert lead.until == date(2026, 8, 1)
    assert township in queries.townships_without_lead(cast.county_clerk)
    with pytest.raises(ValidationError):
        services.release_lead(cast.county_clerk, lead, date(2026, 9, 1), "再一次")


def test_the_database_itself_allows_one_at_a_time(cast, township):
    appointed(cast, township)
    with pytest.raises(IntegrityError), transaction.atomic():
        TownshipLead.objects.create(
            township=township, name="乙", duty_phone="0357-0000002", since=date(2026, 2, 1)
        )


def test_a_county_is_no_township(cast):
    with pytest.raises(ValidationError):
        appointed(cast, Region.objects.get(pk="141024"))


def test_a_source_unit_sees_who_answers_for_its_own_township(cast, login, township):
    cast.unit.township = township
    cast.unit.save()
    appointed(cast, township)
    other = Region.objects.get(pk="141024101")
    appointed(cast, other, "乙")
    page = login(cast.gatekeeper).get("/townships/").content.decode()
    assert township.name in page
    assert other.name not in page
    assert login(cast.gatekeeper).get(f"/townships/{CODE}/").status_code == 200
    assert login(cast.gatekeeper).get("/townships/141024101/").status_code == 404
    assert login(cast.other_gatekeeper).get(f"/townships/{CODE}/").status_code == 404


def test_a_neighbour_neither_sees_nor_names(cast, login, township):
    browser = login(cast.neighbour_clerk)
    assert browser.get(f"/townships/{CODE}/").status_code == 404
    assert browser.post(f"/townships/{CODE}/appoint/", FIELDS).status_code == 404
    assert not TownshipLead.objects.exists()


def test_the_list_finds_townships_that_nobody_answers_for(cast, login, township):
    appointed(cast, township)
    browser = login(cast.county_clerk)

    def found(query: str) -> str:
        return browser.get(f"/townships/{query}").content.decode().partition('id="list"')[2]

    assert township.name in found("?lead=named")
    assert township.name not in found("?lead=none")
    assert township.name in found("?search=甲")
    assert "141024101" in found("?lead=none")
