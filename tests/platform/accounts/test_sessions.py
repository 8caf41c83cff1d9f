"""People see in which browsers they are logged in, and end what they do not know."""

import pytest
from django.contrib.sessions.models import Session

from hengyuan.platform.accounts import services
from hengyuan.platform.accounts.devices import device_name
from hengyuan.platform.accounts.models import AccessEntry, AccessKind, LoginSession
from tests.conftest import Cast

pytestmark = pytest.mark.django_db

SESSIONS = "/account/sessions/"


@pytest.fixture
def two(cast, login):
    """Two browsers of the county's clerk, both of them used."""
    here, there = login(cast.county_clerk), login(cast.county_clerk)
    for browser in (there, here):
        assert browser.get("/units/").status_code == 200
    return here, there


def test_the_list_says_device_address_and_which_one_this_is(two):
    here, _there = two
    page = here.get(SESSIONS)
    assert len(page.context["sessions"]) == 2
    text = page.content.decode()
    assert "Chrome 126, Linux" in text
    assert "127.0.0.1" in text
    assert text.count('<span class="tag">当前</span>') == 1


def test_one_session_is_ended_and_the_other_goes_on(two):
    here, there = two
    other = LoginSession.objects.exclude(session_key=here.session.session_key).get()
    here.post(f"{SESSIONS}{other.pk}/end/")
    assert there.get("/units/").status_code == 302
    assert here.get("/units/").status_code == 200
    assert AccessEntry.objects.filter(kind=AccessKind.SESSION_ENDED).exists()


def test_all_others_are_ended_at_once(two, cast, login):
    here, there = two
    third = login(cast.county_clerk)
    third.get("/units/")
    here.post(f"{SESSIONS}end-others/")
    assert here.get("/units/").status_code == 200
    assert there.get("/units/").status_code == 302
    assert third.get("/units/").status_code == 302


def test_nobody_ends_a_session_of_somebody_else(two, cast, login):
    for person in (cast.county_head, cast.neighbour_clerk, cast.gatekeeper):
        browser = login(person)
        for session in LoginSession.objects.filter(person=cast.county_clerk):
            assert browser.post(f"{SESSIONS}{session.pk}/end/").status_code == 404
    assert two[1].get("/units/").status_code == 200


def test_the_session_one_is_in_is_not_ended_by_its_button(two):
    here, _there = two
    own = LoginSession.objects.get(session_key=here.session.session_key)
    here.post(f"{SESSIONS}{own.pk}/end/")
    assert here.get("/units/").status_code == 200


def test_a_session_that_was_logged_out_leaves_the_list(two):
    here, there = two
    there.post("/account/logout/")
    assert len(here.get(SESSIONS).context["sessions"]) == 1


def test_changing_the_password_ends_all_other_sessions(two):
    here, there = two
    new = "chosen-by-myself-7"
    fields = {"old_password": Cast.PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post("/account/password/", fields).status_code == 302
    assert there.get("/units/").status_code == 302
    assert here.get("/units/").status_code == 200
    assert Session.objects.count() == 1


def test_closing_an_office_ends_the_sessions_of_its_people(two, city_head, cast):
    services.close_office(city_head, cast.county_clerk.office, "机构改革")
    assert not LoginSession.objects.filter(person=cast.county_clerk).exists()
    assert two[0].get("/units/").status_code == 302


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
            "Edge 126, Windows 10/11",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Firefox 128, Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari 17, iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/116.0 Mobile "
            "MicroMessenger/8.0.49",
            "微信, Android",
        ),
        ("curl/8.5.0", "未知设备"),
        ("", "未知设备"),
    ],
)
def test_devices_have_names_that_people_know(agent, name):
    assert device_name(agent) == name
