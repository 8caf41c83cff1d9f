"""Entries of the ledger's pages. See tests/platform/every_page.py."""

from __future__ import annotations

from typing import Any

from tests.platform.every_page import (
    ELSEWHERE,
    EVERYBODY,
    KEEPERS,
    NEIGHBOUR,
    OFFICES,
    OUTSIDER,
    OWN_UNIT,
    SUPERVISORS,
    Page,
    Scene,
    who,
)
from tests.platform.ledger.books import book, unit

READERS = who(open_to=OFFICES | OWN_UNIT, hidden_from=ELSEWHERE)
WRITERS = who(open_to=KEEPERS, hidden_from=NEIGHBOUR)
WROTE = who(open_to=KEEPERS, hidden_from=NEIGHBOUR, status=302)
# an upload belongs to the one who made it, whatever others may do
OTHERS = (KEEPERS - {"county_clerk"}) | NEIGHBOUR
MINE = who(open_to={"county_clerk"}, hidden_from=OTHERS)
MY_WRITE = who(open_to={"county_clerk"}, hidden_from=OTHERS, status=302)


def own_unit(scene: Scene) -> list[Any]:
    return [scene.cast.unit.code]


def at_gate(scene: Scene) -> list[Any]:
    return [scene.cast.unit.code, scene.gate.number]


def at_lane(scene: Scene) -> list[Any]:
    return [*at_gate(scene), 1]


def closed_unit(scene: Scene) -> list[Any]:
    from django.utils.timezone import localdate

    from hengyuan.platform.ledger.services import close_unit

    def close() -> Any:
        return close_unit(None, scene.cast.unit, on=localdate(), reason="测试")

    return [scene.keep("closed", close).code]


def a_scale(scene: Scene) -> list[Any]:
    from hengyuan.platform.ledger.services import add_scale

    scale = scene.keep("scale", lambda: add_scale(None, scene.cast.unit))
    return [scene.cast.unit.code, scale.number]


def a_thing(scene: Scene) -> list[Any]:
    from hengyuan.platform.ledger.services import add_equipment

    thing = scene.keep("thing", lambda: add_equipment(None, scene.cast.unit, kind="camera"))
    return [scene.cast.unit.code, thing.number]


def more_equipment(scene: Scene) -> None:
    from django.utils.timezone import localdate

    from hengyuan.platform.ledger.services import add_equipment, add_scale

    scene.more_gates(2)
    gate = scene.cast.unit.gates.first()
    lane = gate.lanes.first()
    for _ in range(3):
        add_scale(None, scene.cast.unit, gate=gate, lane=lane, certificate_expires_on=localdate())
        add_equipment(None, scene.cast.unit, kind="camera", gate=gate, lane=lane)


def more_neighbours(scene: Scene) -> None:
    from hengyuan.platform.ledger.services import change_unit

    for number, near in enumerate([scene.cast.unit, *scene.more_units(4)]):
        place = {"longitude": f"111.6{number}", "latitude": "36.25"}
        change_unit(None, near, **place)


def two_units(scene: Scene) -> list[Any]:
    return [scene.cast.unit.code, scene.cast.other_unit.code]


def more_pairs(scene: Scene) -> None:
    from hengyuan.platform.ledger.services import change_unit, not_duplicate

    units = scene.more_units(4)
    for made in units:
        change_unit(None, made, credit_code="91141024MA0T000019")
    not_duplicate(scene.cast.county_clerk, *units[:2], reason="两个厂区")


def an_import(scene: Scene) -> list[Any]:
    from hengyuan.platform.ledger.importing import sessions

    rows = [unit(1), unit(2, kind="赌场"), unit(3, annual_throughput_t="260000")]

    def upload() -> Any:
        return sessions.upload(scene.cast.county_clerk, "摸底.xlsx", book(rows))

    return [scene.keep("import", upload).pk]


def a_failed_import(scene: Scene) -> list[Any]:
    from hengyuan.platform.ledger.models import ImportSession

    key = an_import(scene)[0]
    ImportSession.objects.filter(pk=key).update(state="failed")
    return [key]


def an_import_at_work(scene: Scene) -> list[Any]:
    from hengyuan.platform.ledger.models import ImportSession

    key = an_import(scene)[0]
    ImportSession.objects.filter(pk=key).update(state="checking", rows_done=1, rows_total=3)
    return [key]


def more_imports(scene: Scene) -> None:
    from hengyuan.platform.ledger.importing import sessions

    for number in range(2):
        sessions.upload(scene.cast.county_clerk, f"{number}.xlsx", book([unit(1)]))


GATE = {"name": "南门", "direction": "out"}
REASON = {"reason": "资源枯竭", "on": "2026-01-01", "state": "working"}

