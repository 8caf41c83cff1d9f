"""Regions: codes, levels, what lies in what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.law.regions import (
    REGIONS,
    InvalidRegion,
    RegionLevel,
    check_region,
    children,
    contains,
    is_valid_region,
    level,
    parent_code,
    region,
    scope_prefix,
)

LINFEN = {
    "141002": "尧都区",
    "141021": "曲沃县",
    "141022": "翼城县",
    "141023": "襄汾县",
    "141024": "洪洞县",
    "141025": "古县",
    "141026": "安泽县",
    "141027": "浮山县",
    "141028": "吉县",
    "141029": "乡宁县",
    "141030": "大宁县",
    "141031": "隰县",
    "141032": "永和县",
    "141033": "蒲县",
    "141034": "汾西县",
    "141081": "侯马市",
    "141082": "霍州市",
}

SHANXI = ["太原", "大同", "阳泉", "长治", "晋城", "朔州", "晋中", "运城", "忻州", "临汾", "吕梁"]


def test_shanxi_has_eleven_cities():
    cities = children("140000")
    assert [city.name.removesuffix("市") for city in cities] == SHANXI
    assert [city.code for city in cities] == [f"14{number:02d}00" for number in range(1, 12)]


def test_linfen_has_seventeen_counties_and_its_development_zone():
    counties = {county.code: county for county in children("141000")}
    assert {code: each.name for code, each in counties.items() if not each.local} == LINFEN
    (zone,) = [each for each in counties.values() if each.local]
    assert (zone.code, zone.name, zone.level) == ("141071", "临汾经济开发区", RegionLevel.COUNTY)


def test_every_county_has_townships():
    townships = {code: len(children(code)) for code in LINFEN}
    assert sum(townships.values()) == 158
    assert townships["141024"] == 15
    assert min(townships.values()) > 0
    assert region("141082202").name == "师庄乡"
    assert region("141002001") == region("141002001")
    assert region("141002001").parent == "141002"


def test_every_listed_region_is_valid_and_lies_in_its_parent():
    for each in REGIONS.values():
        check_region(each.code)
        assert level(each.code) is each.level
        assert parent_code(each.code) == each.parent
        if each.parent:
            assert contains(each.parent, each.code)
            assert not contains(each.code, each.parent)


@pytest.mark.parametrize(
    ("code", "expected", "prefix", "parent"),
    [
        ("140000", RegionLevel.PROVINCE, "14", None),
        ("141000", RegionLevel.CITY, "1410", "140000"),
        ("141024", RegionLevel.COUNTY, "141024", "141000"),
        ("141024100", RegionLevel.TOWNSHIP, "141024100", "141024"),
    ],
)
def test_level_scope_and_parent(code, expected, prefix, parent):
    assert level(code) is expected
    assert scope_prefix(code) == prefix
    assert parent_code(code) == parent


@pytest.mark.parametrize(
    ("outer", "inner", "inside"),
    [
        ("140000", "141024", True),
        ("141000", "141024", True),
        ("141024", "141024", True),
        ("141024", "141024100", True),
        ("141024", "141023", False),
        ("141024", "141000", False),
        ("141000", "140100", False),
        ("130000", "141024", False),
        ("141000", "141071", True),
        ("141002", "141071", False),
    ],
)
def test_what_lies_in_what(outer, inner, inside):
    assert contains(outer, inner) is inside


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("", "6 digits"),
        ("14", "6 digits"),
        ("1410", "6 digits"),
        ("14102x", "6 digits"),
        ("１４１０２４", "6 digits"),
        ("14102410", "6 digits"),
        ("990000", "no province"),
        ("140024", "names no city"),
        ("141200", "山西省"),
        ("141003", "临汾市"),
        ("141024999", "洪洞县"),
        ("141024000", "township"),
        ("141000100", "county"),
    ],
)
def test_what_is_no_region(code, says):
    with pytest.raises(InvalidRegion, match=says):
        check_region(code)
    assert not is_valid_region(code)


@pytest.mark.parametrize("code", ["130100", "610113", "140105", "371002001"])
def test_regions_elsewhere_are_checked_for_shape_and_province(code):
    assert is_valid_region(code)
    assert code not in REGIONS
    with pytest.raises(InvalidRegion, match="not listed"):
        region(code)


def test_a_region_without_listed_children_has_none():
    assert children("130000") == ()


codes = st.sampled_from(sorted(REGIONS))


@given(codes, codes, codes)
def test_containment_is_an_order(a, b, c):
    assert contains(a, a)
    if contains(a, b) and contains(b, a):
        assert a == b
    if contains(a, b) and contains(b, c):
        assert contains(a, c)


@given(st.text(max_size=10))
def test_any_text_is_a_region_or_an_invalid_region(text):
    if is_valid_region(text):
        assert text.isascii()
        assert len(text) in (6, 9)
