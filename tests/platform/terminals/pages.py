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
    Scene,
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


def _more_commands(scene: Scene) -> None:
    """Further things asked of the terminal, and further terminals."""
    from hengyuan.platform.terminals.services import send_command

    scene.more_terminals(4)
    for _ in range(3):
        send_command(scene.enrolled, "update", {}, scene.cast.county_clerk)


def _more_orders(scene: Scene) -> None:
    """Further settings sent to the terminal."""
    from hengyuan.platform.terminals.directing import send_settings

    for number in range(3):
        text = f"[retention]\nevidence_days = {30 + number}\n"
        send_settings(scene.enrolled, scene.cast.county_clerk, text, "试验", whole=False)


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
        args=lambda scene: [scene.enrolled.code],
        max_queries=11,
        grow=_more_commands,
    ),
    Page(
        "terminals:enrolment_code",
        who(open_to=KEEPERS, hidden_from=NEIGHBOUR),
        args=lambda scene: [scene.terminal.code],
        method="post",
    ),
    Page(
        "terminals:settings",
        who(open_to=KEEPERS, hidden_from=NEIGHBOUR),
        args=lambda scene: [scene.enrolled.code],
        max_queries=8,
        grow=_more_orders,
    ),
    Page(
        "terminals:rule_pack",
        who(open_to=KEEPERS, hidden_from=NEIGHBOUR),
        args=lambda scene: [scene.enrolled.code],
        max_queries=6,
        fixed="one form",
    ),
    _move("terminals:suspend"),
    _move("terminals:resume"),
    _move("terminals:retire"),
]
