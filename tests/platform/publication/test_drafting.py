"""A draft comes from the ledger in one go, is edited, and says what it still lacks."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from hengyuan.platform.ledger.models import Scale, SupervisionMode, WorkingState
from hengyuan.platform.ledger.services import change_unit
from hengyuan.platform.publication import checks, services
from hengyuan.platform.publication.models import (
    LeftOut,
    ListState,
    PublicationList,
    PublishedUnit,
)
from hengyuan.platform.regions.models import Region
from hengyuan.platform.terminals.models import Terminal
from hengyuan.platform.terminals.services import create_terminal
from tests.platform.publication.county import DECIDED, TODAY, fresh

pytestmark = pytest.mark.django_db


def names(found: PublicationList) -> set[str]:
    return set(found.units.values_list("name", flat=True))


def stops(found: PublicationList) -> list[str]:
    return [finding.text for finding in checks.findings(fresh(found)) if finding.stops]


def warnings(found: PublicationList) -> list[str]:
    return [finding.text for finding in checks.findings(fresh(found)) if not finding.stops]


def row_of(found: PublicationList, name: str) -> PublishedUnit:
    return found.units.get(name=name)


def test_every_working_unit_of_the_county_is_put_on_the_draft(county):
    drafted = county.draft()
    assert names(drafted) == {"测试甲煤矿", "测试乙煤矿", "测试大矿"}
    assert drafted.state == ListState.DRAFT
    assert drafted.drafted_by == county.clerk
    assert "洪洞县" in drafted.title


def test_what_is_not_working_is_left_out_with_the_ledgers_word_and_closed_ones_are_not_named(
    county,
):
    drafted = county.draft()
    assert [(left.name, left.reason) for left in drafted.left_out.all()] == [
        ("测试在建厂", "台账登记状态：在建")
    ]


def test_the_mode_is_suggested_by_grade_and_by_equipment(county):
    terminal = create_terminal(county.clerk, county.cast.unit, "终端")
    Terminal.objects.filter(pk=terminal.pk).update(
        state="enrolled", enrolled_at="2026-05-01T00:00Z", public_key="00", suite="SM2-SM3"
    )
    drafted = county.draft()
    assert row_of(drafted, "测试大矿").mode == SupervisionMode.STATIONED
    assert row_of(drafted, "测试乙煤矿").mode == SupervisionMode.PATROL
    assert row_of(drafted, "测试甲煤矿").mode == SupervisionMode.ELECTRONIC


def test_what_the_survey_proposed_comes_first(county):
    county.unit("测试电子厂", supervision_mode=SupervisionMode.ELECTRONIC)
    assert row_of(county.draft(), "测试电子厂").mode == SupervisionMode.ELECTRONIC


def test_the_ledgers_entry_is_copied(county):
    unit = county.unit("测试新厂", credit_code="91141024MA0NEW0001", address="新街1号")
    row = row_of(county.draft(), "测试新厂")
    copied = (row.unit, row.unit_code, row.credit_code, row.address, row.kind, row.grade)
    assert copied == (unit, unit.code, "91141024MA0NEW0001", "新街1号", "coal", "general")


def test_the_next_draft_carries_over_what_was_decided(county):
    first = county.complete()
    row = row_of(first, "测试大矿")
    services.set_unit(
        county.clerk, row.pk, row.version, {"mode": "electronic", "supervisor_name": "李示例"}
    )
    county.final(county.published(county.submitted(fresh(first))))
    second = county.draft()
    assert second.supersedes == first
    kept = row_of(second, "测试大矿")
    assert (kept.mode, kept.supervisor_name) == ("electronic", "李示例")
    assert kept.duty_telephone == DECIDED["duty_telephone"]


def test_a_unit_taken_off_after_an_objection_does_not_come_back_by_itself(county):
    published = county.published()
    objection = county.objection(published, "测试大矿")
    services.answer_objection(
        county.head, objection.pk, objection.version, upheld=True, answer="属实", strike=True
    )
    county.final(fresh(published))
    second = county.draft()
    assert "测试大矿" not in names(second)
    left = second.left_out.get(name="测试大矿")
    assert objection.receipt in left.reason


def test_a_county_has_one_list_in_preparation_at_a_time(county):
    county.draft()
    with pytest.raises(services.AlreadyInPreparation):
        county.draft()
    assert PublicationList.objects.count() == 1


def test_counties_do_not_stand_in_each_others_way(county):
    county.draft()
    neighbour = Region.objects.get(pk="141023")
    other = services.draft_from_ledger(county.cast.neighbour_clerk, neighbour)
    assert names(other) == {"测试邻县煤矿"}


def test_only_a_county_publishes(county):
    with pytest.raises(ValueError, match="county"):
        services.draft_from_ledger(county.clerk, Region.objects.get(pk="141000"))


def test_a_draft_says_what_every_unit_lacks(county):
    drafted = county.draft()
    told = stops(drafted)
    assert len(told) == 3
    assert all("监管责任人" in text and "责任部门" in text for text in told)
    county.complete(drafted)
    assert stops(drafted) == []


def test_a_unit_of_the_ledger_that_is_not_on_the_draft_needs_a_reason(county):
    drafted = county.complete()
    late = county.unit("测试后来厂")
    assert any("测试后来厂" in text for text in stops(drafted))
    services.give_reason(county.clerk, drafted.pk, late, "尚未取得证照")
    assert stops(drafted) == []


def test_leaving_out_takes_a_reason_and_putting_on_takes_it_back(county):
    drafted = county.complete()
    row = row_of(drafted, "测试大矿")
    services.leave_out(county.clerk, row.pk, row.version, "长期停产")
    assert "测试大矿" not in names(drafted)
    absent = {unit.name: unit.reason for unit in checks.absent_units(fresh(drafted))}
    assert absent["测试大矿"] == "长期停产"
    assert stops(drafted) == []
    services.put_on(county.clerk, drafted.pk, row.unit)
    assert "测试大矿" in names(drafted)
    assert not LeftOut.objects.filter(name="测试大矿").exists()


def test_an_empty_reason_is_told_before_review(county):
    drafted = county.complete()
    row = row_of(drafted, "测试大矿")
    services.leave_out(county.clerk, row.pk, row.version, "  ")
    assert any("测试大矿" in text for text in stops(drafted))


def test_a_unit_of_another_county_cannot_be_put_on(county):
    drafted = county.draft()
    with pytest.raises(ValueError, match="测试邻县煤矿"):
        services.put_on(county.clerk, drafted.pk, county.cast.neighbour_unit)


def test_what_a_list_says_follows_the_ledger_only_when_told(county):
    drafted = county.complete()
    change_unit(county.clerk, county.cast.unit, name="测试甲煤矿(新名)")
    assert "测试甲煤矿" in names(drafted)
    assert any("测试甲煤矿" in text for text in warnings(drafted))
    assert services.refresh(county.clerk, drafted.pk) == 1
    assert "测试甲煤矿(新名)" in names(drafted)
    assert services.refresh(county.clerk, drafted.pk) == 0


def test_warnings_name_what_should_be_looked_at(county):
    county.unit("测试无址厂", credit_code="", address="")
    county.unit("测试同码厂", credit_code=county.cast.unit.credit_code)
    county.unit("测试停产厂")
    drafted = county.complete()
    stopped = county.cast.unit.__class__.objects.get(name="测试停产厂")
    change_unit(county.clerk, stopped, state=WorkingState.PAUSED)
    told = "\n".join(warnings(drafted))
    assert "测试无址厂" in told
    assert county.cast.unit.credit_code in told
    assert "测试停产厂" in told
    assert stops(drafted) == []


@pytest.mark.parametrize(("days", "told"), [(-1, True), (0, False)])
def test_an_expired_certificate_is_told_and_does_not_stop_the_list(county, days, told):
    Scale.objects.create(
        unit=county.cast.unit, number=1, certificate_expires_on=TODAY + timedelta(days=days)
    )
    found = county.complete()
    assert any("检定证书" in text and "测试甲煤矿" in text for text in warnings(found)) == told
    assert stops(found) == []


def test_two_units_of_one_name_stop_the_list(county):
    county.unit("测试大矿")
    assert any("测试大矿" in text for text in stops(county.complete()))


def test_an_empty_list_cannot_be_submitted(county):
    drafted = county.complete()
    for row in drafted.units.all():
        services.leave_out(county.clerk, row.pk, row.version, "停产")
    assert stops(drafted)


def test_setting_several_fills_only_what_is_empty_when_asked(county):
    drafted = county.draft()
    row = row_of(drafted, "测试大矿")
    services.set_unit(county.clerk, row.pk, row.version, {"supervisor_name": "李示例"})
    versions = dict(drafted.units.values_list("pk", "version"))
    changed = services.set_units(
        county.clerk, drafted.pk, versions, {"supervisor_name": "王示例"}, only_empty=True
    )
    assert changed == 2
    assert row_of(drafted, "测试大矿").supervisor_name == "李示例"
    versions = dict(drafted.units.values_list("pk", "version"))
    services.set_units(county.clerk, drafted.pk, versions, {"supervisor_name": "王示例"})
    assert set(drafted.units.values_list("supervisor_name", flat=True)) == {"王示例"}


@pytest.mark.parametrize(
    "decided",
    [{"mode": "helicopter"}, {"department": "circus"}, {"duty_telephone": "call me"}],
)
def test_nonsense_is_refused(county, decided):
    row = row_of(county.draft(), "测试大矿")
    with pytest.raises(ValidationError):
        services.set_unit(county.clerk, row.pk, row.version, decided)


def test_only_what_a_clerk_decides_can_be_set(county):
    row = row_of(county.draft(), "测试大矿")
    with pytest.raises(ValueError, match="name"):
        services.set_unit(county.clerk, row.pk, row.version, {"name": "别名"})


def test_every_edit_leaves_who_when_and_from_what_to_what(county):
    drafted = county.draft()
    row = row_of(drafted, "测试大矿")
    services.set_unit(county.head, row.pk, row.version, {"supervisor_name": "李示例"})
    versions = dict(drafted.units.values_list("pk", "version"))
    services.set_units(county.clerk, drafted.pk, versions, {"supervisor_name": "王示例"})
    trail = [
        (entry.history_user, entry.supervisor_name, bool(entry.history_change_reason))
        for entry in row_of(drafted, "测试大矿").history.order_by("history_id")
    ]
    assert trail == [
        (county.clerk, "", True),
        (county.head, "李示例", True),
        (county.clerk, "王示例", True),
    ]
    row = row_of(drafted, "测试大矿")
    services.leave_out(county.clerk, row.pk, row.version, "停产")
    gone = PublishedUnit.history.filter(id=row.pk).latest("history_id")
    assert (gone.history_type, gone.history_user, gone.history_change_reason) == (
        "-",
        county.clerk,
        "停产",
    )


def test_the_difference_to_the_list_before(county):
    county.final()
    gone = county.cast.other_unit
    change_unit(county.clerk, gone, state=WorkingState.CLOSED)
    county.unit("测试新厂")
    second = county.draft()
    row = row_of(second, "测试大矿")
    services.set_unit(county.clerk, row.pk, row.version, {"mode": "electronic"})
    found = checks.difference(fresh(second))
    assert [row.name for row in found.added] == ["测试新厂"]
    assert [row.name for row in found.removed] == ["测试乙煤矿"]
    assert [
        (row.name, [(change.old, change.new) for change in changes])
        for row, changes in found.changed
    ] == [("测试大矿", [("驻点", "电子监管")])]


def test_a_first_list_is_all_new(county):
    found = checks.difference(fresh(county.draft()))
    assert len(found.added) == 3
    assert not found.removed
    assert not found.changed


def test_an_upheld_objection_is_remembered_by_the_next_draft(county):
    published = county.published()
    objection = county.objection(published, text="漏了一家")
    services.answer_objection(
        county.head, objection.pk, objection.version, upheld=True, answer="下期补列"
    )
    county.final(fresh(published))
    assert any(objection.receipt in text for text in warnings(county.draft()))
