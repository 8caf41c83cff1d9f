"""Every step that a list may take, and that it takes no other."""

from datetime import date, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from hengyuan.platform.documents import queries as documents
from hengyuan.platform.documents import services as document_services
from hengyuan.platform.ledger.services import change_unit
from hengyuan.platform.publication import lifecycle, services
from hengyuan.platform.publication.models import (
    Attachment,
    DayCounting,
    ListState,
    PublicationList,
)
from hengyuan.platform.publication.rules import Rules
from hengyuan.platform.publication.transitions import TRANSITIONS
from hengyuan.platform.regions.models import Region
from tests.platform.documents.files import all_text
from tests.platform.publication.county import NUMBER, TODAY, fresh

pytestmark = pytest.mark.django_db

LATER = f"{TODAY + timedelta(days=8)} 10:00+08:00"


def publishing(serial=1, on=TODAY, until=None) -> services.Publishing:
    return services.Publishing(NUMBER.format(serial), on, until or on + timedelta(days=7))


STEPS = {
    "submit": lambda county, found: services.submit(county.clerk, found.pk, found.version),
    "recall": lambda county, found: services.recall(county.clerk, found.pk, found.version, "补"),
    "send_back": lambda county, found: services.send_back(
        county.head, found.pk, found.version, "缺一家"
    ),
    "publish": lambda county, found: services.publish(
        county.head, found.pk, found.version, publishing(9)
    ),
    "finalise": lambda county, found: services.finalise(county.head, found.pk, found.version),
    "report": lambda county, found: services.report(county.clerk, found.pk, found.version),
    "discard": lambda county, found: services.discard(
        county.clerk, found.pk, found.version, "重来"
    ),
    "withdraw": lambda county, found: services.withdraw(
        county.head, found.pk, found.version, "有误"
    ),
}
ALLOWED = {
    (ListState.DRAFT, "submit"): ListState.IN_REVIEW,
    (ListState.DRAFT, "discard"): ListState.WITHDRAWN,
    (ListState.IN_REVIEW, "recall"): ListState.DRAFT,
    (ListState.IN_REVIEW, "send_back"): ListState.DRAFT,
    (ListState.IN_REVIEW, "publish"): ListState.PUBLISHED,
    (ListState.IN_REVIEW, "discard"): ListState.WITHDRAWN,
    (ListState.PUBLISHED, "finalise"): ListState.FINAL,
    (ListState.PUBLISHED, "report"): ListState.PUBLISHED,
    (ListState.PUBLISHED, "withdraw"): ListState.WITHDRAWN,
    (ListState.FINAL, "report"): ListState.FINAL,
    (ListState.FINAL, "withdraw"): ListState.WITHDRAWN,
}


@pytest.mark.parametrize("state", ListState)
@pytest.mark.parametrize("step", STEPS)
def test_each_step_from_each_state(county, state, step):
    found = fresh(county.in_state(state))
    before = (found.state, found.version, found.history.count())
    with time_machine.travel(LATER, tick=False):
        if (state, step) in ALLOWED:
            STEPS[step](county, found)
            after = fresh(found)
            assert after.state == ALLOWED[state, step]
            last = after.history.latest("history_id")
            assert last.history_user in {county.clerk, county.head}
            assert last.history_change_reason
        else:
            with pytest.raises(services.WrongState):
                STEPS[step](county, found)
            after = fresh(found)
            assert (after.state, after.version, after.history.count()) == before


def test_the_table_of_steps_is_the_one_that_is_tested():
    listed = {
        (state, step.name): step.target or state
        for step in TRANSITIONS.values()
        if step.name != "supersede"
        for state in step.sources
    }
    assert listed == ALLOWED


