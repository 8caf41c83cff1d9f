"""The trail tells every write with what it changed, at the cost of a few queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hengyuan.platform.audit import trail
from hengyuan.platform.ledger.models import Direction
from hengyuan.platform.ledger.services import add_gate, change_unit

pytestmark = pytest.mark.django_db


def said(entries):
    return [
        (entry.action, [(change.old, change.new) for change in entry.changes]) for entry in entries
    ]


def test_newest_first_with_what_each_write_changed(cast):
    change_unit(cast.county_clerk, cast.unit, name="第二个名字")
    change_unit(cast.county_head, cast.unit, name="第三个名字")
    entries = trail(cast.unit)
    assert said(entries) == [
        ("修改", [("第二个名字", "第三个名字")]),
        ("修改", [("测试甲煤矿", "第二个名字")]),
        ("新增", []),
    ]
    assert [entry.by for entry in entries] == ["County Head", "County Clerk", "County Clerk"]


def test_the_oldest_one_shown_is_compared_with_the_one_that_is_not(cast):
    for name in ("甲", "乙", "丙"):
        change_unit(cast.county_clerk, cast.unit, name=name)
    assert said(trail(cast.unit, last=2)) == [
        ("修改", [("乙", "丙")]),
        ("修改", [("甲", "乙")]),
    ]


def test_records_of_several_kinds_are_told_together_and_not_mixed_up(cast):
    change_unit(cast.county_clerk, cast.unit, name="甲")
    change_unit(cast.county_clerk, cast.other_unit, name="乙")
    gate = add_gate(cast.county_clerk, cast.unit, name="东门", direction=Direction.OUT)
    entries = trail(cast.unit, cast.other_unit, gate)
    assert said(entries)[:3] == [
        ("新增", []),
        ("修改", [("测试乙煤矿", "乙")]),
        ("修改", [("测试甲煤矿", "甲")]),
    ]
    assert "东门" in entries[0].subject
    assert "乙" in entries[1].subject


def test_more_records_cost_no_more_queries(cast):
    def cost(gates):
        with CaptureQueriesContext(connection) as captured:
            trail(cast.unit, *gates)
        return len(captured)

    def gates(count):
        return [
            add_gate(cast.county_clerk, cast.unit, name=f"{n}号门", direction=Direction.OUT)
            for n in range(count)
        ]

    assert cost(gates(2)) == cost(gates(7))
