"""The units of the simulated city: everywhere, plainly invented, one of them entered twice."""

from collections import Counter
from decimal import Decimal

from hengyuan.law.credit_code import check_credit_code
from hengyuan.law.divisions import LINFEN_COUNTIES, LOCAL_COUNTIES
from hengyuan.law.regions import REGIONS
from hengyuan.platform.ledger.similarity import Entry, suspected_pairs
from hengyuan.world.city.plan import COUNTIES, LIVE_UNITS, units, units_of


def test_every_county_and_the_development_zone_has_units() -> None:
    assert {county.code for county in COUNTIES} == {*LINFEN_COUNTIES, *LOCAL_COUNTIES}
    assert len(COUNTIES) == 18
    assert len(units()) >= 120
    assert min(len(units_of(county.code)) for county in COUNTIES) >= 6


def test_nobody_can_take_them_for_real_ones() -> None:
    for unit in units():
        assert "示例" in unit.name
        assert unit.credit_code == "" or unit.credit_code[8:13] == "MA0HY"
    assert set(LIVE_UNITS) <= {unit.name for unit in units()}


def test_names_and_codes_are_given_once_and_codes_are_well_formed() -> None:
    names = Counter(unit.name for unit in units())
    codes = Counter(unit.credit_code for unit in units() if unit.credit_code)
    assert max(names.values()) == max(codes.values()) == 1
    assert all(check_credit_code(code).ok for code in codes)


def test_townships_are_those_of_the_county() -> None:
    for unit in units():
        if unit.township:
            assert unit.township in {
                region.name for region in REGIONS.values() if region.parent == unit.county.code
            }


def test_one_pair_looks_like_one_unit_and_no_other() -> None:
    entries = [
        Entry(
            unit.number,
            unit.name,
            unit.county.code,
            unit.county.name,
            unit.credit_code,
            Decimal(str(unit.longitude)),
            Decimal(str(unit.latitude)),
        )
        for unit in units()
    ]
    assert len(suspected_pairs(entries)) == 1


def test_some_certificates_have_ended_and_some_end_soon() -> None:
    days = [day for unit in units() for day in unit.certificate_days]
    assert sum(day < 0 for day in days) >= 3
    assert sum(0 <= day <= 30 for day in days) >= 5
    assert sum(day > 30 for day in days) >= 80