@pytest.mark.parametrize("state", [state for state in ListState if state != ListState.DRAFT])
def test_nothing_but_a_draft_can_be_edited(county, state):
    found = county.in_state(state)
    row = found.units.first()
    edits = [
        lambda: services.set_unit(county.clerk, row.pk, row.version, {"mode": "patrol"}),
        lambda: services.set_units(
            county.clerk, found.pk, {row.pk: row.version}, {"mode": "patrol"}
        ),
        lambda: services.leave_out(county.clerk, row.pk, row.version, "停产"),
        lambda: services.put_on(county.clerk, found.pk, row.unit),
        lambda: services.give_reason(county.clerk, found.pk, row.unit, "停产"),
        lambda: services.refresh(county.clerk, found.pk),
        lambda: services.retitle(county.clerk, found.pk, fresh(found).version, "别的标题"),
    ]
    for edit in edits:
        with pytest.raises(services.WrongState):
            edit()


@pytest.mark.parametrize("step", ["recall", "send_back", "discard", "withdraw"])
def test_what_goes_back_needs_a_reason(county, step):
    found = county.published() if step == "withdraw" else county.submitted()
    by = {"recall": county.clerk, "discard": county.clerk}.get(step, county.head)
    with pytest.raises(ValidationError):
        getattr(services, step)(by, found.pk, found.version, "   ")
    assert fresh(found).state == found.state


def test_an_incomplete_draft_is_not_submitted_and_says_why(county):
    drafted = county.draft()
    with pytest.raises(services.Incomplete) as refused:
        services.submit(county.clerk, drafted.pk, drafted.version)
    assert len(refused.value.problems) == 3
    assert fresh(drafted).state == ListState.DRAFT


def test_submitting_takes_the_ledger_over_and_fixes_it(county):
    drafted = county.complete()
    change_unit(county.clerk, county.cast.unit, name="改名煤矿")
    found = services.submit(county.clerk, drafted.pk, drafted.version)
    assert found.units.filter(name="改名煤矿").exists()
    change_unit(county.clerk, county.cast.unit, name="又改名煤矿", address="别处")
    county.published(fresh(found))
    assert found.units.filter(name="改名煤矿", address="某村").exists()


def test_whoever_drafted_or_submitted_does_not_publish(county):
    found = county.submitted()
    with pytest.raises(services.SecondPersonNeeded):
        services.publish(county.clerk, found.pk, found.version, publishing())
    sent_back = services.send_back(county.head, found.pk, found.version, "补")
    again = services.submit(county.head, sent_back.pk, sent_back.version)
    with pytest.raises(services.SecondPersonNeeded):
        services.publish(county.head, again.pk, again.version, publishing())
    assert fresh(found).state == ListState.IN_REVIEW


def test_unless_the_city_allows_one_person(county):
    city = Region.objects.get(pk="141000")
    services.set_rules(county.cast.city_clerk, city, own_review=True)
    found = county.submitted()
    published = services.publish(county.clerk, found.pk, found.version, publishing())
    assert published.state == ListState.PUBLISHED


def test_publishing_issues_word_and_pdf_that_name_the_units(county):
    found = county.published()
    issued = [attachment.document for attachment in found.attachments.select_related("document")]
    assert {document.form for document in issued} == {"pdf", "docx"}
    said = {document.form: documents.stored_bytes(document) for document in issued}
    assert said["pdf"].startswith(b"%PDF")
    text = all_text(said["docx"])
    for words in (
        "测试大矿",
        "洪政公告〔2026〕1号",
        "洪洞县人民政府",
        "2026年5月15日",
        "单位3家",
    ):
        assert words in text
    assert "测试在建厂" not in text


def test_the_pdf_names_the_units_too(county):
    from io import BytesIO

    from pypdf import PdfReader

    found = county.published()
    document = found.attachments.get(document__form="pdf").document
    pages = PdfReader(BytesIO(documents.stored_bytes(document))).pages
    said = "".join("".join(page.extract_text().split()) for page in pages)
    for words in ("测试甲煤矿", "测试乙煤矿", "测试大矿", "王示例", "0357-0000000", "巡查"):
        assert words in said


