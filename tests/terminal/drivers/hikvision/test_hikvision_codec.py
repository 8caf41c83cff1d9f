"""Hikvision pushes: the plate, its pictures, both clocks; and nothing that is not checked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.law.plates import PlateColour
from hengyuan.terminal.devices import Picture, PlateEvent
from hengyuan.terminal.drivers.hikvision import codec
from hengyuan.terminal.drivers.hikvision.codec import (
    MAX_XML,
    build_push,
    decode,
    parse_push,
)
from hengyuan.terminal.drivers.hikvision.parts import Part, join
from hengyuan.terminal.drivers.plate_events import (
    MAX_BODY,
    MAX_PICTURE,
    MalformedEvent,
    NotAPlateEvent,
)
from tests.terminal.drivers.mutations import mutated

CHINA = timezone(timedelta(hours=8))
NOW = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
JPEG = b"\xff\xd8\xff\xe0" + b"\r\n--hengyuan-push\r\nnot a boundary" + b"\xff\xd9"
EVENT = PlateEvent(
    event_id="a0fe72d4-0000-0000-0000-000000000001",
    plate="晋L00001",
    colour="yellow",
    confidence=97,
    lane=1,
    camera_at=datetime(2026, 5, 1, 12, 0, 1, 250_000, tzinfo=CHINA),
    received_at=NOW,
    direction="forward",
    pictures=(Picture("plate", "image/jpeg", JPEG), Picture("head", "image/jpeg", JPEG)),
    retransmission=False,
    camera="出口前抓拍",
)


def read(body: bytes, content_type: str | None = None) -> PlateEvent:
    return parse_push(content_type or build_push(EVENT)[0], body, NOW)


def refusal(content_type: str, body: bytes) -> MalformedEvent:
    with pytest.raises(MalformedEvent) as raised:
        parse_push(content_type, body, NOW)
    return raised.value


def form(*parts: Part) -> tuple[str, bytes]:
    return join(list(parts), "b")


def xml(inner: str, *, plate: str = "晋L00001") -> Part:
    text = (
        f"<EventNotificationAlert><eventType>ANPR</eventType><ANPR>"
        f"<licensePlate>{plate}</licensePlate></ANPR>{inner}</EventNotificationAlert>"
    )
    return Part("anpr.xml", "anpr.xml", "text/xml", text.encode())


def test_what_a_camera_pushed_is_what_is_read() -> None:
    assert parse_push(*build_push(EVENT), NOW) == EVENT


@given(
    colour=st.sampled_from([None, *(c.value for c in codec._COLOUR_NAMES if c.value != "unknown")]),
    plate=st.sampled_from([None, "晋L00001", "黑A0001D", "晋L00001挂", "晋L00001D"]),
    confidence=st.none() | st.integers(0, 100),
    lane=st.none() | st.integers(0, 9),
    late=st.booleans(),
)
def test_every_field_survives(
    colour: str | None, plate: str | None, confidence: int | None, lane: int | None, late: bool
) -> None:
    event = replace(
        EVENT,
        plate=plate,
        colour=colour if plate else None,
        confidence=confidence,
        lane=lane,
        retransmission=late,
    )
    assert parse_push(*build_push(event), NOW) == event


def test_colours_are_names_that_the_law_knows() -> None:
    for name in ("blue", "Yellow", "newEnergyGreen", "newEnergyYellowGreen", "black", "white"):
        event = parse_push(*form(xml(f"<plateColor>{name}</plateColor>")), NOW)
        assert PlateColour(event.colour or "") is not PlateColour.UNKNOWN


@pytest.mark.parametrize(
    ("code", "colour"),
    [("0", "white"), ("1", "yellow"), ("2", "blue"), ("3", "black"), ("4", "green"), ("5", None)],
)
def test_a_colour_that_only_the_gat_code_tells_is_read_by_its_table(
    code: str, colour: str | None
) -> None:
    inner = f"<plateColor>unknown</plateColor><V><plateColorByGAT>{code}</plateColorByGAT></V>"
    assert parse_push(*form(xml(inner)), NOW).colour == colour


def test_a_misread_plate_is_kept_as_read_without_its_colour() -> None:
    event = parse_push(*form(xml("", plate="黄晋L000")), NOW)
    assert (event.plate, event.colour) == ("晋L000", "yellow")


@pytest.mark.parametrize("plate", ["无车牌", "unknown", "", " ", "<b/>", "x" * 40])
def test_no_plate_is_none(plate: str) -> None:
    event = parse_push(*form(xml("", plate=plate)), NOW)
    assert (event.plate, event.colour) == (None, None)


def test_both_clocks_are_kept_and_aware() -> None:
    event = parse_push(*form(xml("<dateTime>2019-01-01T00:00:00</dateTime>")), NOW)
    assert event.camera_at == datetime(2019, 1, 1, tzinfo=CHINA)
    assert event.received_at == NOW
    west = parse_push(
        *form(xml("<dateTime>2019-01-01T00:00:00</dateTime>")), NOW, naive_offset=timedelta()
    )
    assert west.camera_at == datetime(2019, 1, 1, tzinfo=UTC)


def test_an_event_without_uuid_has_an_id_that_its_repeat_has_again() -> None:
    first, again = (parse_push(*form(xml("<line>1</line>")), NOW) for _ in range(2))
    other = parse_push(*form(xml("<line>2</line>")), NOW)
    assert first.event_id == again.event_id != other.event_id


def test_a_uuid_of_strange_characters_is_not_taken_over() -> None:
    event = parse_push(*form(xml("<UUID>../../etc/passwd\n</UUID>")), NOW)
    assert "/" not in event.event_id


def test_gb2312_declared_by_old_firmware_is_read() -> None:
    text = '<?xml version="1.0" encoding="GB2312"?>' + xml("").data.decode()
    part = Part("anpr.xml", "anpr.xml", "text/xml", text.encode("gb18030"))
    assert parse_push(*form(part), NOW).plate == "晋L00001"


def test_pictures_that_are_none_are_left_out_and_named() -> None:
    broken = Part("vehiclePicture.jpg", "vehiclePicture.jpg", "image/jpeg", JPEG[:-2])
    event = parse_push(*form(xml("<picNum>2</picNum>"), broken), NOW)
    assert event.pictures == ()
    assert event.picture_faults == ("vehiclePicture.jpg: a JPEG that breaks off",)


def test_fewer_pictures_than_counted_are_named() -> None:
    whole = Part("vehiclePicture.jpg", "vehiclePicture.jpg", "image/jpeg", JPEG)
    event = parse_push(*form(xml("<picNum>2</picNum>"), whole), NOW)
    assert event.picture_faults == ("2 pictures announced, 1 came",)


def test_a_part_that_is_no_picture_is_not_kept() -> None:
    other = Part("notes", "notes.txt", "text/plain", b"hello")
    assert parse_push(*form(xml(""), other), NOW).pictures == ()


def test_padding_behind_a_jpeg_is_no_fault() -> None:
    padded = Part("vehiclePicture.jpg", "vehiclePicture.jpg", "image/jpeg", JPEG + b"\0\0\r\n")
    assert len(parse_push(*form(xml(""), padded), NOW).pictures) == 1


def test_a_hostile_tree_of_picture_names_is_read_once_and_kept_short() -> None:
    deep = "<pictureInfo>" * 30_000 + "</pictureInfo>" * 30_000
    wide = "<fileName>x</fileName>" * 10_000
    for inner in (deep, wide):
        assert len(parse_push(*form(xml(inner)), NOW).picture_faults) <= 32


def test_another_kind_of_event_is_told_apart() -> None:
    heartbeat = Part("x", "x.xml", "text/xml", b"<a><eventType>videoloss</eventType></a>")
    assert isinstance(refusal(*form(heartbeat)), NotAPlateEvent)


@pytest.mark.parametrize(
    ("content_type", "body", "reason"),
    [
        ("", b"", "content_type"),
        ("text/html", b"<a/>", "content_type"),
        ("multipart/form-data", b"--b--\r\n", "content_type"),
        ("multipart/form-data; boundary=b", b"", "truncated"),
        ("multipart/form-data; boundary=b", b"no boundary at all", "multipart"),
        ("multipart/form-data; boundary=" + "b" * 300, b"--b--\r\n", "multipart"),
        ("application/xml", b"", "xml"),
        ("application/xml", b"<a>" * 200_000, "xml"),
        ("application/xml", b"<!DOCTYPE a []><a/>", "xml_dtd"),
        ("application/xml", b'<?xml version="1.0" encoding="x-none"?><a/>', "xml"),
        ("application/xml", b"<a>" + b" " * MAX_XML + b"</a>", "xml_size"),
        ("application/xml", b" " * (MAX_BODY + 1), "body_size"),
        (*form(xml(""), xml("")), "parts"),
        (*form(*[Part("p", "p.txt", "text/plain", b"")] * 40), "parts"),
        (*form(Part("p", "vehiclePicture.jpg", "image/jpeg", JPEG)), "no_xml"),
        (
            *form(xml(""), Part("p", "p.jpg", "image/jpeg", JPEG[:-2] + bytes(MAX_PICTURE))),
            "picture_size",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else f"{len(value)} bytes",
)
def test_a_push_that_cannot_be_used_says_why(content_type: str, body: bytes, reason: str) -> None:
    said = refusal(content_type, body)
    assert said.reason == reason
    assert said.detail


@given(random=st.randoms(use_true_random=False))
def test_no_mangled_push_raises_anything_else(random: Random) -> None:
    content_type, body = build_push(EVENT)
    try:
        event = read(mutated(random, body), content_type)
    except MalformedEvent:
        return
    for picture in event.pictures:
        assert picture.data.startswith(b"\xff\xd8\xff")


@given(st.text(max_size=60), st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything_else(content_type: str, body: bytes) -> None:
    for kind in (content_type, "multipart/form-data; boundary=b", "application/xml"):
        with pytest.raises(MalformedEvent):
            parse_push(kind, body, NOW)
    decode(body)
