"""What a filled city is like: its days, its trucks, its loads; without a database."""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from statistics import mean, pstdev

import pytest

from hengyuan.platform.intake.judging import band_no, second_limit_kg, second_verdict
from hengyuan.record.canonical import read_line, write_line
from hengyuan.record.model import Record
from hengyuan.world.axle_records import load_axle_records
from hengyuan.world.fill import calendar
from hengyuan.world.fill.fleet import Fleet
from hengyuan.world.fill.loads import loaded_shares
from hengyuan.world.fill.passages import Gate, Traffic
from hengyuan.world.fill.recording import Recorder
from hengyuan.world.fill.units import Habits, chosen_units, habits_of, more_units
from hengyuan.world.plates import is_invented

SEED = 5
DAY = date(2026, 6, 17)
DAYS = [DAY + timedelta(days=number) for number in range(6)]


@cache
def city(units: int = 24) -> tuple[list[Habits], Fleet, Traffic]:
    planned, _ = chosen_units(units)
    habits = habits_of(planned, SEED, 1.0)
    records = load_axle_records()
    return habits, Fleet(habits, records, SEED), Traffic(SEED, loaded_shares(records))


def records_of(unit: int, day: date, number: int = 0, first_seq: int = 1) -> list[Record]:
    habits, fleet, traffic = city()
    gate = Gate(f"14102451{unit:03d}-{number + 1:02d}", number, habits[unit])
    chance = random.Random(f"{SEED}/{gate.code}/{day}")
    trucks = fleet.at_work(day, frozenset({unit})).get(unit, [])
    happened = traffic.day(gate, trucks, day, chance)
    return Recorder(gate, day, chance).records(happened, first_seq)


@cache
def sample() -> tuple[Record, ...]:
    """Six days of every gate of the city."""
    habits, _, _ = city()
    return tuple(
        record
        for day in DAYS
        for unit, of_it in enumerate(habits)
        for number in range(of_it.terminals)
        for record in records_of(unit, day, number)
    )


def leaving(records: Sequence[Record]) -> list[Record]:
    return [record for record in records if record.kind == "exit" and record.corrects is None]


def test_the_same_seed_gate_and_day_give_the_same_records() -> None:
    first = [write_line(record) for record in records_of(3, DAY)]
    assert len(first) > 5
    assert first == [write_line(record) for record in records_of(3, DAY)]
    assert first != [write_line(record) for record in records_of(3, DAY + timedelta(days=1))]


def test_every_record_is_one_that_a_platform_takes_and_judges_alike() -> None:
    kinds = Counter(record.kind for record in sample())
    assert set(kinds) == {"entry", "exit", "reweigh", "void"}
    for record in sample():
        assert read_line(write_line(record)) == record
        if record.verdict is not None:
            limit_kg = second_limit_kg(record)
            assert record.limit_kg == limit_kg
            assert record.verdict == second_verdict(record.gross_kg, limit_kg)
        assert record.plate is None or is_invented(record.plate)


def test_a_day_at_a_gate_lies_within_the_day_and_in_order() -> None:
    habits, _, _ = city()
    for unit in range(len(habits)):
        records = records_of(unit, DAY, first_seq=41)
        assert [record.seq for record in records] == list(range(41, 41 + len(records)))
        times = [record.weighed_at for record in records]
        assert times == sorted(set(times))
        if times:
            assert calendar.begin_ms(DAY) <= times[0]
            assert times[-1] < calendar.end_ms(DAY)


def test_a_correction_names_an_earlier_record_of_the_same_truck() -> None:
    habits, _, _ = city()
    seen = Counter[str]()
    for day in DAYS:
        for unit, of_it in enumerate(habits):
            for number in range(of_it.terminals):
                by_seq: dict[int, Record] = {}
                for record in records_of(unit, day, number):
                    by_seq[record.seq] = record
                    if record.corrects is None:
                        continue
                    before = by_seq[record.corrects]
                    seen[record.kind] += 1
                    assert before.kind == "exit"
                    if record.kind == "reweigh":
                        assert before.plate == record.plate
                        assert before.verdict == "over"
                        assert record.verdict == "pass"
                    if record.kind == "exit":
                        assert before.plate != record.plate
                        assert before.gross_kg == record.gross_kg
    assert seen["reweigh"] > 5
    assert seen["exit"] > 5
    assert seen["void"] >= 1


def test_few_are_above_the_limit_and_most_of_these_by_little() -> None:
    bands = Counter(
        band_no(record.gross_kg, record.limit_kg)
        for record in leaving(sample())
        if record.limit_kg is not None
    )
    total = sum(bands.values())
    over = sum(count for band, count in bands.items() if band > 0)
    assert total > 5_000
    assert 0.005 < over / total < 0.06
    assert bands[1] > bands[2] > bands[3] > bands[5]


