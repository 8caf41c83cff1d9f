"""Code lists of records and interfaces."""

import pytest

from hengyuan.law.codes import (
    CARGO_TYPES,
    CHECK_TYPES,
    FILE_TYPES,
    SITE_TYPES,
    SOURCE_UNIT_SITE_TYPE,
    TRANSFER_TYPES,
    VEHICLE_TYPES,
    SourceUnitKind,
    StationCode,
    SupervisionMode,
    parse_station_code,
)


def test_the_lists_hold_the_codes_of_the_interfaces():
    assert set(VEHICLE_TYPES) == {"H11", "H17", "Q11", "B11", "Z51"}
    assert CARGO_TYPES["0100"] == "煤炭及制品"
    assert CARGO_TYPES["1701"] == "商品汽车"
    assert len(CARGO_TYPES) == 19
    assert SITE_TYPES[SOURCE_UNIT_SITE_TYPE] == "重点源头企业"
    assert set(SITE_TYPES) == {"21", "31", "41", "42", "51"}
    assert set(FILE_TYPES) == {*range(11, 16), *range(21, 26)}
    assert CHECK_TYPES == {1: "初检", 2: "复检"}
    assert TRANSFER_TYPES == {2: "base64", 3: "URL"}


@pytest.mark.parametrize("kind", [*SourceUnitKind, *SupervisionMode])
def test_every_kind_and_mode_has_a_chinese_name(kind):
    assert kind.zh
    assert not kind.zh.isascii()


def test_station_codes_make_the_round_trip():
    code = parse_station_code("1410245107")
    assert code == StationCode("141024", "51", 7)
    assert str(code) == "1410245107"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("141024510", "10 digits"),
        ("14102451x7", "10 digits"),
        ("1410035101", "临汾市"),
        ("1410005101", "no county"),
        ("1410249901", "site type"),
        ("1410245100", "1 to 99"),
    ],
)
def test_what_is_no_station_code(text, says):
    with pytest.raises(ValueError, match=says):
        parse_station_code(text)
