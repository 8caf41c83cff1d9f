"""Entries of the pages about oneself. See tests/platform/every_page.py."""

from tests.platform.every_page import EVERYBODY, Page, who

PAGES = [
    # whoever is logged in already is sent on
    Page("accounts:login", who(open_to=EVERYBODY, status=302, anonymous=200)),
    Page("accounts:logout", who(open_to=EVERYBODY, status=302, anonymous=302), method="post"),
    Page(
        "accounts:password",
        who(open_to=EVERYBODY),
        max_queries=4,
        fixed="shows one form",
    ),
]
