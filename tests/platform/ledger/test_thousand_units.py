"""1,000 units with 60 planted errors: exactly the good rows come in, each bad one is named."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from django.test import Client

from hengyuan.platform.ledger.importing import sessions
from hengyuan.platform.ledger.importing.columns import UNITS
from hengyuan.platform.ledger.importing.known import known_to
from hengyuan.platform.ledger.importing.plan import Plan
from hengyuan.platform.ledger.importing.planning import plan_import
from hengyuan.platform.ledger.importing.sheets import read
from hengyuan.platform.ledger.models import Gate, ImportSession, Lane, Scale, SourceUnit
from hengyuan.platform.ledger.services import register_unit
from hengyuan.platform.regions.models import Region
from tests.platform.ledger.books import book, opened, saved
from tests.platform.ledger.survey import ROWS, Survey, known_before, survey

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def sent() -> Survey:
    return survey()


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """The test's own transaction is seen by no thread; test_import_pages has one at work."""
    monkeypatch.setattr(sessions, "AT_ONCE_BYTES", 10**9)


@pytest.fixture
def ledger(cast, sent: Survey) -> int:
    """The ledger as it is before: the cast's units, and two that the survey names otherwise."""
    for row in known_before(sent):
        register_unit(
            None,
            name=row["name"],
            region=Region.objects.get(name=row["region"], level="county"),
            kind="coal",
            credit_code="91110000101623741K",
        )
    return SourceUnit.objects.count()


def plan_of(content: bytes, user) -> Plan:
    return plan_import(read(content), known_to(user))


def places(problems) -> set[tuple[str, int, str, str]]:
    return {(each.sheet, each.row, each.column, each.code) for each in problems}


def test_sixty_errors_are_planted(sent):
    assert sum(planted.is_error for planted in sent.planted) == 60
    assert len(sent.rows) == ROWS


def test_every_error_is_named_with_sheet_row_column_and_remedy(cast, ledger, sent):
    plan = plan_of(sent.content, cast.city_clerk)
    assert places(plan.errors) == sent.errors
    assert sent.warnings <= places(plan.warnings)
    for problem in plan.problems:
        assert any("\u4e00" <= letter <= "\u9fff" for letter in problem.problem), problem
        assert any("\u4e00" <= letter <= "\u9fff" for letter in problem.remedy), problem


def test_the_dry_run_writes_nothing(cast, ledger, sent):
    plan_of(sent.content, cast.city_clerk)
    assert SourceUnit.objects.count() == ledger
    assert not Gate.objects.exists()


def test_after_confirmation_exactly_the_good_rows_are_in_the_ledger(cast, ledger, sent, client):
    before = set(SourceUnit.objects.values_list("pk", flat=True))
    session = import_by(client, cast.city_clerk, sent.content)
    assert session.state == "done"
    made = SourceUnit.objects.exclude(pk__in=before)
    assert set(made.values_list("name", flat=True)) == sent.good_names
    assert made.count() == ROWS - len(sent.bad_rows)
    assert Gate.objects.count() == Lane.objects.count() == Scale.objects.count() == 100
    by_county = Counter(made.values_list("region__name", flat=True))
    assert len(by_county) == 18
    unit = made.order_by("pk").first()
    assert unit.history.get().history_user == cast.city_clerk
    assert unit.history.get().history_change_reason == "导入 摸底.xlsx"


def test_the_same_file_again_changes_nothing(cast, ledger, sent, client):
    import_by(client, cast.city_clerk, sent.content)
    count, histories = SourceUnit.objects.count(), SourceUnit.history.count()
    again = plan_of(sent.content, cast.city_clerk)
    counts = again.counts()
    assert (counts["new"], counts["changed"]) == (0, 0)
    assert counts["unchanged"] == ROWS - len(sent.bad_rows) + 200
    session = upload(client, sent.content)
    client.post(f"{session.get_absolute_url()}confirm/")
    assert (SourceUnit.objects.count(), SourceUnit.history.count()) == (count, histories)


def test_what_was_wrong_is_put_right_and_comes_in_by_itself(cast, ledger, sent, client):
    import_by(client, cast.city_clerk, sent.content)
    line = next(iter(p.row for p in sent.planted if p.code == "township_unknown"))
    made = opened(book([sent.rows[line - 2] | {"township": None}]))
    plan = plan_of(saved(made), cast.city_clerk)
    assert plan.counts() == Counter(new=1)
    assert plan.rows[0].sheet == UNITS.name


def upload(client: Client, content: bytes) -> ImportSession:
    """Through the page."""
    from io import BytesIO

    file = BytesIO(content)
    file.name = "摸底.xlsx"
    answer = client.post("/units/import/", {"workbook": file})
    assert answer.status_code == 302, answer.content.decode()
    return ImportSession.objects.get(pk=answer["Location"].split("/")[-2])


def import_by(client: Client, person, content: bytes) -> ImportSession:
    client.force_login(person)
    session = upload(client, content)
    page = client.get(session.get_absolute_url()).content.decode()
    assert json.dumps(session.state) == '"ready"', page
    assert "行有错误，不导入" in page
    client.post(f"{session.get_absolute_url()}confirm/")
    session.refresh_from_db()
    return session
