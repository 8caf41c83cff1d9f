"""Which unit a row is about, and what it makes of it. Nothing here writes but the last step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils.timezone import localdate

from hengyuan.platform.ledger import services
from hengyuan.platform.ledger.importing.applying import LedgerChanged, apply_plan, import_book
from hengyuan.platform.ledger.importing.columns import EQUIPMENT, LANES, SCALES, UNITS, Sheet
from hengyuan.platform.ledger.importing.known import known_to
from hengyuan.platform.ledger.importing.plan import Plan
from hengyuan.platform.ledger.importing.planning import plan_import
from hengyuan.platform.ledger.importing.sheets import read
from hengyuan.platform.ledger.models import Equipment, Gate, Lane, Scale, SourceUnit
from hengyuan.platform.regions.models import Region
from tests.platform.ledger.books import Row, book, credit_code, place, unit

pytestmark = pytest.mark.django_db

TODAY = localdate()


@pytest.fixture
def clerk(cast):
    return cast.county_clerk


def plan(clerk: Any, *rows: Row, **sheets: list[Row]) -> Plan:
    by_name = {"lanes": LANES, "scales": SCALES, "things": EQUIPMENT}
    more: dict[Sheet, list[Row]] = {by_name[name]: found for name, found in sheets.items()}
    return plan_import(read(book({UNITS: rows, **more})), known_to(clerk))


def take(clerk: Any, *rows: Row, **sheets: list[Row]) -> Plan:
    """Plan and write."""
    found = plan(clerk, *rows, **sheets)
    with transaction.atomic():
        apply_plan(clerk, found, "测试.xlsx")
    return found


def actions(found: Plan) -> list[str]:
    return [row.action.value for row in found.rows]


def errors(found: Plan) -> list[tuple[str, str]]:
    return [(problem.column, problem.code) for problem in found.errors]


def warnings(found: Plan) -> set[str]:
    return {problem.code for problem in found.warnings}


def changes(found: Plan) -> dict[str, tuple[str, str]]:
    return {change.heading: (change.old, change.new) for change in found.rows[0].changes}


# which unit is meant


def test_a_new_row_gets_the_next_code_of_its_county(clerk, cast):
    take(clerk, unit(1), unit(2))
    codes = SourceUnit.objects.filter(name__startswith="示例").values_list("code", flat=True)
    assert list(codes) == ["14102451003", "14102451004"]


def test_the_unit_code_comes_before_everything_else(clerk, cast):
    row = unit(1, code=cast.unit.code, credit_code=credit_code(1), name="改名煤矿")
    assert actions(take(clerk, row)) == ["changed"]
    cast.unit.refresh_from_db()
    assert (cast.unit.name, cast.unit.credit_code) == ("改名煤矿", credit_code(1))


def test_then_the_credit_code_within_the_county(clerk, cast):
    services.change_unit(None, cast.unit, credit_code=credit_code(1))
    found = plan(clerk, unit(1, credit_code=credit_code(1), name="另一名称"))
    assert actions(found) == ["changed"]
    assert changes(found)["单位名称"] == ("测试甲煤矿", "另一名称")
    assert warnings(found) == {"name_changes"}


def test_the_same_company_in_another_county_is_another_unit(cast):
    services.change_unit(None, cast.neighbour_unit, credit_code=credit_code(1))
    found = plan(cast.city_clerk, unit(1, credit_code=credit_code(1)))
    assert actions(found) == ["new"]
    assert warnings(found) == {"looks_like"}


def test_then_name_and_county(clerk, cast):
    found = plan(clerk, unit(1, name="测试甲 煤矿", address="新址"))
    assert actions(found) == ["changed"]
    assert found.rows[0].target == cast.unit.code


def test_a_name_of_another_county_is_another_unit(clerk, cast):
    assert actions(plan(clerk, unit(1, name=cast.neighbour_unit.name))) == ["new"]


def test_a_credit_code_of_several_units_asks_for_the_code_or_the_name(clerk, cast):
    for each in (cast.unit, cast.other_unit):
        services.change_unit(None, each, credit_code=credit_code(1))
    unclear = plan(clerk, unit(1, credit_code=credit_code(1)))
    assert errors(unclear) == [(place(UNITS, "credit_code"), "credit_ambiguous")]
    by_name = plan(clerk, unit(1, credit_code=credit_code(1), name="测试乙煤矿", address="新址"))
    assert by_name.rows[0].target == cast.other_unit.code


def test_two_sites_of_a_company_are_told_apart_by_their_codes(clerk, cast):
    for each in (cast.unit, cast.other_unit):
        services.change_unit(None, each, credit_code=credit_code(1))
    rows = [
        unit(1, code=each.code, name=each.name, credit_code=credit_code(1))
        for each in (cast.unit, cast.other_unit)
    ]
    assert not errors(plan(clerk, *rows))


def test_an_unknown_code_is_no_new_unit(clerk, cast):
    found = plan(clerk, unit(1, code="14102451900"))
    assert errors(found) == [(place(UNITS, "code"), "code_unknown")]


# what is refused


def test_another_county_is_refused_by_name_by_code_and_by_unit_code(clerk, cast):
    found = plan(
        clerk,
        unit(1, county="襄汾县"),
        unit(2, county="141023"),
        unit(3, county=None, code=cast.neighbour_unit.code),
    )
    assert [code for _column, code in errors(found)] == ["county_foreign"] * 3
    assert "襄汾县不在管辖范围内" in found.errors[0].problem


def test_a_unit_cannot_be_moved_to_another_county(cast):
    found = plan(cast.city_clerk, unit(1, county="襄汾县", code=cast.unit.code))
    assert errors(found) == [(place(UNITS, "region"), "county_fixed")]


def test_a_new_row_names_everything_that_it_lacks(clerk, cast):
    found = plan(clerk, {"address": "示例路"})
    assert [column for column, _code in errors(found)] == [
        place(UNITS, name) for name in ("name", "region", "kind", "supervision_mode")
    ]


def test_a_row_about_a_known_unit_needs_nothing_but_its_code(clerk, cast):
    found = plan(clerk, {"code": cast.unit.code, "address": "新址"})
    assert (actions(found), errors(found)) == (["changed"], [])


def test_the_second_of_two_rows_about_one_unit_is_refused(clerk, cast):
    found = plan(
        clerk,
        unit(1, credit_code=credit_code(1)),
        unit(2, credit_code=credit_code(1)),
        unit(1),
        {"code": cast.unit.code},
        unit(3, name="测试甲煤矿"),
    )
    assert actions(found) == ["new", "refused", "refused", "unchanged", "refused"]
    assert [problem.params["row"] for problem in found.errors] == [2, 2, 5]


def test_a_known_name_with_another_credit_code_is_refused(clerk, cast):
    services.change_unit(None, cast.unit, credit_code=credit_code(1))
    found = plan(clerk, unit(1, name="测试甲煤矿", credit_code=credit_code(2)))
    assert errors(found) == [(place(UNITS, "name"), "twice_in_ledger")]
    assert cast.unit.code in found.errors[0].remedy


def test_a_county_that_has_given_out_its_codes_refuses_the_rows_that_are_too_many(clerk, cast):
    SourceUnit.objects.filter(pk=cast.other_unit.pk).update(code="14102451998")
    found = plan(clerk, unit(1), unit(2))
    assert actions(found) == ["new", "refused"]
    assert errors(found) == [(place(UNITS, "region"), "county_full")]


def test_an_unknown_township_names_the_nearest_one(clerk, cast):
    found = plan(clerk, unit(1, township="大槐数镇"), unit(2, township="141024101"))
    assert errors(found) == [(place(UNITS, "township"), "township_unknown")]
    assert "是否为“大槐树镇”？" in found.errors[0].remedy


def test_every_row_under_merged_cells_is_refused(clerk, cast):
    rows = [unit(number) for number in range(4)]
    content = book(rows, edit=lambda made: made[UNITS.name].merge_cells("E3:E4"))
    found = plan_import(read(content), known_to(clerk))
    assert actions(found) == ["new", "refused", "refused", "new"]
    assert [(problem.row, problem.column) for problem in found.errors] == [(3, "E"), (4, "E")]


# what is written


def test_blank_cells_keep_what_the_ledger_says(clerk, cast):
    services.change_unit(None, cast.unit, address="旧址", contact_name="示例")
    assert actions(take(clerk, {"code": cast.unit.code, "address": "新址"})) == ["changed"]
    cast.unit.refresh_from_db()
    assert (cast.unit.address, cast.unit.contact_name) == ("新址", "示例")


def test_blank_cells_clear_where_the_row_says_so_but_never_what_a_unit_needs(clerk, cast):
    services.change_unit(
        None,
        cast.unit,
        address="旧址",
        cargo_codes=["0100"],
        township=Region.objects.get(pk="141024100"),
        supervision_mode="patrol",
    )
    take(clerk, {"code": cast.unit.code, "clear": "是"})
    cast.unit.refresh_from_db()
    assert (cast.unit.address, cast.unit.cargo_codes, cast.unit.township) == ("", [], None)
    assert (cast.unit.name, cast.unit.kind, cast.unit.supervision_mode) == (
        "测试甲煤矿",
        "coal",
        "patrol",
    )


def test_a_column_that_the_file_lacks_is_not_cleared(clerk, cast):
    services.change_unit(None, cast.unit, address="旧址")
    content = book(
        [{"code": cast.unit.code, "clear": "是"}],
        edit=lambda made: made[UNITS.name].delete_cols(6),
    )
    found = plan_import(read(content), known_to(clerk))
    assert "详细地址" not in {change.heading for change in found.rows[0].changes}


def test_the_same_rows_again_change_nothing(clerk, cast):
    rows = [
        unit(1, credit_code=credit_code(1), longitude=111.6723, latitude=36.2534),
        unit(2, cargo_codes="水泥、煤炭及制品", annual_throughput_t=120000, township="大槐树镇"),
    ]
    take(clerk, *rows)
    count = SourceUnit.history.count()
    assert actions(take(clerk, *rows)) == ["unchanged", "unchanged"]
    assert SourceUnit.history.count() == count


def test_a_missing_grade_is_suggested_and_a_doubtful_one_is_told(clerk, cast):
    found = take(
        clerk,
        unit(1, annual_throughput_t=200_000),
        unit(2, annual_throughput_t=100_000),
        unit(3, annual_throughput_t=99_999),
        unit(4),
        unit(5, annual_throughput_t=50_000, grade="重点"),
    )
    grades = dict(SourceUnit.objects.filter(name__startswith="示例").values_list("name", "grade"))
    assert list(grades.values()) == ["key", "next", "general", "general", "key"]
    assert warnings(found) == {"grade_suggested", "grade_differs"}


def test_a_doubtful_grade_is_not_told_again_of_a_unit_that_does_not_change(clerk, cast):
    row = unit(5, annual_throughput_t=50_000, grade="重点")
    take(clerk, row)
    assert not warnings(plan(clerk, row))


def test_positions_are_compared_with_the_county(clerk, cast):
    found = plan(
        clerk,
        unit(1, longitude=112.9, latitude=36.25),
        unit(2, longitude=36.25, latitude=111.67),
        unit(3, longitude=111.67),
        unit(4, longitude=60, latitude=36.25),
    )
    assert warnings(found) == {"position_far"}
    assert errors(found) == [
        (place(UNITS, "longitude"), "position_swapped"),
        (place(UNITS, "latitude"), "position_half"),
        (place(UNITS, "longitude"), "ledger_refuses"),
    ]


def test_a_unit_that_is_closed_says_why_and_comes_back_by_its_page_only(clerk, cast):
    closed = unit(1, state="关闭", closed_reason="资源枯竭", closed_on="2025-03-01")
    take(clerk, closed)
    made = SourceUnit.objects.get(name=closed["name"])
    assert (made.state, str(made.closed_on), made.closed_reason) == (
        "closed",
        "2025-03-01",
        "资源枯竭",
    )
    assert actions(plan(clerk, closed)) == ["unchanged"]
    assert errors(plan(clerk, unit(1, state="在产"))) == [(place(UNITS, "state"), "reopening")]
    assert errors(plan(clerk, unit(2, closed_on="2025-03-01"))) == [
        (place(UNITS, "closed_on"), "closed_facts_alone")
    ]


def test_a_known_unit_is_closed_by_the_file_on_the_day_of_the_import(clerk, cast):
    take(clerk, {"code": cast.unit.code, "state": "关闭", "closed_reason": "停办"})
    cast.unit.refresh_from_db()
    assert (cast.unit.state, cast.unit.closed_on) == ("closed", TODAY)


def test_units_that_look_like_one_are_told_but_taken(clerk, cast):
    services.change_unit(None, cast.unit, longitude="111.6723", latitude="36.2534")
    found = plan(
        clerk,
        unit(1, name="示例宏发洗煤厂", longitude=111.6725, latitude=36.2535),
        unit(2, name="洪洞县示例弘发洗煤厂"),
    )
    assert actions(found) == ["new", "new"]
    assert [(p.row, p.code) for p in found.warnings] == [(2, "looks_like"), (3, "looks_like_row")]


def test_the_history_says_who_and_from_which_file(clerk, cast):
    take(clerk, {"code": cast.unit.code, "address": "新址"})
    newest = cast.unit.history.first()
    assert newest.history_user == clerk
    assert newest.history_change_reason == "导入 测试.xlsx"
    assert newest.history_type == "~"


def test_the_number_of_queries_does_not_grow_with_the_rows(
    clerk, cast, django_assert_max_num_queries
):
    rows = [unit(number, township="大槐树镇") for number in range(40)]
    lanes = [{"name": row["name"], "gate": 1, "gate_name": "南门", "lane": 1} for row in rows]
    scales = [{"name": row["name"], "number": 1, "gate": 1, "lane": 1} for row in rows]
    take(clerk, *rows, lanes=lanes, scales=scales)
    changed = [row | {"address": "新址"} for row in rows]
    with django_assert_max_num_queries(14):
        found = plan(clerk, *changed, lanes=lanes, scales=scales)
    assert found.counts() == {"changed": 40, "unchanged": 80}
    with django_assert_max_num_queries(6), transaction.atomic():
        apply_plan(clerk, found, "测试.xlsx")


# gates, lanes, scales, equipment


def lane(number: int = 1, name: str = "示例1号煤场", **cells: Any) -> Row:
    return {"name": name, "gate": 1, "gate_name": "南门", "lane": number} | cells


def test_gates_lanes_scales_and_equipment_come_in_with_their_new_unit(clerk, cast):
    found = take(
        clerk,
        unit(1),
        lanes=[
            lane(1, lane_name="出场道"),
            lane(2),
            {"name": "示例1号煤场", "gate": 2},
            lane(gate=3, gate_name="北门", lane=None, gate_direction="进场"),
        ],
        scales=[
            {"name": "示例1号煤场", "number": 1, "gate": 1, "lane": 2, "max_kg": 100, "e_kg": 20}
        ],
        things=[{"name": "示例1号煤场", "number": 1, "kind": "电子显示屏", "position": "出口"}],
    )
    # a gate without a name is the one that cannot be entered
    assert errors(found) == [(place(LANES, "gate_name"), "missing")]
    made = SourceUnit.objects.get(name="示例1号煤场")
    assert list(made.gates.values_list("number", "name", "direction")) == [
        (1, "南门", "both"),
        (3, "北门", "in"),
    ]
    assert list(Lane.objects.values_list("gate__number", "number", "direction")) == [
        (1, 1, "out"),
        (1, 2, "out"),
    ]
    scale = Scale.objects.get()
    assert (scale.lane.number, scale.max_kg, scale.e_kg) == (2, 100_000, 20)
    assert Equipment.objects.get().kind == "display"
    assert Gate.history.count() == 2


def test_parts_of_a_unit_of_the_ledger_are_found_by_code_or_name(clerk, cast):
    take(
        clerk,
        lanes=[
            {"code": cast.unit.code, "gate": 1, "gate_name": "南门", "lane": 1},
            {"name": "测试乙煤矿", "region": "洪洞县", "gate": 1, "gate_name": "南门", "lane": 1},
        ],
    )
    assert Lane.objects.count() == 2


def test_parts_of_a_new_unit_whose_row_is_wrong_wait_with_it(clerk, cast):
    found = plan(clerk, unit(1, kind="赌场"), lanes=[lane()])
    assert errors(found) == [
        (place(UNITS, "kind"), "no_choice"),
        (place(LANES, "name"), "unit_refused"),
    ]


def test_parts_of_a_known_unit_come_in_although_its_own_row_is_wrong(clerk, cast):
    found = plan(
        clerk,
        {"code": cast.unit.code, "kind": "赌场"},
        lanes=[{"code": cast.unit.code, "gate": 1, "gate_name": "南门", "lane": 1}],
    )
    assert actions(found) == ["refused", "new"]


def test_an_unknown_or_closed_unit_has_no_parts(clerk, cast):
    services.close_unit(clerk, cast.unit, on=TODAY, reason="停办")
    found = plan(
        clerk,
        lanes=[
            lane(name="不存在煤矿"),
            lane(name=cast.unit.name),
            lane(name=cast.neighbour_unit.name),
            {"code": cast.neighbour_unit.code, "gate": 1, "gate_name": "南门"},
        ],
    )
    assert [code for _column, code in errors(found)] == [
        "unit_unknown",
        "unit_closed",
        "unit_unknown",
        "county_foreign",
    ]


def test_a_name_that_several_counties_have_asks_for_the_county(cast):
    services.change_unit(None, cast.neighbour_unit, name=cast.unit.name)
    found = plan(cast.city_clerk, lanes=[lane(name=cast.unit.name)])
    assert errors(found) == [(place(LANES, "name"), "unit_ambiguous")]
    clear = plan(cast.city_clerk, lanes=[lane(name=cast.unit.name, region="襄汾县")])
    assert clear.rows[0].target == cast.neighbour_unit.code


def test_rows_of_one_gate_must_agree_and_no_lane_stands_twice(clerk, cast):
    found = plan(
        clerk,
        unit(1),
        lanes=[lane(1), lane(2, gate_name="北门"), lane(1), lane(3, gate_name=None)],
    )
    assert errors(found) == [
        (place(LANES, "gate_name"), "gate_name_differs"),
        (place(LANES, "lane"), "number_twice"),
    ]


def test_a_device_stands_at_a_gate_and_lane_that_there_are(clerk, cast):
    def scale(number: int, **cells: Any) -> Row:
        return {"name": "示例1号煤场", "number": number} | cells

    found = plan(
        clerk,
        unit(1),
        lanes=[lane(1)],
        scales=[scale(1, gate=2), scale(2, gate=1, lane=5), scale(3, lane=1), scale(4, gate=1)],
    )
    assert errors(found) == [
        (place(SCALES, "gate"), "gate_unknown"),
        (place(SCALES, "lane"), "lane_unknown"),
        (place(SCALES, "lane"), "lane_without_gate"),
    ]


def test_a_device_that_moves_to_another_gate_leaves_its_lane(clerk, cast):
    south = services.add_gate(None, cast.unit, name="南门")
    services.add_gate(None, cast.unit, name="北门")
    services.add_scale(None, cast.unit, lane=services.add_lane(None, south))
    found = take(clerk, scales=[{"code": cast.unit.code, "number": 1, "gate": 2}])
    assert not errors(found)
    scale = Scale.objects.get()
    assert (scale.gate.number, scale.lane) == (2, None)


def test_numbers_and_serial_numbers_stand_once(clerk, cast):
    services.add_scale(None, cast.unit, serial="SL-1")
    scales = [
        {"code": cast.unit.code, "number": number, "serial": serial}
        for number, serial in ((2, "SL-2"), (2, "SL-3"), (3, "SL-2"), (4, "SL-1"))
    ]
    found = plan(clerk, scales=scales)
    assert actions(found) == ["new", "refused", "refused", "refused"]
    assert [code for _column, code in errors(found)] == [
        "number_twice",
        "serial_twice",
        "serial_in_ledger",
    ]


def test_certificates_are_checked_against_the_calendar_and_the_scale_against_its_class(clerk, cast):
    def scale(number: int, **cells: Any) -> Row:
        return {"code": cast.unit.code, "number": number} | cells

    day = timedelta(days=1)
    found = plan(
        clerk,
        scales=[
            scale(1, verified_on=TODAY, certificate_expires_on=TODAY - day),
            scale(2, certificate_expires_on=TODAY - day),
            scale(3, accuracy_class="IIII 级", e_kg=1, max_kg=100),
            scale(4, accuracy_class="动态 5 级", e_kg=50, max_kg=40),
        ],
    )
    assert errors(found) == [(place(SCALES, "certificate_expires_on"), "date_before")]
    assert warnings(found) == {"certificate_expired", "scale_intervals"}


def test_a_new_thing_needs_its_kind_and_a_known_one_does_not(clerk, cast):
    services.add_equipment(None, cast.unit, kind="camera")
    found = plan(
        clerk,
        things=[
            {"code": cast.unit.code, "number": 1, "position": "磅房"},
            {"code": cast.unit.code, "number": 2},
        ],
    )
    assert actions(found) == ["changed", "refused"]
    assert errors(found) == [(place(EQUIPMENT, "kind"), "missing_choice")]


def test_what_the_file_does_not_name_stays(clerk, cast):
    gate = services.add_gate(None, cast.unit, name="南门")
    services.add_lane(None, gate)
    services.add_scale(None, cast.unit)
    take(clerk, lanes=[{"code": cast.unit.code, "gate": 2, "gate_name": "北门"}])
    assert (Gate.objects.count(), Lane.objects.count(), Scale.objects.count()) == (2, 1, 1)


# between the dry run and the writing


def test_a_plan_is_written_only_while_it_is_the_one_that_was_confirmed(clerk, cast):
    content = read(book([unit(1), unit(2, name="测试甲煤矿", address="新址")]))
    seen = plan_import(content, known_to(clerk)).fingerprint()
    services.change_unit(None, cast.unit, address="别人改的")
    with pytest.raises(LedgerChanged) as changed:
        import_book(clerk, content, "测试.xlsx", seen)
    assert not SourceUnit.objects.filter(name="示例1号煤场").exists()
    assert changes_of(changed.value.plan, 1)["详细地址"] == ("别人改的", "新址")
    import_book(clerk, content, "测试.xlsx", changed.value.plan.fingerprint())
    assert SourceUnit.objects.filter(name="示例1号煤场").exists()


def test_a_change_that_the_file_does_not_touch_disturbs_nobody(clerk, cast):
    content = read(book([unit(1)]))
    seen = plan_import(content, known_to(clerk)).fingerprint()
    services.change_unit(None, cast.unit, address="别人改的")
    import_book(clerk, content, "测试.xlsx", seen)
    assert SourceUnit.objects.filter(name="示例1号煤场").exists()


def changes_of(found: Plan, index: int) -> dict[str, tuple[str, str]]:
    return {change.heading: (change.old, change.new) for change in found.rows[index].changes}
