"""The day on which all of it happens, and a county with a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import time_machine

if TYPE_CHECKING:
    from tests.conftest import Cast
    from tests.platform.publication.county import County

TODAY = "2026-05-08 10:00+08:00"


@pytest.fixture(autouse=True)
def on_the_day() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=False):
        yield


@pytest.fixture
def county(cast: Cast) -> County:
    """The cast's two units, a key one, one under construction, one closed."""
    from hengyuan.platform.ledger.models import Grade, WorkingState
    from hengyuan.platform.ledger.services import change_unit
    from hengyuan.platform.regions.models import Region
    from tests.platform.publication.county import County

    for unit in (cast.unit, cast.other_unit):
        change_unit(None, unit, credit_code=f"91141024MA0CADT{unit.code[-3:]}", address="某村")
    made = County(cast, cast.county_clerk, cast.county_head, Region.objects.get(pk="141024"))
    made.unit("测试大矿", grade=Grade.KEY)
    made.unit("测试在建厂", state=WorkingState.BUILDING)
    made.unit("测试关闭矿", state=WorkingState.CLOSED)
    return made
