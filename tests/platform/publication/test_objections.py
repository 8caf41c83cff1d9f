"""Objections come in within their period, stay private, and are answered once."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError

from hengyuan.platform.publication import services
from hengyuan.platform.publication.models import ListState, Objection
from tests.platform.publication.county import TODAY, fresh

pytestmark = pytest.mark.django_db

WHO = services.Objecting("赵示例", "13000000000", "该单位已停产")


@pytest.mark.parametrize("state", [state for state in ListState if state != ListState.PUBLISHED])
def test_only_a_list_in_its_period_takes_objections(county, state):
    found = county.in_state(state)
    with pytest.raises(services.ObjectionPeriodOver):
        services.file_objection(found.pk, WHO, Objection.Via.PORTAL)


def test_the_portal_files_without_a_clerk_and_gets_a_receipt(county):
    found = county.published()
    filed = services.file_objection(found.pk, WHO, Objection.Via.PORTAL)
    assert filed.state == Objection.State.OPEN
    assert len(filed.receipt) == 10
    assert filed.history.get().history_user is None
    another = services.file_objection(found.pk, WHO, Objection.Via.PORTAL)
    assert another.receipt != filed.receipt


@pytest.mark.parametrize(("day", "taken"), [(7, True), (8, False)])
def test_the_last_day_counts(county, day, taken):
    found = county.published()
    with time_machine.travel(f"{TODAY + timedelta(days=day)} 23:50+08:00", tick=False):
        if taken:
            services.file_objection(found.pk, WHO, Objection.Via.PORTAL)
        else:
            with pytest.raises(services.ObjectionPeriodOver):
                services.file_objection(found.pk, WHO, Objection.Via.PORTAL)


def test_a_letter_that_came_in_time_can_be_entered_later(county):
    found = county.published()
    with time_machine.travel(f"{TODAY + timedelta(days=12)} 10:00+08:00", tick=False):
        services.file_objection(
            found.pk,
            WHO,
            Objection.Via.LETTER,
            by=county.clerk,
            received_on=TODAY + timedelta(days=7),
        )
        with pytest.raises(services.ObjectionPeriodOver):
            services.file_objection(
                found.pk,
                WHO,
                Objection.Via.LETTER,
                by=county.clerk,
                received_on=TODAY + timedelta(days=8),
            )


def test_one_that_comes_from_the_future_or_from_before_is_refused(county):
    found = county.published()
    with pytest.raises(ValidationError):
        services.file_objection(
            found.pk, WHO, Objection.Via.LETTER, received_on=TODAY + timedelta(days=1)
        )
    with pytest.raises(services.ObjectionPeriodOver):
        services.file_objection(
            found.pk, WHO, Objection.Via.LETTER, received_on=TODAY - timedelta(days=1)
        )


@pytest.mark.parametrize(
    "who",
    [
        services.Objecting("", "1300", "x"),
        services.Objecting("赵", " ", "x"),
        services.Objecting("赵", "1300", "  "),
        services.Objecting("赵" * 61, "1300", "x"),
        services.Objecting("赵", "1" * 101, "x"),
        services.Objecting("赵", "1300", "x" * 4001),
    ],
)
def test_what_is_missing_or_too_long_is_refused(county, who):
    found = county.published()
    with pytest.raises(ValidationError):
        services.file_objection(found.pk, who, Objection.Via.PORTAL)
    assert not Objection.objects.exists()


def test_a_unit_of_another_list_cannot_be_named(county):
    first = county.final()
    second = county.published(county.submitted(county.complete()), serial=2)
    with pytest.raises(ValidationError):
        services.file_objection(second.pk, WHO, Objection.Via.PORTAL, unit=first.units.first())


def test_who_objected_is_not_in_the_history(county):
    found = county.published()
    filed = county.objection(found)
    version = filed.history.get()
    assert not hasattr(version, "contact")
    assert not hasattr(version, "name")


@pytest.mark.parametrize(
    ("upheld", "state"), [(True, Objection.State.UPHELD), (False, Objection.State.REJECTED)]
)
def test_an_answer_is_kept_with_who_and_when(county, upheld, state):
    filed = county.objection(county.published(), "测试大矿")
    answered = services.answer_objection(
        county.head, filed.pk, filed.version, upheld=upheld, answer=" 经查属实 "
    )
    assert (answered.state, answered.answer, answered.answered_by) == (
        state,
        "经查属实",
        county.head,
    )
    assert answered.answered_at is not None
    assert answered.unit.struck_by is None
    assert answered.history.latest("history_id").history_user == county.head


def test_an_objection_is_answered_once(county):
    filed = county.objection(county.published())
    answered = services.answer_objection(
        county.head, filed.pk, filed.version, upheld=False, answer="不成立"
    )
    with pytest.raises(services.WrongState):
        services.answer_objection(
            county.head, filed.pk, answered.version, upheld=True, answer="又成立"
        )
    with pytest.raises(services.Conflict):
        services.answer_objection(
            county.clerk, filed.pk, filed.version, upheld=True, answer="又成立"
        )


def test_an_answer_says_something(county):
    filed = county.objection(county.published())
    with pytest.raises(ValidationError):
        services.answer_objection(county.head, filed.pk, filed.version, upheld=True, answer=" ")
    filed.refresh_from_db()
    assert filed.is_open


@pytest.mark.parametrize(("unit", "upheld"), [("", True), ("测试大矿", False)])
def test_only_an_upheld_objection_to_a_unit_takes_it_off(county, unit, upheld):
    filed = county.objection(county.published(), unit)
    with pytest.raises(ValidationError):
        services.answer_objection(
            county.head, filed.pk, filed.version, upheld=upheld, answer="属实", strike=True
        )


def test_taking_off_leaves_the_published_row_in_place_with_its_reason(county):
    found = county.published()
    filed = county.objection(found, "测试大矿")
    services.answer_objection(
        county.head, filed.pk, filed.version, upheld=True, answer="属实", strike=True
    )
    row = found.units.get(name="测试大矿")
    assert row.struck_by == filed
    assert row.history.latest("history_id").history_user == county.head
    assert fresh(found).attachments.count() == 2


def test_a_withdrawn_list_is_answered_no_more(county):
    found = county.published()
    filed = county.objection(found)
    services.withdraw(county.head, found.pk, fresh(found).version, "有误")
    with pytest.raises(services.WrongState):
        services.answer_objection(county.head, filed.pk, filed.version, upheld=True, answer="属实")
