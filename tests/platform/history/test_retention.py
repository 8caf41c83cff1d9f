"""Months are thrown away when their time is over, and never while they hold evidence."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from typer.testing import CliRunner

from hengyuan.cli.platform import app
from hengyuan.platform.history import partitions, retention, sealing, services, tasks
from hengyuan.platform.history.models import EvidenceHold, MonthSeal, SealState
from hengyuan.platform.history.retention import last_month_to_go
from hengyuan.platform.terminals.models import Terminal
from hengyuan.platform.weighing.models import Weighing
from tests.platform.history.conftest import FEBRUARY, JANUARY
from tests.platform.history.test_archiving import OF_A_MONTH, archive


@pytest.mark.parametrize(
    ("today", "keep", "last"),
    [
        (date(2026, 3, 1), 1, date(2026, 1, 1)),
        (date(2026, 2, 28), 1, date(2025, 12, 1)),
        (date(2026, 1, 31), 12, date(2024, 12, 1)),
        (date(2027, 1, 1), 12, date(2025, 12, 1)),
        (date(2026, 3, 1), None, None),
        (date(2026, 3, 1), 0, None),
    ],
)
def test_a_month_is_kept_for_so_many_whole_months_behind_its_end(today, keep, last):
    assert last_month_to_go(today, keep) == last


def hold_on(terminal, by, **fields):
    found = Terminal.objects.select_related("unit").get(code=terminal.code)
    hold = EvidenceHold(
        terminal=found, region=found.unit.region, case="案一", reason="立案调查", **fields
    )
    return services.set_hold(by, hold)


def test_what_is_evidence_stays_until_its_hold_is_lifted(terminals, cast, settings):
    archive()
    sealing.seal(FEBRUARY)
    settings.HISTORY_KEEP_MONTHS = 1
    hold = hold_on(terminals[0], cast.county_clerk, first_seq=3, last_seq=3)
    assert [(str(one.seal), one.holds) for one in retention.endings()] == [
        ("2026-01", (hold,)),
        ("2026-02", ()),
    ]
    file = sealing.path_of(MonthSeal.objects.get(month=JANUARY))
    with pytest.raises(retention.Held, match="案一"):
        retention.throw_away(MonthSeal.objects.get(month=JANUARY))
    assert services.do_what_is_due() == []
    assert Weighing.objects.count() == 2 * OF_A_MONTH, "February went, January is held"
    assert file.exists()
    services.lift_hold(cast.county_clerk, hold, "已结案")
    assert services.do_what_is_due() == []
    assert Weighing.objects.count() == OF_A_MONTH
    assert not list(file.parent.glob("*.parquet"))
    january = MonthSeal.objects.get(month=JANUARY)
    assert january.state == SealState.EXPIRED and january.digest and january.records == OF_A_MONTH
    assert [entry.history_type for entry in hold.history.all()] == ["~", "+"]


@pytest.mark.slow
def test_without_a_setting_everything_is_kept(terminals, settings):
    archive()
    settings.HISTORY_KEEP_MONTHS = None
    assert retention.endings() == [] and services.do_what_is_due() == []
    assert Weighing.objects.count() == 3 * OF_A_MONTH


@pytest.mark.slow
def test_a_month_that_was_never_sealed_is_not_thrown_away(terminals, settings):
    settings.HISTORY_KEEP_MONTHS = 1
    assert retention.endings() == []


@pytest.mark.slow
def test_a_hold_covers_what_it_names_and_nothing_else(terminals, cast):
    def covered(**fields):
        return retention.records_of(hold_on(terminals[0], cast.county_clerk, **fields)).count()

    assert covered() == 18
    assert covered(first_seq=17) == 2
    assert covered(from_day=date(2026, 1, 5), to_day=date(2026, 1, 9)) == 2
    region = EvidenceHold(region=cast.unit.region, case="案二", reason="专项检查")
    assert retention.records_of(services.set_hold(None, region)).count() == 36
    with pytest.raises(ValidationError, match="没有符合条件的记录"):
        hold_on(terminals[0], cast.county_clerk, first_seq=400)
    with pytest.raises(ValidationError):
        hold_on(terminals[0], cast.county_clerk, first_seq=5, last_seq=4)


def test_a_hold_is_set_and_lifted_on_its_pages(terminals, cast):
    archive()
    clerk = Client()
    clerk.force_login(cast.county_clerk)
    data = {"case": "晋1号", "reason": "立案", "terminal": terminals[0].code, "first_seq": 2}
    made = clerk.post(reverse("history:new_hold"), data)
    assert made.status_code == 302, made.context["form"].errors
    hold = EvidenceHold.objects.get()
    assert hold.set_by == cast.county_clerk and hold.region_id == "141024"
    page = clerk.get(hold.get_absolute_url())
    assert page.context["records"] == 17
    elsewhere = data | {"terminal": terminals[2].code}
    refused = clerk.post(reverse("history:new_hold"), elsewhere)
    assert refused.status_code == 422 and refused.context["form"].errors["terminal"]
    assert clerk.post(hold.get_absolute_url(), {"lift_reason": ""}).status_code == 422
    clerk.post(hold.get_absolute_url(), {"lift_reason": "结案"})
    hold.refresh_from_db()
    assert not hold.is_in_force and hold.lifted_by == cast.county_clerk
    assert clerk.post(hold.get_absolute_url(), {"lift_reason": "再次"}).status_code == 404


def test_the_keeper_makes_the_coming_months_and_closes_those_that_are_due(terminals, settings):
    coming = partitions.partitions()[0]
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {coming.table}")
    assert partitions.missing_months() == [coming.month]
    settings.HISTORY_SEAL_DAYS = 5
    settings.HISTORY_ARCHIVE_MONTHS = 1
    assert asyncio.run(asyncio.to_thread(tasks._look)) is True
    assert partitions.missing_months() == []
    assert services.do_what_is_due() == []
    assert {seal.state for seal in MonthSeal.objects.all()} == {SealState.SEALED}
    assert services.do_what_is_due() == []
    assert {seal.state for seal in MonthSeal.objects.all()} == {SealState.ARCHIVED}
    assert not services.anything_due()
    assert Weighing.objects.count() == 3 * OF_A_MONTH


@pytest.mark.slow
def test_a_head_asks_for_a_month_to_be_sealed_and_the_keeper_does_it(terminals, cast):
    head = Client()
    head.force_login(cast.province_head)
    head.post(reverse("history:seal", args=["2026-01"]))
    assert [(what, f"{month:%Y-%m}") for what, month in services.months_due()] == [
        ("seal", "2026-01")
    ]
    services.do_what_is_due()
    page = head.get(reverse("history:months"))
    rows = {row.key: row for row in page.context["overview"].months}
    assert rows["2026-01"].state == "sealed" and rows["2026-01"].seal.by == cast.province_head
    assert rows["2026-02"].state == "open" and rows["2026-02"].can_be_sealed
    assert head.post(reverse("history:seal", args=["2019-13"])).status_code == 404


def run(*args, code=0):
    done = CliRunner().invoke(app, [*args])
    assert done.exit_code == code, done.output
    return done.output


@pytest.mark.slow
def test_the_commands_say_what_they_did_and_why_they_did_not(terminals, settings):
    assert "已封存 2026-01" in run("seal", "2026-01")
    assert "没有封存" not in run("archive", "2026-01")
    assert "分区已移除" in run("archive", "2026-01", "--drop")
    assert "完好" in run("verify-month", "2026-01")
    assert "已归档" in run("months")
    assert "不是月份" in run("seal", "2026-1-1", code=1)
    assert "还没有封存" in run("archive", "2026-02", code=1)
    assert "没有 2019-01" in run("seal", "2019-01", code=1)
    assert "全部保留" in run("retention")
    settings.HISTORY_KEEP_MONTHS = 1
    made = run("hold", "set", "--terminal", terminals[0].code, "--case", "案", "--reason", "查")
    assert "现有 18 条记录" in made
    assert "2026-01 保留" in run("retention", "--apply")
    number = str(EvidenceHold.objects.get().pk)
    run("hold", "lift", number, "--reason", "结案")
    assert "已删除 18 条记录" in run("retention", "--apply")
    path = sealing.path_of(MonthSeal.objects.get())
    assert not path.exists()
    assert "没有归档文件" in run("verify-month", "2026-01", code=1)
