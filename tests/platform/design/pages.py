"""Entries of the design pages. See tests/platform/every_page.py."""

from tests.platform.every_page import NEIGHBOUR, SUPERVISORS, Page, who

PAGES = [
    Page(
        "design:parts",
        who(open_to=SUPERVISORS | NEIGHBOUR),
        max_queries=8,
        fixed="shows invented things, the same ones always",
    ),
    Page(
        "design:table",
        who(open_to=SUPERVISORS | NEIGHBOUR),
        max_queries=4,
        fixed="shows invented rows, the same ones always",
    ),
]
