"""Every write is readable: of one object, and of one person over all objects."""

import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from hengyuan.platform import audit
from hengyuan.platform.accounts import services, writes
from hengyuan.platform.accounts.models import Invitation, Office, Role, User
from hengyuan.platform.ledger.services import add_gate, change_unit, register_unit
from hengyuan.platform.publication.services import draft_from_ledger

pytestmark = pytest.mark.django_db


# one object


def test_the_trail_says_who_when_why_and_from_what_to_what(cast):
    office = cast.department_clerk.office
    services.change_office(cast.county_head, office, duty_phone="0357-0000000")
    services.change_office(cast.county_head, office, duty_phone="", address="某街1号")
    services.close_office(cast.county_head, office, "机构改革")
    closed, changed, first = audit.trail(Office.objects.get(pk=office.pk))[:3]
    assert (closed.by, closed.reason, closed.action) == ("County Head", "机构改革", "修改")
    assert [(c.label, c.old, c.new) for c in closed.changes] == [("启用", "是", "否")]
    assert {(c.label, c.old, c.new) for c in changed.changes} == {
        ("值班电话", "0357-0000000", "—"),
        ("地址", "—", "某街1号"),
    }
    assert [(c.old, c.new) for c in first.changes] == [("—", "0357-0000000")]
    assert closed.at <= timezone.now()


def test_relations_and_choices_are_told_in_words(cast, hire):
    second = hire("second_head", cast.county_head.office, Role.HEAD)
    services.change_person(cast.county_head, cast.county_clerk, role=Role.INSPECTOR, reason="x")
    services.leave(cast.county_head, cast.county_clerk, "调离", second)
    left, changed = audit.trail(User.objects.get(pk=cast.county_clerk.pk))[:2]
    assert ("角色", "业务员", "检查员") in [(c.label, c.old, c.new) for c in changed.changes]
    assert ("接替人", "—", "Second Head") in [(c.label, c.old, c.new) for c in left.changes]


def test_a_login_is_no_write(client, cast):
    before = cast.county_clerk.history.count()
    client.post("/account/login/", {"username": "county_clerk", "password": cast.PASSWORD})
    assert cast.county_clerk.history.count() == before


def test_the_number_of_queries_does_not_grow_with_the_trail(cast):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            audit.trail(cast.unit, *cast.unit.gates.all())
        return len(captured)

    def write() -> None:
        gate = add_gate(cast.county_clerk, cast.unit, name="南门")
        change_unit(cast.county_clerk, cast.unit, address=gate.name + str(gate.number))
        township = cast.unit.region.children.first()
        change_unit(cast.county_clerk, cast.unit, township=township)

    write()
    few = queries()
    for _ in range(5):
        write()
    assert queries() == few


def test_an_objects_page_tells_its_whole_history(cast, login):
    change_unit(cast.county_clerk, cast.unit, address="某村")
    page = login(cast.county_readonly).get(f"/audit/ledger.sourceunit/{cast.unit.pk}/")
    text = page.content.decode()
    assert "某村" in text
    assert "County Clerk" in text


def test_what_is_part_of_a_thing_is_seen_with_it(cast, login):
    gate = add_gate(cast.county_clerk, cast.unit, name="南门")
    address = f"/audit/ledger.gate/{gate.pk}/"
    assert login(cast.county_clerk).get(address).status_code == 200
    assert login(cast.neighbour_clerk).get(address).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/audit/ledger.nothing/1/",
        "/audit/auth.group/1/",
        "/audit/ledger.sourceunit/x/",
        "/audit/ledger.sourceunit/999999999999999999999999/",
        "/audit/accounts.accessentry/1/",
    ],
)
def test_an_address_that_names_nothing_is_not_found(cast, login, address):
    assert login(cast.county_head).get(address).status_code == 404


def test_of_every_model_with_a_history_it_is_said_who_reads_it(cast):
    """A model that says nothing is read by nobody; that is meant for these alone."""
    closed = {
        label
        for label, model in audit.models_with_history().items()
        if not any(hasattr(model._default_manager, name) for name in ("audited_by", "visible_to"))
        and not getattr(model, "audited_with", "")
    }
    assert closed <= READ_BY_NOBODY


READ_BY_NOBODY = {
    # what a list's own page of history tells, with what the reader may know of objectors
    "publication.objection",
    "publication.publishedunit",
    "publication.leftout",
    "publication.publicationrules",
    # maps and templates have pages of their own that tell it
    "regions.boundarymap",
    "documents.documenttemplate",
}


# one person


def texts(entries) -> list[str]:
    return [entry.subject for entry in entries]


