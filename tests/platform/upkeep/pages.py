"""Entries of the pages about upkeep. See tests/platform/every_page.py."""

from hengyuan.platform.upkeep.models import JournalEntry
from tests.platform.every_page import EVERYBODY, OUTSIDER, Page, Scene, who
from tests.platform.upkeep.stories import tell


def _more(scene: Scene) -> None:
    terminal = scene.enrolled
    first = JournalEntry.objects.filter(terminal=terminal).count() + 1
    story = [
        ("ticket_opened", {"ticket": first, "device": "LED", "problem": "无显示", "by": "门卫甲"}),
        ("scale_verified", {"scale": f"磅{first}", "valid_until": "2020-01-01"}),
        ("left_unweighed", "backed_off"),
    ]
    tell(terminal, story, first)


PAGES = [
    Page("upkeep:matters", who(open_to=EVERYBODY - OUTSIDER), max_queries=8, grow=_more),
    Page(
        "upkeep:counties",
        who(open_to={"province_head", "city_clerk"}),
        reader="city_clerk",
        max_queries=7,
        grow=_more,
    ),
    Page("upkeep:matters_excel", who(open_to=EVERYBODY - OUTSIDER), method="post"),
    Page("upkeep:journal", who(open_to=EVERYBODY - OUTSIDER), max_queries=8, grow=_more),
    Page("upkeep:journal_excel", who(open_to=EVERYBODY - OUTSIDER), method="post"),
]
