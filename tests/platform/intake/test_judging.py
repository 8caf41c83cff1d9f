"""The second judgement: by Chinese days, and only on what the record says."""

from datetime import UTC, datetime

import pytest

from hengyuan.law.bands import DEFAULT_BANDS, band_of
from hengyuan.law.verdict import overload_rate_bp
from hengyuan.platform.intake.judging import (
    UNKNOWN_BAND,
    band_no,
    second_limit_kg,
    second_verdict,
)
from tests.platform.records import make_record


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc]


def test_the_law_begins_with_the_chinese_day() -> None:
    before = make_record("A", 1, weighed_at=at(2016, 9, 20, 15, 59, 59))
    after = make_record("A", 1, weighed_at=at(2016, 9, 20, 16, 0, 0))
    assert second_limit_kg(before) is None
    assert second_limit_kg(after) == 49_000


def test_without_axles_there_is_no_limit() -> None:
    record = make_record("A", 1, axles=None, layout=None, drive_axles=None, group_kg=[])
    assert second_limit_kg(record) is None


def test_a_vehicle_outside_the_table_is_not_judged() -> None:
    record = make_record("A", 1, axles=2, layout=None, drive_axles=None, group_kg=[])
    assert second_limit_kg(record) is None


@pytest.mark.parametrize(
    ("gross_kg", "limit_kg", "verdict"),
    [
        (49_000, 49_000, "pass"),
        (49_001, 49_000, "over"),
        (None, 49_000, "unknown"),
        (49_000, None, "unknown"),
    ],
)
def test_one_kilogram_above_the_limit_is_over(
    gross_kg: int | None, limit_kg: int | None, verdict: str
) -> None:
    assert second_verdict(gross_kg, limit_kg) == verdict


@pytest.mark.parametrize(
    ("gross_kg", "band"),
    [(49_000, 0), (49_001, 1), (53_900, 1), (53_905, 2), (98_000, 4), (98_005, 5)],
)
def test_bands_are_numbered_from_the_lightest(gross_kg: int, band: int) -> None:
    assert band_no(gross_kg, 49_000) == band
    assert band_no(gross_kg, None) == UNKNOWN_BAND


@pytest.mark.parametrize("limit_kg", [1, 3, 7, 999, 18_000, 31_000, 48_999, 49_000, 55_000])
def test_bands_are_those_of_the_law_at_every_kilogram(limit_kg: int) -> None:
    numbers = {band.id: number for number, band in enumerate(DEFAULT_BANDS)}
    for gross_kg in range(min(200_000, limit_kg * 3)):
        overload_kg = max(0, gross_kg - limit_kg)
        by_law = band_of(overload_kg, overload_rate_bp(overload_kg, limit_kg))
        assert band_no(gross_kg, limit_kg) == numbers[by_law], gross_kg
