"""After failed tries a login is locked for a while; heads lift the lock and give a way back in."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from hengyuan.platform.accounts import queries, services
from hengyuan.platform.accounts.models import AccessEntry, AccessKind, ResetLink
from tests.conftest import Cast

pytestmark = pytest.mark.django_db

LOGIN = "/account/login/"


def fail(client, username="county_clerk", times=settings.AXES_FAILURE_LIMIT):
    for _ in range(times):
        answer = client.post(LOGIN, {"username": username, "password": "wrong"})
    return answer


def try_right(client) -> int:
    return client.post(LOGIN, {"username": "county_clerk", "password": Cast.PASSWORD}).status_code


def test_the_page_says_in_chinese_until_when(client, cast):
    begin = timezone.localtime()
    with time_machine.travel(begin, tick=False):
        page = fail(client).content.decode()
    ends = begin + timedelta(hours=settings.AXES_COOLOFF_TIME)
    assert f"{ends:%H:%M} 后可再次登录，约需等待 15 分钟" in page
    assert "本单位负责人" in page


def test_trying_on_does_not_prolong_the_lock(client, cast):
    begin = timezone.now()
    with time_machine.travel(begin, tick=False):
        fail(client)
    with time_machine.travel(begin + timedelta(minutes=10), tick=False):
        page = client.post(LOGIN, {"username": "county_clerk", "password": "wrong"})
        assert page.status_code == 429
        assert "约需等待 5 分钟" in page.content.decode()
    with time_machine.travel(begin + timedelta(minutes=15, seconds=1), tick=False):
        assert try_right(client) == 302


@pytest.mark.parametrize("who", ["county_head", "city_head"])
def test_the_head_of_the_office_and_of_the_superior_one_lift_it(
    who, client, cast, city_head, login
):
    fail(client)
    head = {"county_head": cast.county_head, "city_head": city_head}[who]
    browser = login(head)
    page = browser.get(f"/people/{cast.county_clerk.pk}/").content.decode()
    assert "解除锁定" in page
    assert browser.post(f"/people/{cast.county_clerk.pk}/unlock/").status_code == 302
    assert try_right(client) == 302
    entry = AccessEntry.objects.get(kind=AccessKind.UNLOCKED)
    assert (entry.person, entry.about) == (head, cast.county_clerk)


@pytest.mark.parametrize(
    "who", ["county_inspector", "department_clerk", "neighbour_clerk", "gatekeeper", "outsider"]
)
def test_nobody_else_lifts_it(who, client, cast, login):
    fail(client)
    browser = login(cast.people()[who])
    assert browser.post(f"/people/{cast.county_clerk.pk}/unlock/").status_code in (403, 404)
    assert try_right(client) == 429


def test_a_lock_shows_up_where_it_is_dealt_with(client, cast, city_head, login):
    fail(client)
    for person, sees in (
        (cast.county_head, True),
        (city_head, True),
        (cast.county_inspector, False),
        (cast.unit_manager, False),
    ):
        assert bool(queries.locked_people(person)) is sees, person
        assert ("被锁定的账号" in login(person).get("/").content.decode()) is sees, person
    page = login(cast.county_head).get(f"/offices/{cast.county_clerk.office.pk}/")
    assert "登录锁定" in page.content.decode()


def test_a_lock_of_a_name_that_nobody_has_is_nobodys_duty(client, cast):
    fail(client, "nobody-of-this-name")
    assert queries.locked_people(cast.county_head) == []


# the way back in


def issued(cast, login, person=None) -> str:
    answer = login(person or cast.county_head).post(f"/people/{cast.county_clerk.pk}/reset/")
    link = answer.context["link"]
    assert answer.headers["Cache-Control"].count("no-store")
    return link.removeprefix("http://testserver")


NEW = {"new_password1": "chosen-by-myself-7", "new_password2": "chosen-by-myself-7"}


def test_a_link_gives_a_new_password_and_lifts_the_lock(client, cast, login):
    fail(client)
    link = issued(cast, login)
    assert client.post(link, NEW)["Location"] == LOGIN
    answer = client.post(LOGIN, {"username": "county_clerk", "password": "chosen-by-myself-7"})
    assert answer["Location"] == "/"
    kinds = set(AccessEntry.objects.values_list("kind", flat=True))
    assert {AccessKind.RESET_ISSUED, AccessKind.RESET_USED} <= kinds


def test_the_head_never_learns_the_password(cast, login):
    page = login(cast.county_head).post(f"/people/{cast.county_clerk.pk}/reset/")
    assert cast.county_clerk.password not in page.content.decode()
    token = page.context["link"].rstrip("/").rpartition("/")[2]
    assert token not in str(list(ResetLink.objects.values()))


def test_the_present_password_holds_until_the_link_is_used(client, cast, login):
    link = issued(cast, login)
    assert try_right(client) == 302
    client.post("/account/logout/")
    client.post(link, NEW)
    assert try_right(client) == 200


def test_a_link_is_good_once_and_for_a_day(client, cast, login):
    link = issued(cast, login)
    with time_machine.travel(timezone.now() + services.RESET_VALID_FOR + timedelta(minutes=1)):
        assert client.get(link).status_code == 410
    assert client.post(link, NEW).status_code == 302
    assert client.post(link, NEW | {"new_password1": "x"}).status_code == 410


def test_a_second_link_ends_the_first(client, cast, login):
    first = issued(cast, login)
    second = issued(cast, login)
    assert client.get(first).status_code == 410
    assert client.get(second).status_code == 200


def test_a_weak_password_is_refused_and_the_link_stays_good(client, cast, login):
    link = issued(cast, login)
    answer = client.post(link, {"new_password1": "short", "new_password2": "short"})
    assert "密码太短" in answer.content.decode()
    assert client.post(link, NEW).status_code == 302


def test_a_new_password_ends_the_sessions_that_were_open(client, cast, login):
    at_work = login(cast.county_clerk)
    at_work.get("/units/")
    client.post(issued(cast, login), NEW)
    assert at_work.get("/units/").status_code == 302


def test_a_superior_office_gives_the_link_too_but_not_past_the_next_level(cast, city_head, login):
    assert issued(cast, login, city_head)
    for person in (cast.province_head, cast.unit_manager, cast.city_clerk):
        answer = login(person).post(f"/people/{cast.county_clerk.pk}/reset/")
        assert answer.status_code in (403, 404), person
