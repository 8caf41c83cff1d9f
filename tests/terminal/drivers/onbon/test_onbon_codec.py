"""Onbon: texts to the display and its answers, byte for byte as captured."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import Message
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.framing import Bad
from hengyuan.terminal.drivers.onbon.codec import (
    Answer,
    TextArea,
    TextFrame,
    areas_for,
    build_frame,
    crc,
    decode,
    decode_text_frame,
    encode_ack,
    encode_nack,
    encode_text,
    escape,
    text_frame,
    unescape,
)
from hengyuan.terminal.drivers.onbon.settings import Settings
from tests.terminal.drivers.at_hand import tcp
from tests.terminal.drivers.independent import crc_arc, onbon_frames
from tests.terminal.drivers.mutations import bad_lines

WELCOME = bytes.fromhex(
    "A5A5A5A5A5A5A5A5 FEFF0080000000000000FE022C00 A306010000000123000000800000808020000000000A"
    "0000000002010100020A08000000 BBB6D3ADB9E2C1D9 3C49 5A"
)
ACK = bytes.fromhex("A5A5A5A5A5A5A5A5 0080FEFF000000000000FE020500 A000000000 14AC 5A")
TEXTS = st.text(st.characters(codec="gbk", exclude_characters="\\"), max_size=20)


def settings(**more: int) -> Settings:
    made = load_settings({"driver": "onbon", "name": "led", "transport": tcp(), **more})
    assert isinstance(made, Settings)
    return made


def test_the_captured_frames_are_built_byte_for_byte() -> None:
    assert text_frame([TextArea(0, 0, 0, 128, 32, "欢迎光临")]) == WELCOME
    assert encode_ack() == ACK


@given(st.binary(max_size=60))
def test_escaping_hides_both_marks_and_is_undone(body: bytes) -> None:
    escaped = escape(body)
    assert b"\xa5" not in escaped and b"\x5a" not in escaped
    assert unescape(escaped) == body
    assert int.from_bytes(crc(body), "little") == crc_arc(body)


@given(st.lists(TEXTS, max_size=4), st.sampled_from(["idle", "ok", "over", "wait", "fault"]))
def test_what_is_shown_is_what_arrives(lines: list[str], level: str) -> None:
    message = Message(tuple(lines), level)  # type: ignore[arg-type]
    frame = decode_text_frame(text_frame(areas_for(message, settings())))
    colour = {"over": "red", "fault": "red", "wait": "yellow"}.get(level, "green")
    assert frame.wants_answer
    assert [area.y for area in frame.areas] == [0, 16, 32, 48]
    assert {area.colour for area in frame.areas} == {colour}
    shown = [area.text for area in frame.areas]
    assert shown == [" ".join(line.split()) or " " for line in lines] + [" "] * (4 - len(lines))


def test_a_plate_cannot_smuggle_in_a_control_code() -> None:
    assert encode_text("\\C2\n晋L00001") == "/C2 晋L00001".encode("gbk")


def test_a_character_that_the_display_lacks_is_shown_as_a_question_mark() -> None:
    assert encode_text("𠮷") == b"?"


def test_a_line_that_is_too_wide_moves() -> None:
    lines = ("晋L00001", "超限 4620 kg，请卸货后重新过磅")
    areas = areas_for(Message(lines, "over"), settings(width_px=128))
    assert [area.scrolling for area in areas] == [False, True, False, False]
    shown = decode_text_frame(text_frame(areas)).areas
    assert shown == tuple(replace(area, text=area.text or " ") for area in areas)


def test_rows_that_a_message_does_not_use_are_blanked() -> None:
    areas = areas_for(Message(("一行",), "ok"), settings(rows=2, height_px=32))
    assert [(area.number, area.y, area.height, area.text) for area in areas] == [
        (0, 0, 16, "一行"),
        (1, 16, 16, ""),
    ]


def test_answers_are_told_apart() -> None:
    ack, nack = decode(encode_ack() + encode_nack(5))
    assert ack == Answer(None)
    assert (
        isinstance(nack, Answer) and nack.why == "the display refused the frame: checksum (code 5)"
    )


@given(bad_lines(st.one_of(st.just(encode_ack()), TEXTS.map(lambda t: text_frame([_area(t)])))))
def test_no_bad_line_yields_more_than_its_sound_frames(stream: bytes) -> None:
    sound = [item for item in decode(stream) if isinstance(item, Answer | TextFrame)]
    assert len(sound) <= onbon_frames(stream)


def _area(text: str) -> TextArea:
    return TextArea(0, 0, 0, 128, 16, text)


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything(stream: bytes) -> None:
    decode(b"\xa5" + stream + b"\x5a")


@given(st.binary(max_size=60))
def test_no_areas_at_all_raise_anything_but_bad(data: bytes) -> None:
    try:
        decode_text_frame(build_frame(b"\xa3\x06" + data))
    except Bad as bad:
        assert bad.reason in ("length", "sound")


def test_a_simulator_is_told_that_a_frame_shows_no_text() -> None:
    with pytest.raises(Bad, match="command"):
        decode_text_frame(encode_ack())
