"""The pages about terminals."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from hengyuan.platform.terminals import queries, services
from hengyuan.platform.terminals.models import Terminal
from hengyuan.record.suites import SM2_SM3

pytestmark = pytest.mark.django_db

CODE = re.compile(r"\b[0-9A-Z]{5}(?:-[0-9A-Z]{5}){3}\b")


@pytest.fixture
def clerk(client: Client, cast) -> Client:
    client.force_login(cast.county_clerk)
    return client


def enrolled(cast, unit, **beat) -> Terminal:
    terminal = services.create_terminal(cast.county_clerk, unit, f"{unit.name}终端")
    code = services.issue_enrolment_code(terminal, cast.county_clerk)
    services.enrol(code, "SM2-SM3", SM2_SM3.generate().public_bytes().hex())
    Terminal.objects.filter(pk=terminal.pk).update(**beat)
    return Terminal.objects.get(pk=terminal.pk)


def test_a_new_terminal_shows_its_code_once_and_that_code_works(clerk, cast):
    shown = clerk.post(f"/terminals/new/{cast.unit.code}/", {"name": "南门终端"})
    code = CODE.search(shown.content.decode())
    assert code is not None
    assert "no-store" in shown["Cache-Control"]
    terminal = Terminal.objects.get(name="南门终端")
    assert not CODE.search(clerk.get(f"/terminals/{terminal.code}/").content.decode())
    public = SM2_SM3.generate().public_bytes().hex()
    assert services.enrol(code.group(), "SM2-SM3", public) == terminal


def test_a_gate_of_another_unit_is_no_choice(clerk, cast):
    from hengyuan.platform.ledger.services import add_gate

    elsewhere = add_gate(None, cast.other_unit, name="别家的门")
    fields = {"name": "南门终端", "gate": str(elsewhere.pk)}
    clerk.post(f"/terminals/new/{cast.unit.code}/", fields)
    assert not Terminal.objects.exists()


def test_an_enrolled_terminal_is_offered_no_code(clerk, cast):
    terminal = enrolled(cast, cast.unit)
    answer = clerk.post(f"/terminals/{terminal.code}/enrolment-code/", follow=True)
    assert "该终端已注册" in answer.content.decode()
    assert not CODE.search(answer.content.decode())


def test_the_list_tells_online_from_silent(clerk, cast):
    now = timezone.now()
    online = enrolled(cast, cast.unit, last_seen_at=now)
    silent = enrolled(cast, cast.other_unit, last_seen_at=now - timedelta(hours=1))
    for heard, shown, hidden in (
        ("online", online, silent),
        ("silent", silent, online),
    ):
        page = clerk.get(f"/terminals/?heard={heard}").content.decode()
        assert shown.code in page
        assert hidden.code not in page


def test_a_terminal_never_heard_of_counts_as_silent(clerk, cast):
    terminal = enrolled(cast, cast.unit)
    assert terminal.code in clerk.get("/terminals/?heard=silent").content.decode()
    assert "heard=silent" in clerk.get("/").content.decode()


def test_the_last_heartbeat_is_shown_in_words(clerk, cast):
    terminal = enrolled(
        cast,
        cast.unit,
        last_seen_at=timezone.now(),
        device_states={"scale": "ok", "camera-front": "fault", "led": "offline"},
        queue_depth=7,
        clock_offset_ms=-1200,
    )
    page = clerk.get(f"/terminals/{terminal.code}/").content.decode()
    for words in ("正常", "故障", "未连接", "-1,200 ms"):
        assert words in page


def test_suspending_takes_a_reason_and_is_undone_by_resuming(clerk, cast):
    terminal = enrolled(cast, cast.unit)
    address = f"/terminals/{terminal.code}"
    clerk.post(f"{address}/suspend/", {"reason": ""})
    terminal.refresh_from_db()
    assert terminal.state == "enrolled"
    clerk.post(f"{address}/suspend/", {"reason": "秤体检修"})
    terminal.refresh_from_db()
    assert terminal.state == "suspended"
    assert "秤体检修" in clerk.get(f"{address}/").content.decode()
    clerk.post(f"{address}/resume/", {"reason": "检修完毕"})
    terminal.refresh_from_db()
    assert terminal.state == "enrolled"


def test_what_the_state_does_not_allow_is_explained(clerk, cast):
    terminal = services.create_terminal(None, cast.unit, "终端")
    answer = clerk.post(f"/terminals/{terminal.code}/resume/", {"reason": "早"}, follow=True)
    assert "无法操作" in answer.content.decode()


def test_who_may_not_manage_sees_neither_codes_nor_buttons(client, cast):
    terminal = services.create_terminal(None, cast.unit, "终端")
    services.issue_enrolment_code(terminal, cast.county_clerk)
    client.force_login(cast.gatekeeper)
    page = client.get(f"/terminals/{terminal.code}/").content.decode()
    assert "终端" in page
    assert "注册码" not in page
    assert "注销" not in page


def test_the_figures_count_what_is_in_scope(cast):
    enrolled(cast, cast.unit, last_seen_at=timezone.now())
    services.create_terminal(None, cast.neighbour_unit, "邻县终端")
    figures = queries.figures(cast.county_clerk)
    assert figures == {"enrolled": 1, "online": 1, "silent": 0, "planned": 0, "suspended": 0}
    assert queries.figures(cast.city_clerk)["planned"] == 1


def test_the_number_of_queries_of_the_list_stays(clerk, cast, django_assert_max_num_queries):
    for _ in range(30):
        services.create_terminal(None, cast.unit, "终端")
    with django_assert_max_num_queries(9):
        clerk.get("/terminals/")