PAGES = [
    Page(
        "ledger:units",
        who(open_to=EVERYBODY - OUTSIDER),
        max_queries=12,
        grow=lambda scene: scene.more_units(12),
    ),
    Page(
        "ledger:new_unit",
        who(open_to=KEEPERS | NEIGHBOUR),
        max_queries=9,
        fixed="shows one form",
    ),
    Page(
        "ledger:change_units",
        who(open_to=KEEPERS | NEIGHBOUR, status=302),
        method="post",
        data=lambda scene: {"unit": scene.cast.unit.code, "change": "mode-patrol"},
    ),
    Page("ledger:export", who(open_to=OFFICES | NEIGHBOUR), method="post"),
    Page(
        "ledger:certificates",
        who(open_to=EVERYBODY - OUTSIDER),
        max_queries=9,
        grow=more_equipment,
    ),
    Page(
        "ledger:template",
        who(open_to=KEEPERS | NEIGHBOUR),
        max_queries=6,
        fixed="a workbook without rows",
    ),
    Page(
        "ledger:imports",
        who(open_to=KEEPERS | NEIGHBOUR),
        max_queries=7,
        grow=more_imports,
    ),
    Page("ledger:import", MINE, args=an_import, max_queries=6, fixed="one kept report"),
    Page(
        "ledger:import_progress",
        MINE,
        args=an_import_at_work,
        max_queries=5,
        fixed="one import",
    ),
    Page("ledger:import_problems", MINE, args=an_import, max_queries=6, fixed="one kept report"),
    Page("ledger:confirm_import", MY_WRITE, args=an_import, method="post"),
    Page("ledger:check_import", MY_WRITE, args=a_failed_import, method="post"),
    Page("ledger:cancel_import", MY_WRITE, args=an_import, method="post"),
    Page(
        "ledger:duplicates",
        who(open_to=KEEPERS | NEIGHBOUR),
        max_queries=9,
        grow=more_pairs,
    ),
    Page("ledger:pair", WRITERS, args=two_units, max_queries=16, fixed="two units"),
    Page(
        "ledger:merge",
        WROTE,
        args=two_units,
        method="post",
        data=lambda scene: REASON | {"kept": scene.cast.unit.code},
    ),
    Page("ledger:not_duplicate", WROTE, args=two_units, method="post", data=lambda scene: REASON),
    Page(
        "ledger:unit",
        READERS,
        args=own_unit,
        max_queries=7,
        fixed="the facts of one unit",
    ),
    Page(
        "ledger:unit_equipment",
        READERS,
        args=own_unit,
        max_queries=8,
        grow=more_equipment,
    ),
    Page(
        "ledger:unit_terminals",
        READERS,
        args=own_unit,
        max_queries=7,
        grow=lambda scene: scene.more_terminals(6),
    ),
    Page(
        "ledger:unit_position",
        READERS,
        args=own_unit,
        max_queries=6,
        grow=more_neighbours,
    ),
    Page(
        "ledger:unit_history",
        who(open_to=SUPERVISORS | {"unit_manager"}, hidden_from=NEIGHBOUR),
        args=own_unit,
        max_queries=22,
        grow=more_equipment,
    ),
    Page(
        "ledger:edit_unit",
        WRITERS,
        args=own_unit,
        max_queries=10,
        fixed="shows one form",
    ),
    Page("ledger:close_unit", WRITERS, args=own_unit, max_queries=6, fixed="shows one form"),
    Page("ledger:reopen_unit", WRITERS, args=closed_unit, max_queries=6, fixed="shows one form"),
    Page("ledger:new_gate", WRITERS, args=own_unit, max_queries=5, fixed="shows one form"),
    Page("ledger:edit_gate", WRITERS, args=at_gate, max_queries=5, fixed="shows one form"),
    Page("ledger:remove_gate", WROTE, args=at_gate, method="post"),
    Page("ledger:new_lane", WRITERS, args=at_gate, max_queries=5, fixed="shows one form"),
    Page("ledger:edit_lane", WRITERS, args=at_lane, max_queries=5, fixed="shows one form"),
    Page("ledger:remove_lane", WROTE, args=at_lane, method="post"),
    Page("ledger:new_scale", WRITERS, args=own_unit, max_queries=7, fixed="shows one form"),
    Page("ledger:edit_scale", WRITERS, args=a_scale, max_queries=7, fixed="shows one form"),
    Page("ledger:remove_scale", WROTE, args=a_scale, method="post"),
    Page("ledger:new_thing", WRITERS, args=own_unit, max_queries=7, fixed="shows one form"),
    Page("ledger:edit_thing", WRITERS, args=a_thing, max_queries=7, fixed="shows one form"),
    Page("ledger:remove_thing", WROTE, args=a_thing, method="post"),
]
