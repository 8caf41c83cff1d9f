"""Which units look like one: by credit code, by name, by position."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.platform.ledger.positions import (
    EXTENTS,
    are_swapped,
    bearing,
    distance_m,
    extent_of,
    is_plausible,
)
from hengyuan.platform.ledger.similarity import (
    NEAR_M,
    Entry,
    Likeness,
    core_name,
    like,
    plain_name,
    suspected_pairs,
)

COUNTY = ("141024", "洪洞县")


def entry(key: int, name: str = "", county: tuple[str, str] = COUNTY, **facts) -> Entry:
    return Entry(key, name or f"示例{key}号{'甲乙丙丁戊'[key % 5]}厂", *county, **facts)


def found(*entries: Entry) -> dict[tuple[int, int], set[str]]:
    return {(pair.first, pair.second): pair.likeness for pair in suspected_pairs(entries)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("洪洞县示例一号煤矿有限公司", "示例一号煤矿"),
        ("山西省临汾市洪洞县示例一号煤矿", "洪洞示例一号煤矿有限责任公司"),
        ("示例煤业（集团）有限公司", "示例煤业(集团)"),
        ("示例宏发洗煤厂", "示例弘发洗煤厂"),
        ("示例宏发洗煤厂", "示例宏发精洗煤厂"),
        ("ABC 示例物流园", "abc示例物流园"),
    ],
)
def test_names_that_are_one_are_found(one, other):
    assert found(entry(1, one), entry(2, other)), (core_name(one), core_name(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("示例一号煤矿", "示例二号煤矿"),
        ("示例1号煤矿", "示例12号煤矿"),
        ("示例东山石料厂", "示例西山石料厂"),
        ("示例甲煤矿", "示例乙煤矿"),
        ("示例宏发洗煤厂", "示例大同洗煤厂"),
        ("示例厂", "示意厂"),
    ],
)
def test_names_that_tell_two_works_apart_are_not(one, other):
    assert not found(entry(1, one), entry(2, other))


def test_names_are_compared_within_a_county_only():
    assert not found(entry(1, "示例煤业公司"), entry(2, "示例煤业公司", ("141023", "襄汾县")))


def test_the_same_credit_code_counts_everywhere():
    code = "91141024MA0T000019"
    pair = (entry(1, credit_code=code), entry(2, county=("141023", "襄汾县"), credit_code=code))
    assert found(*pair) == {(1, 2): {Likeness.CREDIT_CODE}}
    assert not found(entry(1), entry(2))


@pytest.mark.parametrize(("east", "is_near"), [("0.0010", True), ("0.0012", False)])
def test_positions_are_compared_to_the_metre(east, is_near):
    here = {"longitude": Decimal("111.6723"), "latitude": Decimal("36.2534")}
    there = here | {"longitude": here["longitude"] + Decimal(east)}
    metres = distance_m(tuple(here.values()), tuple(there.values()))
    assert (metres <= NEAR_M) is is_near
    assert bool(found(entry(1, **here), entry(2, **there))) is is_near


places = st.tuples(
    st.decimals(min_value=111, max_value=Decimal("111.01"), places=5),
    st.decimals(min_value=36, max_value=Decimal("36.01"), places=5),
)


@given(st.lists(places, min_size=2, max_size=12))
def test_no_two_near_positions_are_missed_wherever_they_lie(positions):
    entries = [
        entry(
            key,
            f"示例{chr(0x4E00 + 50 * key)}{chr(0x5E00 + 50 * key)}厂区",
            longitude=x,
            latitude=y,
        )
        for key, (x, y) in enumerate(positions)
    ]
    expected = {
        (one, other)
        for one in range(len(positions))
        for other in range(one + 1, len(positions))
        if distance_m(positions[one], positions[other]) <= NEAR_M
    }
    near = {pair for pair, likeness in found(*entries).items() if Likeness.POSITION in likeness}
    assert near == expected


def test_the_likeliest_pair_comes_first():
    code = {"credit_code": "91141024MA0T000019"}
    here = {"longitude": Decimal("111.6723"), "latitude": Decimal("36.2534")}
    pairs = suspected_pairs(
        [
            entry(1, "示例宏发洗煤厂"),
            entry(2, "示例弘发洗煤厂"),
            entry(3, **code, **here),
            entry(4, **code, **here),
        ]
    )
    assert [(pair.first, pair.second) for pair in pairs] == [(3, 4), (1, 2)]
    assert pairs[0].apart_m == 0


def test_one_candidate_is_compared_with_the_others():
    known = [entry(1, "示例宏发洗煤厂"), entry(2, "示例大同石料厂"), entry(3, "示例宏发洗煤厂")]
    pairs = like(entry(0, "示例弘发洗煤厂"), known)
    assert [(pair.first, pair.second) for pair in pairs] == [(0, 1), (0, 3)]


@given(st.text(max_size=40))
def test_any_text_has_a_plain_and_a_core_name(name):
    assert plain_name(plain_name(name)) == plain_name(name)
    assert core_name(name, "洪洞县") == core_name(f" {name} ", "洪洞县")


def test_bearings_are_read_from_north_clockwise():
    here = (Decimal("111.6"), Decimal("36.2"))
    around = [("0", "0.1"), ("0.1", "0"), ("0", "-0.1"), ("-0.1", "0")]
    seen = [bearing(here, (here[0] + Decimal(x), here[1] + Decimal(y))) for x, y in around]
    assert seen == [0, 90, 180, 270]


def test_every_county_has_an_extent_and_swapped_figures_are_noticed():
    from hengyuan.law.divisions import LINFEN_COUNTIES, LOCAL_COUNTIES

    assert set(EXTENTS) == {*LINFEN_COUNTIES, *LOCAL_COUNTIES}
    longitude, latitude = Decimal("111.6723"), Decimal("36.2534")
    assert is_plausible("141024", longitude, latitude)
    assert not is_plausible("141028", longitude, latitude)
    assert are_swapped("141024", latitude, longitude)
    assert not are_swapped("141024", longitude, latitude)
    assert not are_swapped("141028", longitude, latitude)
    assert extent_of("140101")[0] < extent_of("141024")[0]