def test_when_the_document_cannot_be_made_nothing_is_published(county, monkeypatch):
    def no_font(*_args):
        raise document_services.NoChineseFont("no font")

    monkeypatch.setattr(document_services, "render_pdf", no_font)
    found = county.submitted()
    with pytest.raises(services.NoChineseFont):
        services.publish(county.head, found.pk, found.version, publishing())
    after = fresh(found)
    assert (after.state, after.document_no, after.version) == (
        ListState.IN_REVIEW,
        "",
        found.version,
    )
    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    ("number", "fits"),
    [
        ("洪政公告〔2026〕3号", True),
        ("洪政公告[2026]3号", True),
        (" 洪政公告 (2026) 3 号 ", True),
        ("洪政公告【2026】12号", True),
        ("洪政公告〔2025〕3号", False),
        ("洪政公告〔2026〕03号", False),
        ("洪政公告〔2026〕第3号", False),
        ("洪政公告〔2026〕号", False),
        ("洪政公告2026年3号", False),
        ("〔2026〕3号", False),
        ("ABC〔2026〕3号", False),
        ("洪政公告〔2026〕0号", False),
        ("洪政公告〔2026〕1234567号", False),
        ("", False),
    ],
)
def test_document_numbers(county, number, fits):
    found = county.submitted()
    how = services.Publishing(number, TODAY, TODAY + timedelta(days=7))
    if fits:
        published = services.publish(county.head, found.pk, found.version, how)
        assert published.document_no.startswith("洪政公告〔2026〕")
    else:
        with pytest.raises(ValidationError) as refused:
            services.publish(county.head, found.pk, found.version, how)
        assert "document_no" in refused.value.message_dict


def test_a_number_is_given_once(county):
    county.final()
    found = county.submitted(county.complete())
    with pytest.raises(ValidationError) as refused:
        services.publish(county.head, found.pk, found.version, publishing(1))
    assert "document_no" in refused.value.message_dict


@pytest.mark.parametrize(
    ("on", "until", "field"),
    [
        (TODAY + timedelta(days=1), TODAY + timedelta(days=30), "published_on"),
        (TODAY, TODAY + timedelta(days=6), "objection_until"),
        (TODAY, TODAY, "objection_until"),
        (TODAY, TODAY - timedelta(days=1), "objection_until"),
    ],
)
def test_dates_that_do_not_fit_are_refused(county, on, until, field):
    found = county.submitted()
    with pytest.raises(ValidationError) as refused:
        services.publish(county.head, found.pk, found.version, publishing(1, on, until))
    assert set(refused.value.message_dict) == {field}


def test_the_city_sets_the_shortest_period(county):
    city = Region.objects.get(pk="141000")
    services.set_rules(county.cast.city_clerk, city, objection_days=10)
    found = county.submitted()
    with pytest.raises(ValidationError):
        services.publish(county.head, found.pk, found.version, publishing())
    long_enough = publishing(until=TODAY + timedelta(days=10))
    services.publish(county.head, found.pk, found.version, long_enough)


@pytest.mark.parametrize(
    ("rules", "end"),
    [
        # 8 May 2026 is a Friday
        (Rules(objection_days=7), date(2026, 5, 15)),
        (Rules(objection_days=5, counting=DayCounting.WEEKDAYS), date(2026, 5, 15)),
        (Rules(objection_days=1, counting=DayCounting.WEEKDAYS), date(2026, 5, 11)),
        (Rules(objection_days=6, counting=DayCounting.WEEKDAYS), date(2026, 5, 18)),
    ],
)
def test_how_days_are_counted(rules, end):
    assert rules.earliest_end(TODAY) == end


def test_the_period_ends_with_its_last_day(county):
    found = county.published()
    for day, ready in ((7, False), (8, True)):
        with time_machine.travel(f"{TODAY + timedelta(days=day)} 23:59+08:00", tick=False):
            if ready:
                services.finalise(county.head, found.pk, found.version)
            else:
                with pytest.raises(services.NotYet):
                    services.finalise(county.head, found.pk, found.version)
    assert fresh(found).final_on == TODAY + timedelta(days=8)


