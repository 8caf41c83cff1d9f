"""Trucks: real masses, invented plates, a truth that the law's own reading agrees with."""

from datetime import date
from itertools import islice

import pytest

from hengyuan.law.layouts import combination_from_layout, groups_from_spacings
from hengyuan.law.plates import PlateKind, parse_plate
from hengyuan.law.vehicles import Combination
from hengyuan.world.axle_records import AxleRecord, load_axle_records
from hengyuan.world.plates import (
    PLATES,
    TRAILER_PLATES,
    invented_plate,
    invented_trailer_plate,
    is_invented,
)
from hengyuan.world.trucks import Truck, trucks
from hengyuan.world.vehicles import vehicle_of

DAY = date(2025, 6, 1)


@pytest.fixture(scope="module")
def fleet() -> list[Truck]:
    return list(islice(trucks(load_axle_records(), seed=1), 2_000))


def test_a_round_takes_every_record_once_as_it_was_measured(fleet: list[Truck]) -> None:
    records = {record.number: record for record in load_axle_records()}
    assert sorted(truck.record for truck in fleet) == sorted(records)
    for truck in fleet:
        record = records[truck.record]
        assert truck.gross_kg == record.gross_kg == sum(truck.axle_kg) == sum(truck.group_kg)
        assert truck.spacings_mm == record.spacings_mm
        assert not truck.made
        assert not truck.spacings_made


def test_every_plate_is_valid_invented_and_borne_once(fleet: list[Truck]) -> None:
    assert len({truck.plate for truck in fleet}) == 2_000
    for truck in fleet:
        assert parse_plate(truck.plate).kind is PlateKind.ORDINARY
        assert is_invented(truck.plate)
        if truck.trailer_plate:
            assert parse_plate(truck.trailer_plate).kind is PlateKind.TRAILER
            assert is_invented(truck.trailer_plate)


def test_no_plate_comes_twice_before_all_were_used() -> None:
    assert len({invented_plate(number) for number in range(PLATES)}) == PLATES
    trailers = {invented_trailer_plate(number)[2:] for number in range(TRAILER_PLATES)}
    assert len(trailers) == TRAILER_PLATES


def test_a_real_plate_is_not_taken_for_an_invented_one() -> None:
    assert not is_invented("晋L12345")
    assert not is_invented("晋LHY123")


def test_trucks_are_the_same_for_the_same_seed() -> None:
    records = load_axle_records()
    first, again, other = (list(islice(trucks(records, seed, 0.1), 300)) for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_made_overloads_are_labelled_and_beyond_their_limit() -> None:
    made = [truck for truck in islice(trucks(load_axle_records(), 2, 0.2), 2_000) if truck.made]
    assert 300 < len(made) < 500
    rates = [truck.judged(20, DAY).overload_rate_bp for truck in made]
    assert min(rates) > 0
    assert max(rates) > 10_000
    assert max(truck.gross_kg for truck in made) >= 100_000
    for truck in made:
        assert sum(truck.axle_kg) == truck.gross_kg
        assert min(truck.axle_kg) > 0


def test_the_first_trucks_of_a_world_are_over_limit_by_nature_too(fleet: list[Truck]) -> None:
    over = [truck for truck in fleet if truck.judged(20, DAY).over]
    assert 20 < len(over) < 200


def test_a_scale_shows_the_nearest_division_and_rounds_half_up(fleet: list[Truck]) -> None:
    truck = fleet[0]
    assert truck.indicated_kg(20) % 20 == 0
    assert abs(truck.indicated_kg(20) - truck.gross_kg) <= 10
    records = [AxleRecord(1, 20_010, (10_000, 10_010), (4_000,), 9_000)]
    assert next(trucks(records, 1)).indicated_kg(20) == 20_020


@pytest.mark.parametrize(
    ("spacings_mm", "combination", "layout", "drive_axles"),
    [
        ((5_000,), Combination.RIGID, (1, 1), 1),
        ((4_600, 1_350), Combination.RIGID, (1, 2), None),
        ((1_950, 4_500, 1_350), Combination.RIGID, (1, 1, 2), None),
        ((1_750, 4_500, 1_350), Combination.RIGID, (2, 2), None),
        ((3_800, 7_000), Combination.ARTICULATED, (1, 1, 1), 1),
        ((3_800, 5_700, 1_310, 1_320), Combination.ARTICULATED, (1, 1, 3), 1),
        ((3_200, 1_350, 6_000, 1_310, 1_310), Combination.ARTICULATED, (1, 2, 3), None),
        ((3_700, 5_000, 1_300, 1_300, 1_300), Combination.ARTICULATED, (1, 1, 4), 1),
        ((5_200, 5_000, 1_300), None, (1, 1, 2), 1),
        ((4_800, 1_350, 4_000, 4_500), None, (1, 2, 1, 1), None),
    ],
)
def test_what_a_vehicle_is_follows_from_its_distances(
    spacings_mm: tuple[int, ...],
    combination: Combination | None,
    layout: tuple[int, ...],
    drive_axles: int | None,
) -> None:
    vehicle = vehicle_of(spacings_mm)
    assert (vehicle.combination, vehicle.layout) == (combination, layout)
    assert vehicle.drive_axles == drive_axles


def test_the_laws_own_reading_of_the_distances_agrees(fleet: list[Truck]) -> None:
    for truck in fleet:
        assert groups_from_spacings(truck.spacings_mm) == truck.layout
        read = combination_from_layout(truck.layout, truck.spacings_mm)
        assert read == truck.vehicle.combination, truck


def test_a_record_without_distances_gets_some_and_says_so() -> None:
    records = [
        AxleRecord(1, 5_309, (2_654, 2_655), (), 2_400),
        AxleRecord(2, 13_532, (4_511, 4_511, 4_510), (), 6_900),
        AxleRecord(3, 20_000, (5_000,) * 4, (), 12_000),
    ]
    for truck in islice(trucks(records, 1), 3):
        assert truck.spacings_made
        assert len(truck.spacings_mm) == truck.axles - 1
        if truck.axles < 4:
            assert truck.vehicle.combination is Combination.RIGID


def test_masses_that_rounding_kept_from_adding_up_are_made_to() -> None:
    truck = next(trucks([AxleRecord(1, 5_309, (2_654, 2_654), (3_000,), 8_360)], 1))
    assert sum(truck.axle_kg) == truck.gross_kg == 5_309


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        next(trucks(load_axle_records(), 1, share))
