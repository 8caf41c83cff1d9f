"""Entries of the pages beside the apps. See tests/platform/every_page.py."""

from tests.platform.every_page import ANONYMOUS, EVERYBODY, Page, who

PAGES = [
    Page(
        "home",
        who(open_to=EVERYBODY),
        # a fixed number for each app that has duties
        max_queries=28,
        grow=lambda scene: (scene.more_units(4), scene.more_terminals(6), scene.more_records(8)),
    ),
    Page(
        "theme",
        who(open_to=EVERYBODY, status=302, anonymous=302),
        method="post",
        data=lambda scene: {"theme": "dark"},
    ),
    Page(
        "set_language",
        who(open_to=EVERYBODY, status=302, anonymous=302),
        method="post",
        data=lambda scene: {"language": "en"},
    ),
    Page(
        "terminals-enrol",
        who(open_to=EVERYBODY, status=400, anonymous=400) | {ANONYMOUS: 400},
        method="post",
    ),
    Page(
        "terminals-newest-software",
        who(open_to=EVERYBODY, status=404, anonymous=404) | {ANONYMOUS: 404},
        fixed="nothing is offered",
    ),
    Page(
        "terminals-software",
        who(open_to=EVERYBODY, status=404, anonymous=404) | {ANONYMOUS: 404},
        args=lambda scene: ["hengyuan-9.9.9-py3-none-any.whl"],
        fixed="nothing is offered",
    ),
]
