"""The count finds what is missing, doubled, wrong, altered or out of order, and says which."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hengyuan.platform.weighing.evidence import EvidenceStore
from hengyuan.record.suites import SM2_SM3
from hengyuan.world.axle_records import load_axle_records
from hengyuan.world.devices.screen import Shown
from hengyuan.world.gate import Passage
from hengyuan.world.tally import PlatformBooks, Tally, count
from hengyuan.world.trucks import Truck, trucks
from tests.platform.records import START_MS, TestTerminal, current_database_url, running_lane, send

DIVISION_KG = 20
ENTERED_AT = datetime.fromtimestamp(START_MS / 1000, UTC)
DAY = date(2026, 9, 21)


@pytest.fixture(scope="module")
def fleet() -> list[Truck]:
    """Six trucks, the third one over its limit."""
    wanted = list(islice(trucks(load_axle_records(), seed=1, made_share=0.03), 400))
    over = next(truck for truck in wanted if truck.made)
    return [*wanted[:2], over, *(t for t in wanted[2:6] if t is not over)][:6]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def books(enrolled: TestTerminal, home: Path) -> Iterator[PlatformBooks]:
    books = PlatformBooks(current_database_url(), home)
    yield books
    books.close()


def pictures_of(truck: Truck) -> list[bytes]:
    return [f"{kind} of {truck.plate}".encode() for kind in ("head", "plate")]


def store_pictures(home: Path, *fleet: Truck) -> None:
    store = EvidenceStore(home / "evidence")
    for truck in fleet:
        for data in pictures_of(truck):
            path = store.path(SM2_SM3.digest(data).hex())
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def passage_of(truck: Truck, terminal: TestTerminal, **more: Any) -> Passage:
    over = truck.judged(DIVISION_KG, DAY).over
    shown = Shown((truck.plate,), ("red" if over else "green",), 0.0, ENTERED_AT)
    digests = frozenset(SM2_SM3.digest(data).hex() for data in pictures_of(truck))
    return Passage(
        truck, terminal.code, digests, ENTERED_AT, shown=more.pop("shown", shown), **more
    )


def weigh(terminal: TestTerminal, truck: Truck, **fields: Any) -> None:
    """What a faultless terminal records of a truck."""
    truth = truck.judged(DIVISION_KG, DAY)
    vehicle = truck.vehicle
    head, plate = pictures_of(truck)
    record: dict[str, Any] = {
        "gross_kg": truth.gross_kg,
        "raw_kg": truth.gross_kg,
        "axles": truck.axles,
        "combination": vehicle.combination.value if vehicle.combination else None,
        "layout": "+".join(map(str, truck.layout)),
        "drive_axles": None,
        "group_kg": (),
        "plate": truck.plate,
        "limit_kg": truth.limit_kg,
        "verdict": truth.verdict,
        "assumed": truth.assumed,
        "files": [
            {"digest": SM2_SM3.digest(head).hex(), "kind": "head"},
            {"digest": SM2_SM3.digest(plate).hex(), "kind": "plate"},
        ],
    }
    terminal.weigh(1, **(record | fields))


def upload(terminal: TestTerminal) -> None:
    async def work() -> None:
        async with running_lane() as client:
            answer = await send(client, terminal.batch())
            assert answer.status_code == 200, answer.text

    asyncio.run(work())


def counted(books: PlatformBooks, terminal: TestTerminal, passages: list[Passage]) -> Tally:
    return count(books, passages, {terminal.code: 0}, DIVISION_KG)


def test_a_faultless_run_is_all_right(
    enrolled: TestTerminal, books: PlatformBooks, home: Path, fleet: list[Truck]
) -> None:
    store_pictures(home, *fleet)
    for truck in fleet:
        weigh(enrolled, truck)
    upload(enrolled)
    tally = counted(books, enrolled, [passage_of(truck, enrolled) for truck in fleet])
    assert tally.problems == []
    assert tally.all_right
    assert (tally.trucks, tally.stored, tally.lost, tally.duplicated) == (6, 6, 0, 0)
    assert tally.over_limit >= 1
    assert (tally.pictures_due, tally.pictures_stored) == (12, 12)


def test_what_an_earlier_run_left_is_not_counted(
    enrolled: TestTerminal, books: PlatformBooks, home: Path, fleet: list[Truck]
) -> None:
    store_pictures(home, *fleet)
    for truck in (fleet[0], fleet[0], fleet[1]):
        weigh(enrolled, truck)
    upload(enrolled)
    assert books.watermarks([enrolled.code]) == {enrolled.code: 3}
    tally = count(books, [passage_of(fleet[1], enrolled)], {enrolled.code: 2}, DIVISION_KG)
    assert tally.problems == []
    assert tally.stored == 1


def test_a_truck_that_is_not_stored_is_lost(
    enrolled: TestTerminal, books: PlatformBooks, home: Path, fleet: list[Truck]
) -> None:
    store_pictures(home, *fleet)
    weigh(enrolled, fleet[0])
    upload(enrolled)
    tally = counted(books, enrolled, [passage_of(truck, enrolled) for truck in fleet[:2]])
    assert (tally.stored, tally.lost) == (1, 1)
    assert not tally.nothing_lost
    assert fleet[1].plate in tally.problems[0]


def test_a_truck_that_is_stored_twice_is_doubled(
    enrolled: TestTerminal, books: PlatformBooks, home: Path, fleet: list[Truck]
) -> None:
    store_pictures(home, *fleet)
    weigh(enrolled, fleet[0])
    weigh(enrolled, fleet[0], kind="reweigh", corrects=1)
    upload(enrolled)
    tally = counted(books, enrolled, [passage_of(fleet[0], enrolled)])
    assert (tally.stored, tally.duplicated) == (1, 1)
    assert not tally.nothing_lost


def test_a_record_of_no_truck_is_a_stranger(
    enrolled: TestTerminal, books: PlatformBooks, home: Path, fleet: list[Truck]
) -> None:
    store_pictures(home, *fleet)
    weigh(enrolled, fleet[0])
    weigh(enrolled, fleet[1], plate=None, flags=["camera_missing"])
    upload(enrolled)
    tally = counted(books, enrolled, [passage_of(fleet[0], enrolled)])
    assert tally.strangers == 1
    assert not tally.nothing_lost
    assert "camera_missing" in tally.problems[0]


def test_records_in_another_order_than_the_trucks_came_are_found(
    enrolled: TestTerminal, books: PlatformBooks, home: Path, fleet: list[Truck]
) -> None:
    store_pictures(home, *fleet)
    for truck in (fleet[1], fleet[0], fleet[2]):
        weigh(enrolled, truck)
    upload(enrolled)
    tally = counted(books, enrolled, [passage_of(truck, enrolled) for truck in fleet[:3]])
    assert tally.out_of_order == 1
    assert not tally.nothing_lost


def test_a_wrong_weight_and_a_wrong_verdict_are_found(
    enrolled: TestTerminal, books: PlatformBooks, home: Path, fleet: list[Truck]
) -> None:
    store_pictures(home, *fleet)
    weigh(enrolled, fleet[0], gross_kg=fleet[0].indicated_kg(DIVISION_KG) + 20)
    weigh(enrolled, fleet[2], verdict="pass", limit_kg=150_000)
    upload(enrolled)
    passages = [passage_of(fleet[0], enrolled), passage_of(fleet[2], enrolled)]
    tally = counted(books, enrolled, passages)
    assert (tally.wrong_weights, tally.wrong_verdicts) == (1, 1)
    assert tally.nothing_lost
    assert not tally.all_right


def test_a_display_that_said_the_contrary_is_found(
    enrolled: TestTerminal, books: PlatformBooks, home: Path, fleet: list[Truck]
) -> None:
    store_pictures(home, *fleet)
    weigh(enrolled, fleet[2])
    upload(enrolled)
    green = Shown((fleet[2].plate,), ("green",), 0.0, ENTERED_AT)
    tally = counted(books, enrolled, [passage_of(fleet[2], enrolled, shown=green)])
    assert tally.wrong_on_display == 1
    assert not tally.all_right


def test_a_problem_at_a_gate_is_not_all_right(
    enrolled: TestTerminal, books: PlatformBooks, home: Path, fleet: list[Truck]
) -> None:
    store_pictures(home, *fleet)
    weigh(enrolled, fleet[0])
    upload(enrolled)
    passage = passage_of(fleet[0], enrolled, problems=["the camera could not deliver"])
    tally = counted(books, enrolled, [passage])
    assert tally.gate_problems == 1
    assert not tally.all_right


@pytest.mark.parametrize("fault", ["missing", "altered", "unnamed"])
def test_a_picture_that_is_missing_altered_or_unnamed_is_found(
    enrolled: TestTerminal, books: PlatformBooks, home: Path, fleet: list[Truck], fault: str
) -> None:
    store_pictures(home, *fleet)
    digest = SM2_SM3.digest(pictures_of(fleet[0])[0]).hex()
    path = EvidenceStore(home / "evidence").path(digest)
    if fault == "unnamed":
        weigh(enrolled, fleet[0], files=[])
    else:
        weigh(enrolled, fleet[0])
        path.unlink() if fault == "missing" else path.write_bytes(b"another picture")
    upload(enrolled)
    tally = counted(books, enrolled, [passage_of(fleet[0], enrolled)])
    assert tally.pictures_stored == (0 if fault == "unnamed" else 1)
    assert tally.pictures_due == 2
    assert not tally.nothing_lost


def test_a_row_that_was_altered_breaks_its_chain(
    enrolled: TestTerminal, books: PlatformBooks, home: Path, fleet: list[Truck]
) -> None:
    store_pictures(home, *fleet)
    for truck in fleet[:3]:
        weigh(enrolled, truck)
    upload(enrolled)
    with psycopg.connect(current_database_url(), autocommit=True) as connection:
        connection.execute("UPDATE weighing SET carrier = 'somebody else' WHERE seq = 2")
    tally = counted(books, enrolled, [passage_of(truck, enrolled) for truck in fleet[:3]])
    assert not tally.chain_sound
    assert not tally.nothing_lost
    assert "seq 2" in tally.problems[-1]


def test_a_row_that_was_removed_breaks_its_chain(
    enrolled: TestTerminal, books: PlatformBooks, home: Path, fleet: list[Truck]
) -> None:
    store_pictures(home, *fleet)
    for truck in fleet[:3]:
        weigh(enrolled, truck)
    upload(enrolled)
    with psycopg.connect(current_database_url(), autocommit=True) as connection:
        connection.execute("DELETE FROM weighing WHERE seq = 3")
    tally = counted(books, enrolled, [passage_of(truck, enrolled) for truck in fleet[:2]])
    assert not tally.chain_sound
