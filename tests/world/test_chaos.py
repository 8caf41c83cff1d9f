"""Power cuts come when they are planned: spread over the run, each thing as often as was asked."""

import asyncio
from itertools import chain
from types import SimpleNamespace
from typing import Any

import pytest

from hengyuan.world.demo import chaos as chaos_module
from hengyuan.world.demo.chaos import Chaos, Killer
from hengyuan.world.demo.traffic import held_back


class FakeChild:
    def __init__(self, name: str, happened: list[str]) -> None:
        self.name = name
        self._happened = happened

    def kill(self) -> None:
        self._happened.append(f"kill {self.name}")

    def start(self) -> None:
        self._happened.append(f"start {self.name}")


class FakeTown:
    """Three stations and a platform that only write down what is done to them."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.platform = FakeChild("platform", self.happened)
        self.platform_down_on_purpose = False
        self.postgres = SimpleNamespace(pid=lambda: self.happened.append("look for database"))
        self.stations: list[Any] = [
            SimpleNamespace(
                terminal=SimpleNamespace(code=code),
                child=FakeChild(code, self.happened),
                down_on_purpose=False,
            )
            for code in ("a", "b", "c")
        ]

    async def wait_for_platform(self) -> None:
        assert self.platform_down_on_purpose

    async def wait_for_terminal(self, station: Any) -> None:
        assert station.down_on_purpose


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chaos_module, "MOMENT_S", (0.0, 0.0))
    monkeypatch.setattr(chaos_module, "DOWN_S", (0.0, 0.0))


def drive(chaos: Chaos, trucks: int = 30) -> tuple[FakeTown, Killer, dict[int, list[str]]]:
    """Let trucks come to a, b, c in turn; what happened, by the number of trucks so far."""
    town = FakeTown()
    happened: dict[int, list[str]] = {}

    async def run() -> Killer:
        killer = Killer(town, chaos, trucks, seed=1)  # type: ignore[arg-type]
        for number in range(1, trucks + 1):
            before = len(town.happened)
            killer.entering(town.stations[(number - 1) % 3], number)
            await killer.finish()
            if town.happened[before:]:
                happened[number] = town.happened[before:]
        return killer

    return town, asyncio.run(run()), happened


def test_without_chaos_nothing_is_killed() -> None:
    assert drive(Chaos())[2] == {}


def test_the_platform_dies_as_often_as_asked_and_every_second_time_with_its_database() -> None:
    town, killer, happened = drive(Chaos(platform_kills=3))
    assert [number for number, _ in happened.items()] == [8, 15, 22]
    assert happened[8] == ["kill platform", "start platform"]
    assert happened[15] == ["kill platform", "look for database", "start platform"]
    assert killer.platform_kills == 3
    assert not town.platform_down_on_purpose


def test_each_terminal_dies_once_with_a_truck_coming_to_its_own_gate() -> None:
    town, killer, happened = drive(Chaos(kill_terminals=True))
    assert sorted(chain.from_iterable(happened.values())) == sorted(
        f"{what} {code}" for what in ("kill", "start") for code in "abc"
    )
    for number, what in happened.items():
        assert what[0] == f"kill {'abc'[(number - 1) % 3]}"
    assert killer.terminal_kills == 3
    assert not any(station.down_on_purpose for station in town.stations)


@pytest.mark.parametrize(
    ("queue", "uplink", "said"),
    [
        ({"records": 0, "files": 0}, {"error": None, "refused": None}, ""),
        ({"records": 2, "files": 0}, {"error": None, "refused": None}, "2 records, 0 files"),
        ({"records": 0, "files": 3}, {"error": "HTTP 503", "refused": None}, "HTTP 503"),
        ({"records": 1, "files": 0}, {"error": None, "refused": "bad_record"}, "bad_record"),
    ],
)
def test_what_a_terminal_holds_back_is_said_with_its_reason(
    queue: dict[str, int], uplink: dict[str, Any], said: str
) -> None:
    found = held_back({"queue": queue, "uplink": uplink})
    assert (found == "") == (said == "")
    assert said in found


def test_a_terminal_that_does_not_answer_may_hold_something_back() -> None:
    assert held_back(None) != ""
