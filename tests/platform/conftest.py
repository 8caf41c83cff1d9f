import asyncio
from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests.conftest import Cast
from tests.platform.records import TestTerminal, current_database_url, empty_intake_tables
from tests.platform.records import enrolled_terminal as enrol_one


@pytest.fixture(autouse=True)
def no_throttle_from_before() -> None:
    """Every test is a new client: what one asked for does not slow down the next."""
    cache.clear()


@pytest.fixture
def committed_intake(transactional_db: None) -> Iterator[None]:
    """Real commits, as intake makes them on its own connections; emptied behind the test."""
    yield
    asyncio.run(empty_intake_tables(current_database_url()))


@pytest.fixture
def enrolled(committed_intake: None, cast: Cast) -> TestTerminal:
    """An enrolled terminal of the cast's unit."""
    return enrol_one(cast.unit, cast.county_clerk)