def test_a_persons_page_tells_what_they_wrote_to_all_kinds_of_things(cast, login):
    clerk = cast.county_clerk
    add_gate(clerk, cast.unit, name="南门")
    services.change_office(clerk, cast.department_clerk.office, address="某街")
    draft_from_ledger(clerk, cast.unit.region)
    register_unit(cast.neighbour_clerk, region=cast.neighbour_unit.region, name="别家", kind="coal")
    page = login(cast.county_head).get(f"/people/{clerk.pk}/writes/")
    kinds = {entry.model for entry, _url in page.context["rows"]}
    assert {"ledger.gate", "ledger.sourceunit", "accounts.office"} <= kinds
    assert "publication.publicationlist" in kinds
    assert "别家" not in page.content.decode()


def test_it_is_narrowed_down_by_kind_and_day(cast, login):
    clerk = cast.county_clerk
    add_gate(clerk, cast.unit, name="南门")
    browser = login(clerk)
    address = f"/people/{clerk.pk}/writes/"
    today = timezone.localdate()
    tomorrow = today + timezone.timedelta(days=1)

    def kinds(query: str) -> set[str]:
        return {entry.model for entry, _url in browser.get(address + query).context["rows"]}

    assert kinds("?kind=ledger.gate") == {"ledger.gate"}
    assert kinds(f"?from_day={today}&to_day={today}") == {"ledger.gate", "ledger.sourceunit"}
    assert kinds(f"?from_day={tomorrow}") == set()
    page = browser.get(f"{address}?from_day=nonsense")
    assert page.status_code == 200
    assert page.context["form"].errors


def test_pages_follow_each_other_without_gap_or_repetition(cast):
    clerk = cast.county_clerk
    for number in range(70):
        change_unit(clerk, cast.unit, address=f"{number}号")
    # and many that were written in one moment
    history = cast.unit.history.model
    moment = timezone.now()
    history.objects.filter(history_user=clerk)[:1].get()
    ids = list(history.objects.filter(history_user=clerk).values_list("pk", flat=True)[:60])
    history.objects.filter(pk__in=ids).update(history_date=moment)
    seen, after = [], None
    for _ in range(5):
        portion = writes.page(clerk, writes.Wanted(), after)
        seen += [(entry.at, entry.subject, entry.changes) for entry in portion.entries]
        after = portion.next and writes.Cursor.parse(str(portion.next))
        if after is None:
            break
    total = sum(
        audit.history_of(model).filter(history_user=clerk).count()
        for model in audit.models_with_history().values()
    )
    assert len(seen) == total
    assert seen == sorted(seen, key=lambda row: row[0], reverse=True)


@pytest.mark.parametrize("text", ["", "x", "1|2|3", "2026-01-01T00:00:00|a|1", "|||", "9" * 50])
def test_an_address_that_was_tampered_with_begins_at_the_newest(text):
    assert writes.Cursor.parse(text) is None


def test_only_what_the_reader_may_open_is_a_link(cast, login, department_head):
    clerk = cast.county_clerk
    services.change_office(clerk, cast.department_clerk.office, address="某街")
    page = login(clerk).get(f"/people/{clerk.pk}/writes/")
    urls = {entry.model: url for entry, url in page.context["rows"]}
    assert urls["ledger.sourceunit"]
    assert urls["accounts.office"] == "", "the history of an office names people: heads read it"
    page = login(cast.county_head).get(f"/people/{clerk.pk}/writes/")
    assert all(url for entry, url in page.context["rows"] if entry.model == "accounts.office")


def test_what_was_removed_is_told_as_it_was_called(cast, login):
    clerk = cast.county_clerk
    gate = add_gate(clerk, cast.unit, name="将被删除的门")
    gate._history_user = clerk
    gate.delete()
    page = login(clerk).get(f"/people/{clerk.pk}/writes/?kind=ledger.gate")
    rows = [(entry.action, url) for entry, url in page.context["rows"]]
    assert rows == [("删除", ""), ("新增", "")]
    assert "将被删除的门" in page.content.decode()


def test_the_file_has_every_write_and_is_noted(cast, login):
    clerk = cast.county_clerk
    for number in range(60):
        change_unit(clerk, cast.unit, address=f"{number}号")
    answer = login(cast.county_head).post(
        f"/people/{clerk.pk}/writes/excel/?kind=ledger.sourceunit"
    )
    rows = list(load_workbook(io.BytesIO(answer.content)).active.iter_rows(min_row=4))
    assert len(rows) == 60 + 2  # and the two units that the clerk entered
    assert "59号" in rows[0][4].value
    assert clerk.entries_about.get().kind == "export"


def test_an_invitations_history_holds_no_secret(cast):
    _invitation, token = services.invite(
        cast.county_head, cast.county_head.office, display_name="某人", role=Role.CLERK
    )
    fields = {field.name for field in Invitation.history.model._meta.fields}
    assert "token_hash" not in fields
    assert token
