"""The loss test's judge finds what is lost, doubled, altered, out of order or without a reason."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from hengyuan.law.limits import RULE_PACK
from hengyuan.record.canonical import write_line
from hengyuan.record.model import FileRef, Record
from hengyuan.terminal.store import schema
from hengyuan.world.axle_records import load_axle_records
from hengyuan.world.loss.judge import Findings, judge
from hengyuan.world.loss.lane import DIVISION_KG, Passage
from hengyuan.world.trucks import trucks

CODE = "14102451001-01"
WEIGHED_AT = 1_790_000_000_000
TRUCKS = list(islice(trucks(load_axle_records(None), 1), 8))


def passages() -> list[Passage]:
    return [
        Passage(
            number=number,
            lane=1,
            truck=truck,
            patient=True,
            event_id=f"event-{number}",
            picture=f"{number:064x}",
            entered=float(number),
            left=number + 0.5,
            shown=SimpleNamespace(colours=shown_colours(truck)),  # type: ignore[arg-type]
            pushed=True,
        )
        for number, truck in enumerate(TRUCKS, start=1)
    ]


def shown_colours(truck: Any) -> tuple[str, ...]:
    return ("red",) if truck.judged(DIVISION_KG, date(2026, 9, 1)).over else ("green",)


def record_of(passage: Passage, seq: int) -> Record:
    truth = passage.truck.judged(DIVISION_KG, date(2026, 9, 1))
    return Record(
        v=1,
        terminal=CODE,
        seq=seq,
        kind="exit",
        lane=1,
        weighed_at=WEIGHED_AT + seq,
        gross_kg=passage.gross_kg,
        plate=passage.truck.plate,
        limit_kg=truth.limit_kg,
        verdict=truth.verdict,
        rule_pack=RULE_PACK,
        files=(FileRef(digest=passage.picture, kind="plate"),),
    )


@dataclass
class World:
    """What happened and what is stored; a test spoils one of them."""

    folder: Path
    driven: list[Passage] = field(default_factory=passages)
    records: list[Record] = field(default_factory=list)
    own: list[Record] | None = None
    journal: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    missing_pictures: set[str] = field(default_factory=set)
    told: dict[int, str] = field(default_factory=dict)
    was_away: Callable[[float, float], bool] = lambda since, until: False

    def __post_init__(self) -> None:
        self.records = [record_of(p, n) for n, p in enumerate(self.driven, start=1)]
        self.events = [p.event_id for p in self.driven]

    def judged(self) -> Findings:
        store = self.folder / "terminal.db"
        connection = sqlite3.connect(store)
        schema.prepare(connection)
        for record in self.records if self.own is None else self.own:
            row = (record.seq, write_line(record), digest(record))
            connection.execute("INSERT INTO record VALUES (?, ?, ?)", row)
        for what in self.journal:
            connection.execute(
                "INSERT INTO journal (at_ms, lane, what, detail) VALUES (0, 1, ?, '')", (what,)
            )
        for number, event in enumerate(self.events):
            connection.execute(
                "INSERT INTO sighting (lane, device, kind, event_id, received_ms, body, state)"
                " VALUES (1, ?, 'plate', ?, 0, x'', 'used')",
                (f"camera-{number}", event),
            )
        connection.commit()
        connection.close()
        books: Any = Books(self.records, self.missing_pictures)
        return judge(books, CODE, store, self.driven, self.told, self.was_away)


@dataclass
class Books:
    """What the judge asks of the platform."""

    held: list[Record]
    missing_pictures: set[str]

    def terminals(self, codes: list[str]) -> dict[str, Any]:
        return dict.fromkeys(codes)

    def records(self, terminal: Any) -> list[tuple[Any, Record]]:
        return [(SimpleNamespace(digest=digest(record)), record) for record in self.held]

    def check_chain(self, terminal: Any) -> Any:
        return SimpleNamespace(sound=True)

    def picture_is_whole(self, found: str) -> bool:
        return found not in self.missing_pictures


def digest(record: Record) -> bytes:
    return record.seq.to_bytes(32, "big")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def changed(record: Record, **changes: Any) -> Record:
    return msgspec.structs.replace(record, **changes)


def only(found: Findings, name: str, count: int = 1) -> None:
    assert getattr(found, name) == count, found.problems
    assert not found.all_right


def test_a_run_in_which_nothing_went_wrong_is_all_right(world: World) -> None:
    world.told = {8: digest(world.records[7]).hex()}
    found = world.judged()
    assert found.problems == []
    assert found.all_right
    assert found.recorded == found.told == 8


def test_a_verdict_without_a_record_is_found(world: World) -> None:
    world.records.pop()
    found = world.judged()
    only(found, "told_without_record")
    assert found.untraced == 1


def test_a_record_that_only_the_terminal_has_is_found(world: World) -> None:
    world.own = list(world.records)
    world.records = world.records[:-1]
    only(world.judged(), "records_differ")


def test_an_acknowledgement_of_what_is_not_held_is_found(world: World) -> None:
    world.told = {9: "00" * 32}
    only(world.judged(), "acknowledged_lost")


def test_a_truck_that_is_stored_twice_is_found(world: World) -> None:
    world.records.append(changed(world.records[3], seq=9))
    only(world.judged(), "stored_twice")


def test_a_correction_is_no_second_record(world: World) -> None:
    world.records.append(changed(world.records[7], seq=9, corrects=8))
    found = world.judged()
    assert found.all_right, found.problems
    assert found.corrected == 1


def test_records_out_of_order_are_found(world: World) -> None:
    first, second = world.records[0], world.records[1]
    world.records[:2] = [changed(second, seq=1), changed(first, seq=2)]
    only(world.judged(), "out_of_order")


def test_another_truck_s_plate_is_found(world: World) -> None:
    world.records[2] = changed(world.records[2], plate="晋LHYZ99")
    only(world.judged(), "wrong_plates")


def test_a_missing_plate_is_counted_and_is_no_error(world: World) -> None:
    world.records[2] = changed(world.records[2], plate=None, flags=("camera_missing",))
    found = world.judged()
    assert found.all_right, found.problems
    assert found.without_plate == 1


def test_a_weight_that_nobody_had_is_found(world: World) -> None:
    world.records[2] = changed(world.records[2], gross_kg=1, plate=None)
    only(world.judged(), "strangers")


def test_another_verdict_is_found(world: World) -> None:
    world.records[2] = changed(world.records[2], limit_kg=1, verdict="over")
    assert world.judged().wrong_verdicts


def test_lost_pictures_and_events_are_found(world: World) -> None:
    world.missing_pictures = {world.driven[0].picture}
    world.events.pop()
    found = world.judged()
    only(found, "pictures_lost")
    only(found, "camera_events_lost")


@pytest.mark.parametrize(("journal", "away", "untraced"), [([], False, 1),
                         (["left_unweighed"], False, 0), ([], True, 0)])  # fmt: skip
def test_a_truck_without_a_record_needs_a_reason_where_the_terminal_was_at_work(
    world: World, journal: list[str], away: bool, untraced: int
) -> None:
    world.driven[-1].shown = None
    world.records.pop()
    world.journal = journal
    world.was_away = lambda since, until: away
    found = world.judged()
    assert found.untraced == untraced
    assert found.all_right is not bool(untraced)
    assert found.without_record == 1
