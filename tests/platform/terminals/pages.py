"""Entries of the pages about terminals. See tests/platform/every_page.py."""

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


def _move(route: str) -> Page:
    return Page(
        route,
        who(open_to=KEEPERS, hidden_from=NEIGHBOUR),
        args=lambda scene: [scene.terminal.code],
        max_queries=6,
        fixed="asks for a reason",
    )


PAGES = [
    Page(
        "terminals:terminals",
        who(open_to=EVERYBODY - OUTSIDER),
        max_queries=8,
        grow=lambda scene: scene.more_terminals(12),
    ),
    Page(
        "terminals:new_terminal",
        who(open_to=KEEPERS, hidden_from=NEIGHBOUR),
        args=lambda scene: [scene.cast.unit.code],
        max_queries=6,
        grow=lambda scene: scene.more_gates(3),
    ),
    Page(
        "terminals:terminal",
        who(open_to=OFFICES | OWN_UNIT, hidden_from=ELSEWHERE),
        args=lambda scene: [scene.terminal.code],
        max_queries=9,
        grow=lambda scene: scene.more_terminals(4),
    ),
    Page(
        "terminals:enrolment_code",
        who(open_to=KEEPERS, hidden_from=NEIGHBOUR),
        args=lambda scene: [scene.terminal.code],
        method="post",
    ),
    _move("terminals:suspend"),
    _move("terminals:resume"),
    _move("terminals:retire"),
]
