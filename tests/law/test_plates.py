"""Plates as cameras and people write them; colours as each source numbers them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.law.plates import (
    COLOUR_CODES,
    COLOUR_NAMES,
    PLATE_TYPES,
    PROVINCE_CHARACTERS,
    InvalidPlate,
    PlateColour,
    PlateKind,
    colour_from_code,
    colour_from_name,
    colour_to_code,
    is_valid_plate,
    parse_plate,
    plate_type_of,
    province_of,
)

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
SIGNS = LETTERS + "0123456789"


@pytest.mark.parametrize(
    ("text", "plate", "kind", "colour"),
    [
        ("晋L12345", "晋L12345", PlateKind.ORDINARY, None),
        ("晋LA1B2C", "晋LA1B2C", PlateKind.ORDINARY, None),
        ("晋L1234挂", "晋L1234挂", PlateKind.TRAILER, None),
        ("晋LD12345", "晋LD12345", PlateKind.NEW_ENERGY_SMALL, None),
        ("晋LAB1234", "晋LAB1234", PlateKind.NEW_ENERGY_SMALL, None),
        ("晋L12345D", "晋L12345D", PlateKind.NEW_ENERGY_LARGE, None),
        ("晋L·12345", "晋L12345", PlateKind.ORDINARY, None),
        (" 晋l.12 3-45 ", "晋L12345", PlateKind.ORDINARY, None),
        ("晋Ｌ１２３４５", "晋L12345", PlateKind.ORDINARY, None),
        ("晋L•12345", "晋L12345", PlateKind.ORDINARY, None),
        ("蓝苏A8HK52", "苏A8HK52", PlateKind.ORDINARY, PlateColour.BLUE),
        ("黄晋L12345", "晋L12345", PlateKind.ORDINARY, PlateColour.YELLOW),
        ("黄牌晋L1234挂", "晋L1234挂", PlateKind.TRAILER, PlateColour.YELLOW),
        ("渐变绿晋LD12345", "晋LD12345", PlateKind.NEW_ENERGY_SMALL, PlateColour.GRADIENT_GREEN),
        ("黄绿色晋L12345D", "晋L12345D", PlateKind.NEW_ENERGY_LARGE, PlateColour.YELLOW_GREEN),
        ("黑A12345", "黑A12345", PlateKind.ORDINARY, None),
        ("黑黑A12345", "黑A12345", PlateKind.ORDINARY, PlateColour.BLACK),
        ("黑晋L12345", "晋L12345", PlateKind.ORDINARY, PlateColour.BLACK),
    ],
)
def test_plates_are_read(text, plate, kind, colour):
    parsed = parse_plate(text)
    assert (parsed.text, parsed.kind, parsed.colour) == (plate, kind, colour)
    assert is_valid_plate(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        (" · ", "empty"),
        ("无牌车", "province character"),
        ("L12345", "province character"),
        ("12345晋L", "province character"),
        ("港A12345", "province character"),
        ("晋L1234", "6 characters"),
        ("晋L1234567", "9 characters"),
        ("晋112345", "letter other than I and O"),
        ("晋I12345", "letter other than I and O"),
        ("晋O12345", "letter other than I and O"),
        ("晋L1234O", "last five"),
        ("晋LI2345", "last five"),
        ("晋L挂1234", "last five"),
        ("晋L123挂挂", "last five"),
        ("晋L1234学", "last five"),
        ("晋L12345L", "new-energy"),
        ("晋LL12345", "new-energy"),
        ("晋LD1234A", "new-energy"),
        ("晋L1234D5", "new-energy"),
        ("晋L12345挂", "new-energy"),
        ("晋L١٢٣٤٥", "last five"),
        ("晋L" + "1" * 10_000, "characters"),
    ],
)
def test_what_is_no_plate_says_why(text, says):
    with pytest.raises(InvalidPlate, match=says) as refusal:
        parse_plate(text)
    assert isinstance(refusal.value, ValueError)
    assert len(str(refusal.value)) < 250
    assert not is_valid_plate(text)


ordinary = st.builds(
    lambda p, a, rest, last: p + a + rest + last,
    st.sampled_from(PROVINCE_CHARACTERS),
    st.sampled_from(LETTERS),
    st.text(SIGNS, min_size=4, max_size=4),
    st.sampled_from([*SIGNS, "挂"]),
)
digits = st.text("0123456789", min_size=4, max_size=4)
small = st.builds(
    lambda p, a, kind, sign, number: p + a + kind + sign + number,
    st.sampled_from(PROVINCE_CHARACTERS),
    st.sampled_from(LETTERS),
    st.sampled_from("ABCDEFGHJK"),
    st.sampled_from(SIGNS),
    digits,
)
large = st.builds(
    lambda p, a, first, number, kind: p + a + first + number + kind,
    st.sampled_from(PROVINCE_CHARACTERS),
    st.sampled_from(LETTERS),
    st.sampled_from("0123456789"),
    digits,
    st.sampled_from("ABCDEFGHJK"),
)


@given(ordinary | small | large, st.sampled_from(["", "·", " ", "-"]), st.booleans())
def test_plates_make_the_round_trip(plate, separator, lower):
    written = plate[:2] + separator + plate[2:]
    parsed = parse_plate(written.lower() if lower else written)
    assert parsed.text == plate
    assert parse_plate(parsed.text) == parsed
    assert parsed.province == plate[0]
    assert parsed.authority == plate[:2]


@given(st.text(max_size=12))
def test_any_text_is_a_plate_or_an_invalid_plate(text):
    try:
        parsed = parse_plate(text)
    except InvalidPlate:
        return
    assert parse_plate(parsed.text).text == parsed.text
    assert len(parsed.text) in (7, 8)


def test_the_province_of_a_plate():
    assert province_of("晋L12345") == ("140000", "山西省")
    assert province_of(parse_plate("黑A12345")) == ("230000", "黑龙江省")
    assert len(PROVINCE_CHARACTERS) == len(set(PROVINCE_CHARACTERS)) == 31


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("晋L1234挂", "15"),
        ("晋L12345D", "51"),
        ("晋LD12345", "52"),
        ("黄晋L12345", "01"),
        ("蓝晋L12345", "02"),
        ("晋L12345", None),
    ],
)
def test_the_type_that_a_plate_speaks_for(text, code):
    assert plate_type_of(parse_plate(text)) == code
    assert code is None or code in PLATE_TYPES


JT415 = {1: "blue", 2: "yellow", 3: "black", 4: "white", 5: "green", 9: "other"}
JT415 |= {91: "agri_yellow", 92: "agri_green", 93: "yellow_green", 94: "gradient_green"}
ETC = {0: "blue", 1: "yellow", 2: "black", 3: "white", 4: "gradient_green", 5: "yellow_green"}
ETC |= {6: "blue_white", 9: "unknown", 11: "green", 12: "red"}
VZENITH = {1: "blue", 2: "yellow", 3: "white", 4: "black", 5: "green", 6: "yellow_green"}
GAT = {0: "white", 1: "yellow", 2: "blue", 3: "black", 4: "green", 5: "unknown", 9: "other"}


@pytest.mark.parametrize(
    ("source", "codes"), [("jt415", JT415), ("etc", ETC), ("vzenith", VZENITH), ("gat", GAT)]
)
def test_every_colour_code_of_every_source(source, codes):
    assert {code: colour.value for code, colour in COLOUR_CODES[source].items()} == codes
    for code, name in codes.items():
        assert colour_from_code(source, code) is PlateColour(name)
        assert colour_from_code(source, str(code)) is PlateColour(name)
        assert colour_to_code(source, PlateColour(name)) == code


def test_one_number_means_four_colours():
    assert [colour_from_code(source, 3).value for source in COLOUR_CODES] == [
        "black",
        "white",
        "white",
        "black",
    ]
    assert [colour_from_code(source, 1).value for source in COLOUR_CODES] == [
        "blue",
        "yellow",
        "blue",
        "yellow",
    ]


@pytest.mark.parametrize("code", [77, -1, "x", ""])
def test_a_number_outside_the_set_is_an_unknown_colour(code):
    assert colour_from_code("jt415", code) is PlateColour.UNKNOWN


def test_a_colour_that_the_set_lacks_needs_a_default():
    with pytest.raises(ValueError, match="none for blue_white"):
        colour_to_code("jt415", PlateColour.BLUE_WHITE)
    assert colour_to_code("jt415", PlateColour.BLUE_WHITE, default=9) == 9


def test_a_wrong_source_is_never_guessed():
    for call in (
        lambda: colour_from_code("hik", 1),
        lambda: colour_to_code("hik", PlateColour.BLUE),
        lambda: colour_from_name("hik", "blue"),
    ):
        with pytest.raises(ValueError, match="hik"):
            call()


@pytest.mark.parametrize(
    ("name", "colour"),
    [
        ("blue", PlateColour.BLUE),
        ("YELLOW", PlateColour.YELLOW),
        (" newEnergyYellowGreen ", PlateColour.YELLOW_GREEN),
        ("newenergygreen", PlateColour.GRADIENT_GREEN),
        ("other", PlateColour.OTHER),
        ("unknown", PlateColour.UNKNOWN),
        ("ultraviolet", PlateColour.UNKNOWN),
    ],
)
def test_hikvision_names(name, colour):
    assert colour_from_name("hikvision", name) is colour
    assert "blue" in COLOUR_NAMES["hikvision"]


def test_every_colour_has_a_chinese_name_of_its_own():
    names = [colour.zh for colour in PlateColour]
    assert len(set(names)) == len(names) == 13
