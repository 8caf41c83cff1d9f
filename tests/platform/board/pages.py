"""Entries of the live board. See tests/platform/every_page.py."""

from tests.platform.every_page import EVERYBODY, NEIGHBOUR, OFFICES, OUTSIDER, Page, who

# people of the other unit see the county's board with their own unit alone on it
WATCHERS = EVERYBODY - OUTSIDER - NEIGHBOUR

PAGES = [
    Page("board:start", who(open_to=EVERYBODY - OUTSIDER, status=302)),
    Page(
        "board:board",
        who(open_to=WATCHERS, hidden_from=NEIGHBOUR),
        args=lambda scene: [scene.cast.unit.region_id],
        max_queries=15,
        grow=lambda scene: (scene.more_records(5), scene.more_terminals(4)),
    ),
    Page(
        "board:events",
        who(open_to=WATCHERS, hidden_from=NEIGHBOUR),
        args=lambda scene: [scene.cast.unit.region_id],
    ),
    Page("board:wall_start", who(open_to=OFFICES | NEIGHBOUR, status=302)),
    Page(
        "board:wall",
        who(open_to=OFFICES, hidden_from=NEIGHBOUR),
        args=lambda scene: [scene.cast.unit.region_id],
        max_queries=24,
        grow=lambda scene: (scene.more_records(5), scene.more_terminals(4)),
    ),
    Page(
        "board:wall",
        who(open_to={"city_clerk", "province_head"}, hidden_from=OFFICES | NEIGHBOUR),
        args=lambda scene: [scene.cast.unit.region.parent_id],
        query="?city",
        reader="city_clerk",
        max_queries=24,
        grow=lambda scene: (scene.more_records(5), scene.more_terminals(4)),
    ),
    Page(
        "board:wall_events",
        who(open_to=OFFICES, hidden_from=NEIGHBOUR),
        args=lambda scene: [scene.cast.unit.region_id],
    ),
]
