"""Entries of the pages about months and holds. See tests/platform/every_page.py."""

from datetime import date
from typing import Any

from tests.platform.every_page import (
    KEEPERS,
    NEIGHBOUR,
    SUPERVISORS,
    Page,
    Scene,
    who,
)

HOLDERS = KEEPERS | {"province_head"}


def _hold(scene: Scene) -> Any:
    from hengyuan.platform.history.models import EvidenceHold

    def make() -> Any:
        return EvidenceHold.objects.create(
            region=scene.cast.unit.region,
            terminal=scene.records,
            first_seq=1,
            case="晋浮运罚〔2026〕1号",
            reason="立案调查",
            set_by=scene.cast.county_clerk,
        )

    return scene.keep("hold", make)


def _more_holds(scene: Scene) -> None:
    from hengyuan.platform.history.models import EvidenceHold

    EvidenceHold.objects.bulk_create(
        EvidenceHold(
            region=scene.cast.unit.region,
            terminal=scene.enrolled,
            case=f"案{number}",
            reason="立案调查",
            set_by=scene.cast.county_clerk,
        )
        for number in range(5)
    )


def _more_months(scene: Scene) -> None:
    from hengyuan.platform.history.models import MonthSeal, SealState

    last = MonthSeal.objects.count()
    for number in range(last, last + 4):
        MonthSeal.objects.create(
            month=date(2020 + number // 12, number % 12 + 1, 1),
            part=1,
            state=SealState.EXPIRED,
            digest=bytes(32),
            by=scene.cast.province_head,
        )


PAGES = [
    Page(
        "history:months",
        who(open_to={"province_head", "county_head"}),
        reader="province_head",
        max_queries=9,
        grow=_more_months,
    ),
    Page(
        "history:seal",
        who(open_to={"province_head"}, status=302),
        args=lambda scene: ["2020-01"],
        method="post",
        reader="province_head",
    ),
    Page("history:holds", who(open_to=SUPERVISORS | NEIGHBOUR), max_queries=8, grow=_more_holds),
    Page(
        "history:new_hold",
        who(open_to=HOLDERS | NEIGHBOUR),
        max_queries=6,
        fixed="a form: nothing of it grows with the records",
    ),
    Page(
        "history:new_hold",
        who(open_to=HOLDERS | NEIGHBOUR, status=422),
        method="post",
    ),
    Page(
        "history:hold",
        who(open_to=SUPERVISORS, hidden_from=NEIGHBOUR),
        args=lambda scene: [_hold(scene).pk],
        max_queries=14,
        fixed="one hold; its records are counted up to a limit",
    ),
]
