"""Entries of the ledger's pages. See tests/platform/every_page.py."""

from tests.platform.every_page import (
    ELSEWHERE,
    EVERYBODY,
    KEEPERS,
    NEIGHBOUR,
    OFFICES,
    OUTSIDER,
    OWN_UNIT,
    Page,
    who,
)

PAGES = [
    Page(
        "ledger:units",
        who(open_to=EVERYBODY - OUTSIDER),
        max_queries=8,
        grow=lambda scene: scene.more_units(12),
    ),
    Page(
        "ledger:new_unit",
        who(open_to=KEEPERS | NEIGHBOUR),
        max_queries=9,
        fixed="shows one form",
    ),
    Page(
        "ledger:unit",
        who(open_to=OFFICES | OWN_UNIT, hidden_from=ELSEWHERE),
        args=lambda scene: [scene.cast.unit.code],
        max_queries=11,
        grow=lambda scene: (scene.more_terminals(6), scene.more_gates(2)),
    ),
    Page(
        "ledger:edit_unit",
        who(open_to=KEEPERS, hidden_from=NEIGHBOUR),
        args=lambda scene: [scene.cast.unit.code],
        max_queries=10,
        fixed="shows one form",
    ),
    Page(
        "ledger:new_gate",
        who(open_to=KEEPERS, hidden_from=NEIGHBOUR),
        args=lambda scene: [scene.cast.unit.code],
        max_queries=5,
        fixed="shows one form",
    ),
    Page(
        "ledger:new_lane",
        who(open_to=KEEPERS, hidden_from=NEIGHBOUR),
        args=lambda scene: [scene.cast.unit.code, scene.gate.number],
        max_queries=5,
        fixed="shows one form",
    ),
]
