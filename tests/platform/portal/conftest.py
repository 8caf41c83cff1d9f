"""A county that has published, people who are not logged in, and forms that they fill in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import time_machine

if TYPE_CHECKING:
    from django.test import Client

    from hengyuan.platform.portal.models import Report
    from tests.conftest import Cast
    from tests.platform.publication.county import County

NOW = "2026-05-10 10:00+08:00"


@pytest.fixture(autouse=True)
def on_the_day() -> Iterator[None]:
    """Two days after the county of `publication.county` publishes."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def no_counts_from_before() -> Iterator[None]:
    """Every test begins with an address that has asked for nothing yet, and leaves none behind."""
    from django.core.cache import cache

    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def county(cast: Cast) -> County:
    """The cast's county with two units that can be published."""
    from hengyuan.platform.ledger.services import change_unit
    from tests.platform.publication.county import County

    for unit in (cast.unit, cast.other_unit):
        change_unit(None, unit, credit_code=f"91141024MA0CADT{unit.code[-3:]}", address="某村")
    return County(cast, cast.county_clerk, cast.county_head, cast.unit.region)


@pytest.fixture
def visitor(db: None) -> Client:
    """Somebody without a login."""
    from django.test import Client

    return Client()


@pytest.fixture
def report(cast: Cast) -> Report:
    """A report to the cast's county, with a contact."""
    from tests.platform.portal.reports import filed

    return filed(cast.unit.region)
