"""Logins, tries, refusals and exports leave an entry that nobody can change."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from hengyuan.platform.accounts import access, queries, services
from hengyuan.platform.accounts.models import AccessEntry, AccessKind
from hengyuan.platform.accounts.models.access import AppendOnly
from hengyuan.platform.weighing.models import Export
from hengyuan.platform.weighing.services import note_export
from tests.conftest import Cast

pytestmark = pytest.mark.django_db

LOGIN = "/account/login/"


def kinds(**wanted) -> list[str]:
    return list(AccessEntry.objects.filter(**wanted).order_by("pk").values_list("kind", flat=True))


def test_coming_in_and_going_are_written_down(client, cast):
    client.post(
        LOGIN,
        {"username": "county_clerk", "password": Cast.PASSWORD},
        headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"},
    )
    client.post("/account/logout/")
    assert kinds(person=cast.county_clerk) == [AccessKind.LOGIN, AccessKind.LOGOUT]
    entry = AccessEntry.objects.order_by("pk").first()
    assert entry.address == "127.0.0.1"
    assert entry.device == "Firefox 128, Linux"
    assert entry.office == cast.county_clerk.office


def test_failed_tries_are_written_down_and_the_lock_too(client, cast):
    for _ in range(6):
        client.post(LOGIN, {"username": "county_clerk", "password": "wrong"})
    assert kinds() == [AccessKind.FAILED] * 4 + [AccessKind.LOCKED]


def test_a_try_never_holds_the_password(client, cast):
    client.post(LOGIN, {"username": "county_clerk", "password": "my-secret-thing"})
    assert "my-secret-thing" not in str(list(AccessEntry.objects.values()))


def test_a_refusal_says_what_was_asked_for(cast, login):
    login(cast.county_readonly).get("/units/new/")
    entry = AccessEntry.objects.get(kind=AccessKind.REFUSED)
    assert entry.person == cast.county_readonly
    assert entry.detail == "GET /units/new/ (units.edit)"


def test_the_same_refusal_again_and_again_is_written_once_a_minute(cast, login):
    browser = login(cast.county_readonly)
    for _ in range(3):
        browser.get("/units/new/")
    browser.get("/design/")
    assert kinds(kind=AccessKind.REFUSED) == [AccessKind.REFUSED]
    cache.clear()  # the minute is over
    browser.get("/units/new/")
    assert len(kinds(kind=AccessKind.REFUSED)) == 2


def test_an_export_is_written_down_with_its_filter(cast, login):
    login(cast.county_clerk).post("/offices/excel/?kind=department")
    entry = AccessEntry.objects.get(kind=AccessKind.EXPORT)
    assert entry.person == cast.county_clerk
    assert entry.detail == "单位; 类别: 部门"


def test_an_export_of_weighing_records_is_written_down_too(cast):
    note_export(cast.county_clerk, Export.What.CHAIN, wanted={}, description="141024510010-01: 1–9")
    entry = AccessEntry.objects.get(kind=AccessKind.EXPORT)
    assert entry.person == cast.county_clerk
    assert entry.detail.endswith("141024510010-01: 1–9")


# append only


@pytest.fixture
def entry(cast) -> AccessEntry:
    services.note(AccessKind.LOGIN, cast.county_clerk)
    return AccessEntry.objects.get()


def test_the_program_refuses_to_change_or_remove_an_entry(entry):
    entry.detail = "nothing happened"
    with pytest.raises(AppendOnly):
        entry.save()
    with pytest.raises(AppendOnly):
        entry.delete()
    with pytest.raises(AppendOnly):
        AccessEntry.objects.update(detail="nothing happened")
    with pytest.raises(AppendOnly):
        AccessEntry.objects.all().delete()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_accessentry SET detail = 'nothing happened'",
        "DELETE FROM accounts_accessentry",
    ],
)
def test_the_database_refuses_it_too(entry, statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AccessEntry.objects.filter(pk=entry.pk).exists()


def test_what_is_older_than_the_office_keeps_is_forgotten(cast, settings):
    settings.ACCOUNTS_ACCESS_LOG_DAYS = 200
    now = timezone.now()
    for days in (210, 190, 0):
        with time_machine.travel(now - timedelta(days=days), tick=False):
            services.note(AccessKind.LOGIN, cast.county_clerk)
    # the third of them, on another day than the ones before, has seen to it
    ages = [round((now - at).days) for at in AccessEntry.objects.values_list("at", flat=True)]
    assert sorted(ages) == [0, 190]


def test_six_months_are_kept_whatever_is_set(cast, settings):
    settings.ACCOUNTS_ACCESS_LOG_DAYS = 1
    assert access.kept_days() == 180
    with time_machine.travel(timezone.now() - timedelta(days=170)):
        services.note(AccessKind.LOGIN, cast.county_clerk)
    assert access.forget_old(timezone.now()) == 0


# who reads it


@pytest.fixture
def everybody_was_in(cast, city_head, department_head):
    for person in [*cast.people().values(), city_head, department_head]:
        services.note(AccessKind.LOGIN, person)


def read_by(person) -> set[str]:
    return set(queries.access_log(person).values_list("username", flat=True))


@pytest.mark.parametrize("who", ["county_clerk", "city_clerk", "county_readonly", "gatekeeper"])
def test_who_leads_nothing_reads_their_own_entries_alone(cast, everybody_was_in, who):
    assert read_by(cast.people()[who]) == {who}


def test_a_county_head_reads_those_of_the_county(cast, everybody_was_in):
    read = read_by(cast.county_head)
    assert {"county_clerk", "department_clerk", "gatekeeper", "other_gatekeeper"} <= read
    assert not read & {"neighbour_clerk", "city_clerk", "province_head", "outsider"}


def test_a_department_head_reads_those_of_the_department(cast, everybody_was_in, department_head):
    assert read_by(department_head) == {"department_clerk", "department_head"}


def test_a_manager_reads_those_of_the_unit(cast, everybody_was_in):
    assert read_by(cast.unit_manager) == {"unit_manager", "gatekeeper"}


def test_tries_with_names_that_nobody_has_are_read_at_the_top(client, cast, city_head):
    client.post(LOGIN, {"username": "root", "password": "wrong"})
    assert "root" in read_by(cast.province_head)
    for person in (city_head, cast.county_head, cast.unit_manager):
        assert "root" not in read_by(person), person
    services.close_office(None, cast.province_head.office, "试验")
    assert "root" in read_by(city_head)


def test_the_page_filters_by_kind_day_and_text(cast, login, everybody_was_in):
    browser = login(cast.county_head)
    browser.get("/design/")
    for query, expected in (
        ("?kind=login", True),
        ("?kind=refused", False),
        ("?search=clerk", True),
        ("?search=127.0.0.2", False),
        (f"?from_day={timezone.localdate() + timedelta(days=1)}", False),
        (f"?to_day={timezone.localdate()}", True),
    ):
        page = browser.get(f"/audit/{query}").content.decode()
        assert ("County Clerk" in page) is expected, query
