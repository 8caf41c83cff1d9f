from dataclasses import dataclass

import pytest
from django.test import Client

from tests.conftest import Cast
from tests.platform.records import TestTerminal, enrolled_terminal
from tests.platform.stored import upload_all, weigh_today


@dataclass
class Gates:
    """A terminal at the cast's unit, at the other unit of the county, and next door."""

    own: TestTerminal
    other: TestTerminal
    neighbour: TestTerminal


@pytest.fixture
def gates(committed_intake: None, cast: Cast) -> Gates:
    """Enrolled terminals that have recorded nothing yet."""
    return Gates(
        enrolled_terminal(cast.unit, cast.county_clerk),
        enrolled_terminal(cast.other_unit, cast.county_clerk),
        enrolled_terminal(cast.neighbour_unit, cast.neighbour_clerk),
    )


@pytest.fixture
def weighed(gates: Gates) -> Gates:
    """Each of the gates has weighed today: own 晋L1000x, other 晋L2000x, next door 晋L3000x."""
    for index in range(3):
        weigh_today(gates.own, 60 + index, plate=f"晋L1000{index}")
    weigh_today(gates.own, 70, plate="晋L10009", gross_kg=58_800, verdict="over")
    weigh_today(gates.other, 80, plate="晋L20000")
    weigh_today(gates.neighbour, 90, plate="晋L30000")
    upload_all(gates.own, gates.other, gates.neighbour)
    return gates


@pytest.fixture
def clerk(client: Client, cast: Cast) -> Client:
    """The county's clerk, logged in."""
    client.force_login(cast.county_clerk)
    return client
