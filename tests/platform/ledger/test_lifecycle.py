"""How a unit leaves the ledger and comes back, and what of it goes along."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils.timezone import localdate

from hengyuan.platform.ledger import queries, services
from hengyuan.platform.ledger.history import history_of_unit
from hengyuan.platform.ledger.models import NotDuplicate, SourceUnit
from hengyuan.platform.terminals.services import create_terminal

pytestmark = pytest.mark.django_db

TODAY = localdate()


def close(cast, **facts) -> SourceUnit:
    given = {"on": date(2026, 3, 1), "reason": "资源枯竭"} | facts
    return services.close_unit(cast.county_clerk, cast.unit, **given)


def test_a_closed_unit_keeps_its_code_its_terminals_and_says_why(cast):
    terminal = create_terminal(None, cast.unit, "终端")
    closed = close(cast)
    assert (closed.state, closed.closed_on, closed.closed_reason) == (
        "closed",
        date(2026, 3, 1),
        "资源枯竭",
    )
    terminal.refresh_from_db()
    assert terminal.state == "planned"
    newest = closed.history.first()
    assert (newest.history_user, newest.history_change_reason) == (cast.county_clerk, "关闭")


def test_a_unit_is_closed_once_and_re_opened_once(cast):
    close(cast)
    with pytest.raises(services.WrongState):
        close(cast)
    opened = services.reopen_unit(cast.county_clerk, cast.unit, state="paused", reason="复工")
    assert (opened.state, opened.closed_on, opened.closed_reason) == ("paused", None, "")
    with pytest.raises(services.WrongState):
        services.reopen_unit(cast.county_clerk, cast.unit, reason="再次")


def test_closed_units_are_not_counted_nor_reminded_of(cast):
    services.add_scale(None, cast.unit, certificate_expires_on=TODAY)
    before = queries.figures(cast.county_clerk)["all"]
    assert queries.certificate_figures(cast.county_clerk) == {"expired": 0, "soon": 1}
    close(cast)
    assert queries.figures(cast.county_clerk)["all"] == before - 1
    assert queries.certificate_figures(cast.county_clerk) == {"expired": 0, "soon": 0}


def test_changing_the_state_by_itself_keeps_day_and_reason_in_step(cast):
    services.change_unit(None, cast.unit, state="closed")
    cast.unit.refresh_from_db()
    assert cast.unit.closed_on == TODAY
    services.change_unit(None, cast.unit, state="working")
    cast.unit.refresh_from_db()
    assert (cast.unit.closed_on, cast.unit.merged_into) == (None, None)


def merge(cast, **facts) -> SourceUnit:
    given = {"on": TODAY, "reason": "两个部门重复录入"} | facts
    return services.merge_units(cast.county_clerk, cast.unit, cast.other_unit, **given)


def test_a_merged_unit_is_closed_and_points_to_its_survivor(cast):
    kept = merge(cast)
    cast.other_unit.refresh_from_db()
    assert cast.other_unit.state == "closed"
    assert cast.other_unit.merged_into == kept == cast.unit
    assert cast.other_unit.closed_reason == "两个部门重复录入"
    assert not queries.suspected_duplicates(cast.county_clerk)


def test_terminals_and_gates_stay_under_the_code_that_they_were_made_for(cast):
    gate = services.add_gate(None, cast.other_unit, name="南门")
    terminal = create_terminal(None, cast.other_unit, "终端", gate)
    merge(cast)
    terminal.refresh_from_db()
    gate.refresh_from_db()
    assert terminal.unit == gate.unit == cast.other_unit
    assert terminal.code.startswith(cast.other_unit.code)
    assert terminal.state == "planned"


def test_equipment_moves_under_new_numbers_and_leaves_its_old_place(cast):
    lane = services.add_lane(None, services.add_gate(None, cast.other_unit, name="南门"))
    services.add_scale(None, cast.unit, serial="SL-1")
    services.add_scale(None, cast.other_unit, lane=lane, serial="SL-2")
    services.add_equipment(None, cast.other_unit, kind="display")
    merge(cast)
    assert list(cast.unit.scales.values_list("number", "serial", "gate", "lane")) == [
        (1, "SL-1", None, None),
        (2, "SL-2", None, None),
    ]
    assert cast.unit.equipment.get().kind == "display"
    assert not cast.other_unit.scales.exists()


def test_blank_facts_are_filled_in_and_others_stay(cast):
    services.change_unit(None, cast.unit, address="保留的地址")
    services.change_unit(
        None,
        cast.other_unit,
        address="另一地址",
        legal_person="示例甲",
        longitude="111.6723",
        latitude="36.2534",
        annual_throughput_t=260_000,
    )
    kept = merge(cast)
    assert (kept.address, kept.legal_person) == ("保留的地址", "示例甲")
    assert (str(kept.longitude), kept.annual_throughput_t) == ("111.672300", 260_000)


def test_nothing_is_filled_in_where_that_is_not_wanted(cast):
    services.change_unit(None, cast.other_unit, legal_person="示例甲")
    assert merge(cast, take_over=False).legal_person == ""


def test_no_unit_is_merged_with_itself_or_with_a_closed_one(cast):
    with pytest.raises(services.WrongState):
        services.merge_units(None, cast.unit, cast.unit, on=TODAY, reason="")
    close(cast)
    with pytest.raises(services.WrongState):
        merge(cast)
    cast.other_unit.refresh_from_db()
    assert cast.other_unit.state == "working"


def test_a_merged_unit_can_be_taken_back(cast):
    merge(cast)
    opened = services.reopen_unit(cast.county_clerk, cast.other_unit, reason="确为两个厂区")
    assert (opened.merged_into, opened.state) == (None, "working")


def test_a_pair_that_was_looked_at_is_not_shown_again(cast):
    for unit in (cast.unit, cast.other_unit):
        services.change_unit(None, unit, credit_code="91141024MA0T000019")
    pairs = queries.suspected_duplicates(cast.county_clerk)
    assert [(pair.first, pair.second, pair.likeness) for pair in pairs] == [
        (cast.unit, cast.other_unit, ("credit-code",))
    ]
    services.not_duplicate(cast.county_clerk, cast.other_unit, cast.unit, reason="两个厂区")
    assert not queries.suspected_duplicates(cast.county_clerk)
    services.not_duplicate(cast.county_head, cast.unit, cast.other_unit, reason="再次确认")
    said = NotDuplicate.objects.get()
    assert (said.reason, said.said_by) == ("再次确认", cast.county_head)


def test_a_reason_is_needed_to_call_two_units_two(cast):
    with pytest.raises(ValidationError):
        services.not_duplicate(cast.county_clerk, cast.unit, cast.other_unit, reason=" ")


def test_pairs_are_seen_by_who_sees_both_units(cast):
    services.not_duplicate(cast.city_clerk, cast.unit, cast.neighbour_unit, reason="两县")
    assert not NotDuplicate.objects.visible_to(cast.county_clerk).exists()
    assert NotDuplicate.objects.visible_to(cast.city_clerk).exists()


def test_the_history_of_a_unit_tells_also_of_what_is_gone(cast):
    clerk = cast.county_clerk
    gate = services.add_gate(clerk, cast.unit, name="南门")
    lane = services.add_lane(clerk, gate, name="一号道")
    scale = services.add_scale(clerk, cast.unit, lane=lane, serial="SL-1")
    services.change_device(clerk, scale, serial="SL-2")
    services.remove_device(clerk, scale)
    services.remove_gate(clerk, gate)
    close(cast)
    told = [(entry.action, entry.subject) for entry in history_of_unit(cast.unit)]
    assert told == [
        ("修改", "源头单位 测试甲煤矿"),
        ("删除", "出口 南门"),
        ("删除", "车道 一号道"),
        ("删除", "称重设备 1 号称重设备"),
        ("修改", "称重设备 1 号称重设备"),
        ("新增", "称重设备 1 号称重设备"),
        ("新增", "车道 一号道"),
        ("新增", "出口 南门"),
        ("新增", "源头单位 测试甲煤矿"),
    ]
    changed = history_of_unit(cast.unit)[4].changes[0]
    assert (changed.label, changed.old, changed.new) == ("出厂编号", "SL-1", "SL-2")


def test_what_something_stands_at_is_not_removed(cast):
    gate = services.add_gate(None, cast.unit, name="南门")
    lane = services.add_lane(None, gate)
    scale = services.add_scale(None, cast.unit, lane=lane)
    with pytest.raises(services.InUse, match="1 号称重设备"):
        services.remove_lane(None, lane)
    with pytest.raises(services.InUse):
        services.remove_gate(None, gate)
    services.remove_device(None, scale)
    create_terminal(None, cast.unit, "终端", gate)
    with pytest.raises(services.InUse, match="终端"):
        services.remove_gate(None, gate)


def test_a_device_stands_at_its_own_units_gate_and_takes_it_from_the_lane(cast):
    gate = services.add_gate(None, cast.unit, name="南门")
    lane = services.add_lane(None, gate)
    assert services.add_scale(None, cast.unit, lane=lane).gate == gate
    for place in ({"gate": gate}, {"lane": lane}):
        with pytest.raises(ValidationError):
            services.add_scale(None, cast.other_unit, **place)
    other = services.add_gate(None, cast.unit, name="北门")
    with pytest.raises(ValidationError):
        services.add_equipment(None, cast.unit, kind="camera", gate=other, lane=lane)


def test_a_certificate_ends_after_it_begins(cast):
    with pytest.raises(ValidationError):
        services.add_scale(
            None, cast.unit, verified_on=TODAY, certificate_expires_on=TODAY - timedelta(days=1)
        )


@pytest.mark.parametrize(
    ("days", "figures"),
    [
        (-1, {"expired": 1, "soon": 0}),
        (0, {"expired": 0, "soon": 1}),
        (30, {"expired": 0, "soon": 1}),
        (31, {"expired": 0, "soon": 0}),
    ],
)
def test_certificates_are_reminded_of_within_the_days_of_the_setting(cast, days, figures):
    services.add_scale(None, cast.unit, certificate_expires_on=TODAY + timedelta(days=days))
    assert queries.certificate_figures(cast.county_clerk) == figures
    assert queries.certificate_figures(cast.neighbour_clerk) == {"expired": 0, "soon": 0}


def test_how_early_is_a_setting(cast, settings):
    services.add_scale(None, cast.unit, certificate_expires_on=TODAY + timedelta(days=60))
    settings.LEDGER_CERTIFICATE_DAYS = 90
    assert queries.certificate_figures(cast.county_clerk)["soon"] == 1


def test_many_units_are_changed_at_once_and_only_those_that_differ(cast):
    services.change_unit(None, cast.unit, annual_throughput_t=260_000, supervision_mode="patrol")
    clerk = cast.county_clerk
    units = SourceUnit.objects.visible_to(clerk)
    assert services.change_units(clerk, units, supervision_mode="patrol") == 1
    from hengyuan.platform.ledger.grading import suggested_grade

    def by_tonnage(unit: SourceUnit):
        return suggested_grade(unit.annual_throughput_t)

    assert services.change_units(clerk, units, grade=by_tonnage) == 1
    cast.unit.refresh_from_db()
    assert (cast.unit.grade, cast.unit.history.first().history_user) == ("key", clerk)
    cast.neighbour_unit.refresh_from_db()
    assert cast.neighbour_unit.supervision_mode == ""


def test_a_wrong_value_for_many_changes_none(cast):
    with pytest.raises(ValidationError):
        services.change_units(None, SourceUnit.objects.all(), supervision_mode="casino")
    assert not SourceUnit.objects.exclude(supervision_mode="").exists()


def test_what_is_published_and_what_is_complete_is_said_of_every_unit(cast):
    services.add_scale(None, cast.unit)
    services.add_equipment(None, cast.unit, kind="plate-camera")
    units = queries.with_publication(queries.with_equipment(SourceUnit.objects.all()))
    seen = units.get(pk=cast.unit.pk)
    assert (seen.has_scale, seen.has_camera, seen.has_display, seen.is_complete) == (
        True,
        True,
        False,
        False,
    )
    services.add_equipment(None, cast.unit, kind="display")
    assert units.get(pk=cast.unit.pk).is_complete
    assert not units.get(pk=cast.unit.pk).is_published
