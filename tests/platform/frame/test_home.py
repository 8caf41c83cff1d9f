"""The home page answers first: what must I do today? For everybody something else."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from django.utils.timezone import localdate

from hengyuan.platform.accounts.models import Department, Office, OfficeKind, Role, User
from hengyuan.platform.accounts.services import change_person, invite
from hengyuan.platform.duties import Duty, Urgency, duties_of, figures_of
from hengyuan.platform.ledger.services import add_scale, register_unit
from hengyuan.platform.publication.services import draft_from_ledger, submit
from hengyuan.platform.terminals.models import Terminal
from hengyuan.platform.terminals.services import create_terminal
from tests.conftest import Cast
from tests.platform.every_page import Scene

pytestmark = pytest.mark.django_db

_REFUSED = """
INSERT INTO intake_refused (terminal_id, code, detail, body_digest, body, remote, times,
                            first_at, last_at)
VALUES (%s, %s, '', %s, 'x', '127.0.0.1', 1, %s, %s)
"""


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    cache.clear()


def fresh(person: User) -> User:
    """As the next request has them: nothing remembered of the one before."""
    return User.objects.select_related("office__region").get(pk=person.pk)


def waiting(person: User) -> dict[str, Duty]:
    """The duties by their titles."""
    return {str(duty.title): duty for duty in duties_of(fresh(person))}


def the(duties: dict[str, Duty], part: str) -> Duty | None:
    """The only duty with these words in its title."""
    found = [duty for title, duty in duties.items() if part in title]
    assert len(found) <= 1, found
    return found[0] if found else None


def whose(cast: Cast, part: str) -> dict[str, bool]:
    """Who sees a duty: True for whom it is to do, False for whom it is to watch."""
    seen = {name: the(waiting(person), part) for name, person in cast.people().items()}
    return {name: duty.is_mine for name, duty in seen.items() if duty is not None}


def fall_silent(cast: Cast) -> None:
    """A terminal of the cast's unit that was heard last an hour ago."""
    terminal = Scene(cast).enrolled
    Terminal.objects.filter(pk=terminal.pk).update(last_seen_at=timezone.now() - timedelta(hours=1))


def hire(username: str, office: Office, role: str) -> User:
    return User.objects.create_user(
        username=username, password=Cast.PASSWORD, display_name=username, office=office, role=role
    )


def test_a_silent_terminal_is_for_the_unit_and_its_county_and_watched_above(cast):
    fall_silent(cast)
    assert whose(cast, "失联的终端") == {
        "province_head": False,
        "city_clerk": False,
        "county_head": True,
        "county_clerk": True,
        "county_inspector": True,
        "county_readonly": False,
        "department_clerk": False,
        "unit_manager": True,
        "gatekeeper": True,
    }
    duty = the(waiting(cast.gatekeeper), "失联的终端")
    assert duty.urgency == Urgency.NOW
    assert "测试甲煤矿" in str(duty.detail)


@pytest.mark.parametrize(
    ("fields", "part", "trouble"),
    [
        ({"clock_offset_ms": 6_000}, "时钟", "clock"),
        ({"clock_offset_ms": -6_000}, "时钟", "clock"),
        ({"clock_offset_ms": None}, "时钟", "clock"),
        ({"disk_free_mb": 100}, "磁盘", "disk"),
        ({"device_states": {"camera": "fault"}}, "设备故障", "device"),
        ({"device_states": {"scale": "offline"}}, "设备故障", "device"),
    ],
)
def test_trouble_that_a_terminal_tells_of_leads_to_that_terminal(
    cast, client, fields, part, trouble
):
    scene = Scene(cast)
    sound = {"clock_offset_ms": 10, "disk_free_mb": 50_000, "device_states": {"scale": "ok"}}
    Terminal.objects.filter(pk=scene.enrolled.pk).update(**sound)
    assert the(waiting(cast.county_clerk), part) is None
    Terminal.objects.filter(pk=scene.enrolled.pk).update(**fields)
    duty = the(waiting(cast.county_clerk), part)
    assert duty.count == 1
    client.force_login(cast.county_clerk)
    page = client.get(duty.url).content.decode()
    assert scene.enrolled.code in page
    others = {"clock", "disk", "device"} - {trouble}
    for other in others:
        page = client.get(f"/terminals/?trouble={other}").content.decode()
        assert scene.enrolled.code not in page.partition('id="list"')[2]


