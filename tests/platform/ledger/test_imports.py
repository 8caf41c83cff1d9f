"""Upload, dry run, confirmation: each once, by the same person, and never of another ledger."""

from __future__ import annotations

import time
from datetime import timedelta
from io import BytesIO

import pytest
from django.test import Client
from django.utils import timezone

from hengyuan.platform.ledger import services
from hengyuan.platform.ledger.importing import sessions
from hengyuan.platform.ledger.importing.package import MAX_BYTES
from hengyuan.platform.ledger.models import ImportSession, SourceUnit
from tests.platform.ledger.books import book, opened, unit

pytestmark = pytest.mark.django_db
GOOD = "示例1号煤场"


@pytest.fixture
def clerk(client: Client, cast) -> Client:
    client.force_login(cast.county_clerk)
    return client


def send(client: Client, content: bytes, name: str = "摸底.xlsx"):
    file = BytesIO(content)
    file.name = name
    return client.post("/units/import/", {"workbook": file})


def uploaded(client: Client, *rows) -> ImportSession:
    answer = send(client, book(rows or (unit(1), unit(2, kind="赌场"))))
    return ImportSession.objects.get(pk=answer["Location"].split("/")[-2])


def confirm(client: Client, session: ImportSession):
    return client.post(f"{session.get_absolute_url()}confirm/", follow=True)


def test_the_dry_run_shows_everything_and_writes_nothing(clerk):
    session = uploaded(clerk)
    page = clerk.get(session.get_absolute_url()).content.decode()
    for words in ("G 类别", "赌场", "不是可选的内容", "导入 1 行", "1 行有错误，不导入"):
        assert words in page
    assert not SourceUnit.objects.filter(name=GOOD).exists()
    assert GOOD in clerk.get(f"{session.get_absolute_url()}?show=new").content.decode()


def test_after_confirmation_the_good_rows_are_there_and_the_file_is_forgotten(clerk):
    session = uploaded(clerk)
    assert "导入完成" in confirm(clerk, session).content.decode()
    assert SourceUnit.objects.filter(name=GOOD).exists()
    session.refresh_from_db()
    assert (session.state, session.content) == ("done", None)


def test_a_second_confirmation_does_nothing(clerk):
    session = uploaded(clerk)
    confirm(clerk, session)
    count = SourceUnit.history.count()
    assert "无法操作" in confirm(clerk, session).content.decode()
    assert SourceUnit.history.count() == count


def test_a_ledger_that_has_changed_meanwhile_is_shown_again_before_it_is_written(clerk, cast):
    session = uploaded(clerk, unit(1), unit(2, name=cast.unit.name, address="新址"))
    services.change_unit(None, cast.unit, address="别人改的")
    page = confirm(clerk, session).content.decode()
    assert "核对以后台账有了变化" in page
    assert not SourceUnit.objects.filter(name=GOOD).exists()
    shown = clerk.get(f"{session.get_absolute_url()}?show=changed").content.decode()
    assert "别人改的" in shown
    confirm(clerk, session)
    cast.unit.refresh_from_db()
    assert cast.unit.address == "新址"


@pytest.mark.parametrize("name", ["county_head", "city_clerk", "neighbour_clerk"])
def test_nobody_else_sees_or_confirms_an_upload(clerk, cast, name):
    session = uploaded(clerk)
    other = Client()
    other.force_login(cast.people()[name])
    assert other.get(session.get_absolute_url()).status_code == 404
    for step in ("confirm", "cancel", "check"):
        assert other.post(f"{session.get_absolute_url()}{step}/").status_code == 404
    session.refresh_from_db()
    assert session.state == "ready"


def test_an_import_that_is_done_is_read_by_the_offices_above(clerk, cast):
    session = uploaded(clerk)
    confirm(clerk, session)
    above, beside = Client(), Client()
    above.force_login(cast.city_clerk)
    beside.force_login(cast.neighbour_clerk)
    assert above.get(session.get_absolute_url()).status_code == 200
    assert beside.get(session.get_absolute_url()).status_code == 404