def test_an_open_objection_keeps_a_list_from_being_final(county):
    found = county.published()
    objection = county.objection(found, "测试大矿")
    with time_machine.travel(LATER, tick=False):
        with pytest.raises(services.NotYet):
            services.finalise(county.head, found.pk, fresh(found).version)
        services.answer_objection(
            county.head, objection.pk, objection.version, upheld=False, answer="经查在产"
        )
        services.finalise(county.head, found.pk, fresh(found).version)
    assert fresh(found).state == ListState.FINAL


def test_the_final_document_leaves_out_what_was_taken_off_and_the_published_one_does_not(county):
    found = county.published()
    objection = county.objection(found, "测试大矿")
    services.answer_objection(
        county.head, objection.pk, objection.version, upheld=True, answer="属实", strike=True
    )
    county.final(fresh(found))
    said = {
        attachment.stage: all_text(documents.stored_bytes(attachment.document))
        for attachment in found.attachments.filter(document__form="docx")
    }
    assert "测试大矿" in said["published"]
    assert "测试大矿" not in said["final"]
    assert "异议1件" in said["final"]
    assert "采纳1件" in said["final"]
    assert "源头单位2家" in said["final"]


def test_a_new_final_list_supersedes_the_old_one_and_not_before(county):
    first = county.final()
    second = county.published(county.submitted(county.complete()), serial=2)
    assert fresh(first).state == ListState.FINAL
    county.final(fresh(second))
    assert fresh(first).state == ListState.SUPERSEDED
    assert fresh(second).state == ListState.FINAL
    assert fresh(second).supersedes == first


def test_a_second_list_is_not_published_beside_one_that_is_open_to_objections(county):
    county.published()
    second = county.submitted(county.complete())
    with pytest.raises(services.NotYet):
        services.publish(county.head, second.pk, second.version, publishing(2))


def test_a_final_document_may_have_its_own_number(county):
    found = county.published()
    with time_machine.travel(LATER, tick=False):
        with pytest.raises(ValidationError):
            services.finalise(county.head, found.pk, found.version, NUMBER.format(1))
        made = services.finalise(county.head, found.pk, found.version, NUMBER.format(2))
    assert made.final_document_no == NUMBER.format(2)
    final = made.attachments.get(stage="final", document__form="docx").document
    head, _, body = all_text(documents.stored_bytes(final)).partition("关于公布")
    assert NUMBER.format(2) in head
    assert NUMBER.format(1) not in head
    assert NUMBER.format(1) in body


def test_reporting_is_kept_with_who_and_when_and_happens_once(county):
    found = county.published()
    reported = services.report(county.clerk, found.pk, found.version)
    assert reported.reported_by == county.clerk
    assert reported.reported_to_city_at is not None
    with pytest.raises(services.WrongState):
        services.report(county.clerk, found.pk, reported.version)


def test_two_counties_may_use_the_same_number(county):
    county.published()
    neighbour = Region.objects.get(pk="141023")
    cast = county.cast
    from hengyuan.platform.accounts.models import Role

    cast.neighbour_clerk.role = Role.HEAD
    drafted = services.draft_from_ledger(county.clerk, neighbour)
    from tests.platform.publication.county import DECIDED

    versions = dict(drafted.units.values_list("pk", "version"))
    services.set_units(county.clerk, drafted.pk, versions, DECIDED)
    found = services.submit(county.clerk, drafted.pk, drafted.version)
    services.publish(cast.neighbour_clerk, found.pk, found.version, publishing(1))


def test_the_database_itself_refuses_a_public_list_without_number_or_dates(county):
    found = county.submitted()
    with pytest.raises(IntegrityError), transaction.atomic():
        PublicationList.objects.filter(pk=found.pk).update(state="published")
    with pytest.raises(IntegrityError), transaction.atomic():
        PublicationList.objects.filter(pk=found.pk).update(
            state="published",
            document_no="x",
            published_on=TODAY,
            objection_until=TODAY,
        )


def test_every_public_write_of_the_lifecycle_is_in_the_services():
    steps = {name for name in TRANSITIONS if name != "supersede"}
    assert steps <= set(services.__all__)
    assert all(callable(getattr(lifecycle, name)) for name in steps)
