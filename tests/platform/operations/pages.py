"""Entry of the page of operations. See tests/platform/every_page.py."""

from tests.platform.every_page import Page, who

PAGES = [
    Page(
        "operations:overview",
        who(open_to={"province_head", "county_head"}),
        reader="county_head",
        max_queries=14,
        fixed="figures of the platform as a whole",
    ),
]