def test_a_terminal_that_waits_for_its_enrolment(cast):
    create_terminal(cast.county_clerk, cast.unit, "一号终端")
    mine = {name for name, is_mine in whose(cast, "待接入的终端").items() if is_mine}
    assert mine == {"county_head", "county_clerk", "city_clerk", "unit_manager"}


def test_certificates_are_for_the_unit_its_county_and_market_regulation(cast):
    today = localdate()
    for days, unit in (
        (-3, cast.unit),
        (10, cast.unit),
        (10, cast.neighbour_unit),
        (400, cast.unit),
    ):
        add_scale(cast.county_clerk, unit, certificate_expires_on=today + timedelta(days=days))
    market = hire(
        "market",
        Office.objects.create(
            kind=OfficeKind.DEPARTMENT,
            region=cast.unit.region,
            department=Department.MARKET,
            name="测试县市场监管局",
        ),
        Role.CLERK,
    )
    ended = the(waiting(cast.county_clerk), "检定证书已过期")
    assert (ended.count, ended.due, ended.is_late) == (1, today - timedelta(days=3), True)
    soon = the(waiting(cast.county_clerk), "检定证书即将到期")
    assert (soon.count, soon.due) == (1, today + timedelta(days=10))
    assert the(waiting(cast.city_clerk), "检定证书即将到期").count == 2
    assert the(waiting(market), "检定证书已过期").is_mine
    assert not the(waiting(cast.department_clerk), "检定证书已过期").is_mine
    assert the(waiting(cast.unit_manager), "检定证书已过期").is_mine


def test_units_that_look_like_one_are_the_countys_duty(cast):
    for _ in range(2):
        register_unit(
            cast.county_clerk,
            region=cast.unit.region,
            name="测试同名石料厂",
            kind="sand-stone",
            credit_code="91141024MA0H00001X",
        )
    assert set(whose(cast, "疑似重复")) == {"county_head", "county_clerk"}


def test_a_draft_goes_from_the_clerk_to_the_head(cast):
    draft = draft_from_ledger(cast.county_clerk, cast.unit.region)
    assert the(waiting(cast.county_clerk), "名单草稿").is_mine
    assert not the(waiting(cast.county_head), "名单草稿").is_mine
    for row in draft.units.all():
        row.mode, row.supervisor_name, row.duty_telephone = "patrol", "某人", "0357-0000000"
        row.supervisor_office, row.department = "测试县交通运输局", "transport"
        row.save()
    submit(cast.county_clerk, draft.pk, draft.version)
    assert the(waiting(cast.county_clerk), "名单草稿") is None
    assert whose(cast, "待审核发布") == {
        "county_head": True,
        "county_clerk": False,
        "county_inspector": False,
        "county_readonly": False,
    }


def test_counties_that_have_not_published_are_urged_by_the_city(cast, client):
    duty = the(waiting(cast.city_clerk), "尚未公示源头单位的县")
    assert duty.is_mine
    assert not the(waiting(cast.province_head), "尚未公示源头单位的县").is_mine
    assert the(waiting(cast.county_head), "本县尚未公示").is_mine
    client.force_login(cast.city_clerk)
    assert client.get(duty.url).status_code == 200


def test_who_waits_to_be_let_in_shows_up_with_the_head(cast, client):
    office = cast.county_head.office
    invite(cast.county_head, office, display_name="将来的人", role=Role.CLERK)
    duty = the(waiting(cast.county_head), "尚未接受的邀请")
    assert "将来的人" in str(duty.detail)
    assert the(waiting(cast.county_clerk), "尚未接受的邀请") is None
    for _ in range(settings.AXES_FAILURE_LIMIT):
        client.post("/account/login/", {"username": "county_clerk", "password": "wrong"})
    first = duties_of(fresh(cast.county_head))[0]
    assert "被锁定的账号" in str(first.title), "what cannot wait comes first"
    assert first.url == f"/people/{cast.county_clerk.pk}/"


