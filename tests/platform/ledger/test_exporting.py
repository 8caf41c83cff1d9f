"""The template, and the ledger as a file that can be edited and imported again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import localdate

from hengyuan.platform.ledger import services
from hengyuan.platform.ledger.exporting import export_workbook, template_workbook
from hengyuan.platform.ledger.importing.columns import CHOICES, INSTRUCTIONS, SHEETS, UNITS
from hengyuan.platform.ledger.importing.known import known_to
from hengyuan.platform.ledger.importing.planning import plan_import
from hengyuan.platform.ledger.importing.sheets import read
from hengyuan.platform.ledger.models import SourceUnit
from hengyuan.platform.regions.models import Region
from tests.platform.ledger.books import column_letter, credit_code, opened, saved

pytestmark = pytest.mark.django_db


@pytest.fixture
def whole(cast) -> SourceUnit:
    """A unit with everything that a unit can have."""
    unit = services.change_unit(
        None,
        cast.unit,
        name="=1+1示例煤矿",
        credit_code=credit_code(1),
        township=Region.objects.get(pk="141024100"),
        address="示例路",
        longitude="111.672300",
        latitude="36.253400",
        legal_person="示例甲",
        contact_name="示例乙",
        contact_phone="0357-0000000",
        annual_throughput_t=260_000,
        cargo_codes=["0100", "1200"],
        grade="key",
        supervision_mode="electronic",
    )
    gate = services.add_gate(None, unit, name="南门", direction="out")
    services.add_gate(None, unit, name="北门", direction="in")
    lane = services.add_lane(None, gate, name="出场道")
    today = localdate()
    services.add_scale(
        None,
        unit,
        lane=lane,
        accuracy_class="III",
        e_kg=20,
        max_kg=120_500,
        serial="0001",
        certificate_no="检1",
        verified_on=today,
        certificate_expires_on=today + timedelta(days=300),
    )
    services.add_equipment(None, unit, kind="plate-camera", gate=gate, position="前方")
    services.close_unit(None, cast.other_unit, on=today, reason="停办")
    return unit


def counties() -> list[Region]:
    return list(Region.objects.counties().filter(parent="141000"))


def test_what_is_exported_and_imported_again_changes_nothing(cast, whole):
    content = export_workbook(SourceUnit.objects.all(), counties())
    plan = plan_import(read(content), known_to(cast.city_clerk))
    assert not plan.errors
    assert not plan.has_work
    assert plan.counts() == {"unchanged": 3 + 2 + 1 + 1}


def test_an_edited_export_changes_what_was_edited_and_nothing_else(cast, whole):
    made = opened(export_workbook(SourceUnit.objects.filter(pk=whole.pk), counties()))
    made[UNITS.name][f"{column_letter(UNITS, 'address')}2"] = "新址"
    plan = plan_import(read(saved(made)), known_to(cast.city_clerk))
    changed = [row for row in plan.rows if row.action == "changed"]
    assert [(row.target, [tuple(vars_of(c)) for c in row.changes]) for row in changed] == [
        (whole.code, [("详细地址", "示例路", "新址")])
    ]


def vars_of(change) -> tuple[str, str, str]:
    return change.heading, change.old, change.new


def test_texts_stay_texts_and_codes_keep_their_zeros(whole):
    made = opened(export_workbook(SourceUnit.objects.filter(pk=whole.pk), counties()))
    name = made[UNITS.name][f"{column_letter(UNITS, 'name')}2"]
    assert (name.data_type, name.value) == ("s", "=1+1示例煤矿")
    assert made["称重设备"]["L2"].value == "0001"
    for sheet in SHEETS:
        for row in made[sheet.name].iter_rows():
            assert not [cell.coordinate for cell in row if cell.data_type == "f"]


def test_the_template_offers_what_can_be_chosen(db):
    made = opened(template_workbook(counties()))
    assert [*made.sheetnames] == [*(sheet.name for sheet in SHEETS), INSTRUCTIONS, CHOICES]
    assert made[CHOICES].sheet_state == "hidden"
    lists = {
        str(rule.sqref).split(":")[0]: rule.formula1
        for rule in made[UNITS.name].data_validations.dataValidation
        if rule.type == "list"
    }
    for name in ("region", "township", "kind", "grade", "supervision_mode", "state", "clear"):
        assert f"{column_letter(UNITS, name)}2" in lists
    # the townships of the county that stands in the same row
    assert lists[f"{column_letter(UNITS, 'township')}2"] == "INDIRECT($D2)"
    assert {county.name for county in counties()} - set(made.defined_names) == {"临汾经济开发区"}


def test_the_template_of_one_county_offers_its_townships_at_once(db):
    made = opened(template_workbook([Region.objects.get(pk="141024")]))
    rule = next(
        rule
        for rule in made[UNITS.name].data_validations.dataValidation
        if str(rule.sqref).startswith(f"{column_letter(UNITS, 'township')}2")
    )
    column = rule.formula1.split("$")[1]
    values = [cell.value for cell in made[CHOICES][column]]
    assert "大槐树镇" in values
    assert "乐昌镇" not in values


def test_the_instructions_name_every_column(db):
    made = opened(template_workbook(counties()))
    lines = {(row[0].value, row[1].value) for row in made[INSTRUCTIONS].iter_rows()}
    for sheet in SHEETS:
        for column in sheet.columns:
            assert (sheet.name, column.heading) in lines


def test_the_number_of_queries_does_not_grow_with_the_units(
    cast, whole, django_assert_max_num_queries
):
    for number in range(20):
        unit = services.register_unit(
            None, region=whole.region, name=f"示例{number}号煤矿", kind="coal"
        )
        services.add_lane(None, services.add_gate(None, unit, name="南门"))
        services.add_scale(None, unit)
    with django_assert_max_num_queries(12):
        export_workbook(SourceUnit.objects.all(), counties())