def test_some_plates_are_not_read_and_some_are_typed() -> None:
    exits = leaving(sample())
    flags = Counter(flag for record in exits for flag in record.flags)
    assert 0.002 < flags["plate_unread"] / len(exits) < 0.02
    assert 0.002 < flags["plate_typed"] / len(exits) < 0.02
    assert all(record.plate is None for record in exits if "plate_unread" in record.flags)
    assert flags["axles_unknown"] > 0


def test_a_truck_is_at_one_unit_a_day_and_comes_back_to_the_same_few() -> None:
    habits, fleet, _ = city()
    every = frozenset(range(len(habits)))
    where: dict[int, Counter[int]] = defaultdict(Counter)
    for day in (DAY + timedelta(days=number) for number in range(60)):
        found = [truck.number for trucks in fleet.at_work(day, every).values() for truck in trucks]
        assert len(found) == len(set(found))
        for unit, trucks in fleet.at_work(day, every).items():
            for truck in trucks:
                where[truck.number][unit] += 1
    own = [where[truck.number] for truck in fleet.trucks if truck.units]
    assert mean(max(units.values()) / sum(units.values()) for units in own) > 0.7
    assert max(len(units) for units in own) <= 3
    assert any(len(units) > 1 for units in own)


def test_the_day_of_a_process_is_that_of_all() -> None:
    habits, fleet, _ = city()
    whole = fleet.at_work(DAY, frozenset(range(len(habits))))
    part = fleet.at_work(DAY, frozenset({2, 7}))
    assert part == {unit: whole[unit] for unit in (2, 7) if unit in whole}


def test_a_tare_belongs_to_its_plate() -> None:
    tares: dict[str, list[int]] = defaultdict(list)
    for record in sample():
        if record.kind == "exit" and record.plate is not None and record.tare_kg is not None:
            tares[record.plate].append(record.tare_kg)
    often = [kgs for kgs in tares.values() if len(kgs) >= 5]
    assert len(often) > 100
    assert mean(pstdev(kgs) for kgs in often) < 60
    assert pstdev([mean(kgs) for kgs in often]) > 1_000


def test_what_a_unit_loads_is_its_own() -> None:
    habits, _, _ = city()
    for unit, of_it in enumerate(habits):
        cargo = {record.cargo for record in records_of(unit, DAY) if record.kind == "exit"}
        assert cargo <= set(of_it.cargo)


@pytest.mark.parametrize("kind", ["coal", "sand-stone"])
def test_gates_are_quietest_before_the_day_begins(kind: str) -> None:
    hours = calendar.hours(kind)
    assert len(hours) == 24
    # from three to four nobody comes, so that who came before has left when the day ends
    assert hours[-1] == 0
    assert max(hours) == max(hours[2:14])


def test_the_year_has_its_seasons_its_week_and_its_festival() -> None:
    def usual(kind: str, month: int) -> float:
        days = [date(2026, month, day) for day in range(8, 27)]
        return mean(calendar.traffic(kind, day, SEED) for day in days)

    assert usual("coal", 12) > usual("coal", 7)
    assert usual("sand-stone", 7) > usual("sand-stone", 12)
    assert calendar.traffic("coal", date(2026, 2, 17), SEED) < 0.2
    assert calendar.traffic("coal", date(2026, 6, 21), SEED) < calendar.traffic(
        "coal", date(2026, 6, 17), SEED
    )


def test_a_day_is_over_at_four_in_the_morning_there() -> None:
    before = datetime(2026, 11, 23, 19, 59, tzinfo=UTC)
    assert calendar.last_whole_day(before) == date(2026, 11, 22)
    assert calendar.last_whole_day(before + timedelta(minutes=1)) == date(2026, 11, 23)


def test_as_many_units_as_are_wanted_with_names_and_places_of_their_own() -> None:
    chosen, more = chosen_units(800)
    assert len(chosen) == 800
    assert len({unit.name for unit in chosen}) == 800
    assert len({unit.county.code for unit in chosen}) == 18
    assert chosen[-len(more) :] == more
    assert len({(unit.longitude, unit.latitude) for unit in chosen}) == 800
    assert len(more_units(7)) == 7
    with pytest.raises(ValueError, match="units"):
        chosen_units(0)


def test_a_year_of_800_units_makes_22_million_records() -> None:
    planned, _ = chosen_units(800)
    habits = habits_of(planned, 1, 1.0)
    days = [date(2025, 11, 24) + timedelta(days=number) for number in range(365)]
    factors = {
        kind: sum(calendar.traffic(kind, day, 1) for day in days)
        for kind in {unit.kind for unit in habits}
    }
    total = sum(unit.records_a_day * factors[unit.kind] for unit in habits)
    assert 21_000_000 < total < 23_000_000
    assert 800 < sum(unit.terminals for unit in habits) < 1_000