def test_nobody_has_duties_of_other_counties_or_units(cast):
    fall_silent(cast)
    for person in (cast.neighbour_clerk, cast.other_gatekeeper):
        assert the(waiting(person), "失联的终端") is None, person
    assert duties_of(fresh(cast.outsider)) == []
    assert figures_of(fresh(cast.outsider)) == []


def test_who_only_reads_is_given_nothing_to_do(cast):
    fall_silent(cast)
    found = duties_of(fresh(cast.county_readonly))
    assert found
    assert not [duty for duty in found if duty.is_mine]


def test_a_truck_over_the_limit_is_followed_by_unit_county_and_enforcement(cast, client):
    terminal = Scene(cast).records
    seen = whose(cast, "今日超限")
    assert {name for name, is_mine in seen.items() if is_mine} == {
        "county_head",
        "county_clerk",
        "county_inspector",
        "department_clerk",
        "unit_manager",
        "gatekeeper",
    }
    assert {name for name, is_mine in seen.items() if not is_mine} == {
        "province_head",
        "city_clerk",
        "county_readonly",
    }
    duty = the(waiting(cast.county_clerk), "今日超限")
    client.force_login(cast.county_clerk)
    page = client.get(duty.url).content.decode()
    assert duty.count == 1
    assert f"/weighing/{terminal.code}/2/" in page
    assert f"/weighing/{terminal.code}/1/" not in page
    figures = {str(figure.label): figure.value for figure in figures_of(fresh(cast.county_clerk))}
    assert (figures["今日出场车辆"], figures["今日超限"]) == (3, 1)


def test_a_refused_upload_that_looks_like_tampering_cannot_wait(cast):
    terminal = Scene(cast).enrolled
    now = timezone.now()
    for number, (code, at) in enumerate(
        [
            ("conflict", now),
            ("conflict", now),
            ("not_canonical", now),
            ("broken_chain", now - timedelta(days=2)),
        ]
    ):
        with connection.cursor() as cursor:
            cursor.execute(_REFUSED, [terminal.pk, code, bytes([number]) * 32, at, at])
    found = waiting(cast.county_inspector)
    tampering = the(found, "疑似篡改")
    assert (tampering.count, tampering.urgency, tampering.is_mine) == (2, Urgency.NOW, True)
    assert tampering.url == f"/terminals/{terminal.code}/"
    assert the(found, "因格式被拒收").count == 1
    assert the(waiting(cast.neighbour_clerk), "拒收") is None


@pytest.mark.parametrize("name", [name for name in Cast.__dataclass_fields__ if "unit" not in name])
def test_every_link_of_the_home_page_opens(cast, client, name):
    fall_silent(cast)
    create_terminal(cast.county_clerk, cast.unit, "二号终端")
    add_scale(cast.county_clerk, cast.unit, certificate_expires_on=localdate())
    draft_from_ledger(cast.county_clerk, cast.unit.region)
    change_person(None, cast.county_clerk, phone="0357-0000000")
    person = cast.people()[name]
    client.force_login(person)
    assert client.get("/").status_code == 200
    for row in [*duties_of(fresh(person)), *figures_of(fresh(person))]:
        assert client.get(row.url).status_code == 200, row


def test_the_page_says_what_is_to_do_before_any_figure(cast, client):
    fall_silent(cast)
    client.force_login(cast.county_clerk)
    page = client.get("/").content.decode()
    assert page.index("今日待办") < page.index("失联的终端") < page.index("今日数据")


def test_where_nothing_waits_the_page_says_so(cast, client):
    client.force_login(cast.other_gatekeeper)
    assert "没有待办事项" in client.get("/").content.decode()


def test_the_most_urgent_and_the_earliest_come_first(cast):
    create_terminal(cast.county_clerk, cast.unit, "一号终端")
    for days in (20, -1):
        add_scale(
            cast.county_clerk, cast.unit, certificate_expires_on=localdate() + timedelta(days=days)
        )
    found = duties_of(fresh(cast.county_clerk))
    assert [duty.urgency for duty in found] == sorted(duty.urgency for duty in found)
    assert "检定证书已过期" in str(found[0].title)