def test_the_time_for_confirming_runs_out_and_the_file_is_forgotten(clerk):
    session = uploaded(clerk)
    past = timezone.now() - timedelta(seconds=1)
    ImportSession.objects.filter(pk=session.pk).update(expires_at=past)
    assert "已超时" in confirm(clerk, session).content.decode()
    assert not SourceUnit.objects.filter(name=GOOD).exists()
    sessions.tidy()
    session.refresh_from_db()
    assert (session.state, session.content, session.report) == ("expired", None, {})


def test_a_cancelled_import_is_forgotten(clerk):
    session = uploaded(clerk)
    clerk.post(f"{session.get_absolute_url()}cancel/")
    session.refresh_from_db()
    assert (session.state, session.content) == ("cancelled", None)
    assert "无法操作" in confirm(clerk, session).content.decode()


def test_a_file_that_is_none_is_refused_with_its_reason(clerk):
    answer = send(clerk, b"%PDF-1.7", "台账.xlsx")
    page = clerk.get(answer["Location"]).content.decode()
    assert "PDF" in page
    assert "整个文件无法导入" in page
    assert ImportSession.objects.get().state == "refused"


def test_a_file_that_is_too_large_is_told_at_the_field(clerk):
    answer = send(clerk, b"PK\x03\x04" + bytes(MAX_BYTES))
    assert answer.status_code == 422
    assert "文件超过 10 MB" in answer.content.decode()
    assert not ImportSession.objects.exists()


def test_who_may_no_longer_import_writes_nothing(clerk, cast):
    session = uploaded(clerk)
    cast.county_clerk.role = "readonly"
    cast.county_clerk.save()
    sessions.confirm(cast.county_clerk, session)
    session.refresh_from_db()
    assert session.state == "failed"
    assert not SourceUnit.objects.filter(name=GOOD).exists()


def test_an_import_whose_process_has_died_is_checked_again(clerk):
    session = uploaded(clerk)
    long_ago = timezone.now() - timedelta(minutes=5)
    ImportSession.objects.filter(pk=session.pk).update(state="applying", alive_at=long_ago)
    assert "可能是平台重新启动" in clerk.get(session.get_absolute_url()).content.decode()
    clerk.post(f"{session.get_absolute_url()}check/")
    session.refresh_from_db()
    assert session.state == "ready"


def test_one_that_is_at_work_is_not_taken_away(clerk):
    session = uploaded(clerk)
    ImportSession.objects.filter(pk=session.pk).update(state="applying")
    clerk.post(f"{session.get_absolute_url()}check/")
    session.refresh_from_db()
    assert session.state == "applying"


def test_all_that_is_wrong_comes_as_a_workbook_without_formulas(clerk):
    session = uploaded(clerk, unit(1, annual_throughput_t="=1+1"))
    answer = clerk.get(f"{session.get_absolute_url()}problems/")
    cells = [cell for row in opened(answer.content).active.iter_rows() for cell in row]
    assert "单元格是公式，结果无法确定。" in {cell.value for cell in cells}
    assert not [cell for cell in cells if cell.data_type == "f"]


@pytest.mark.django_db(transaction=True)
def test_a_large_file_is_worked_on_beside_the_page_and_tells_how_far_it_is(clerk, monkeypatch):
    monkeypatch.setattr(sessions, "AT_ONCE_BYTES", 0)
    session = uploaded(clerk)
    assert until_it_rests(session) == "ready"
    done = clerk.get(f"{session.get_absolute_url()}progress/")
    assert done.headers["HX-Refresh"] == "true"
    confirm(clerk, session)
    assert until_it_rests(session) == "done"
    assert SourceUnit.objects.filter(name=GOOD).exists()


def until_it_rests(session: ImportSession) -> str:
    for _ in range(600):
        session.refresh_from_db()
        if not session.is_at_work:
            return session.state
        time.sleep(0.1)
    raise AssertionError(session.state)
