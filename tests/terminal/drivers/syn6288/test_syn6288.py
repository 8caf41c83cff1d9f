"""SYN6288: spoken once, answered, and nothing smuggled into what is said."""

from functools import reduce
from operator import xor
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.config import read_config
from hengyuan.terminal.devices import DeviceState, Message
from hengyuan.terminal.drivers.base import VoiceDriver
from hengyuan.terminal.drivers.displays import LineDisplay
from hengyuan.terminal.drivers.syn6288.codec import (
    MAX_TEXT,
    NOT_UNDERSTOOD,
    TAKEN,
    AnswerDecoder,
    Decoder,
    Said,
    Speech,
    decode,
    encode_text,
    sentence,
    speech_frame,
)
from tests.terminal.drivers.at_hand import Server, tcp
from tests.terminal.drivers.line_displays import PATIENT, Board, display, with_board
from tests.terminal.test_config import changed

OVER = Message(("晋L00001", "49.36 t", "超限 360 kg"), "over")


def test_the_documented_frame_is_built_byte_for_byte() -> None:
    assert speech_frame("欢迎光临") == bytes.fromhex("FD000B0101BBB6D3ADB9E2C1D9C6")


@given(st.text(st.characters(codec="gbk", exclude_characters="[]"), max_size=150))
def test_what_is_sent_is_what_is_said(text: str) -> None:
    frame = speech_frame(text, volume=16, speed=5)
    assert reduce(xor, frame) == 0
    assert len(frame) <= MAX_TEXT + 6
    (item,) = decode(frame)
    assert isinstance(item, Speech)
    assert ("[v16][t5]" + " ".join(text.split())).startswith(item.text)


def test_units_are_said_in_words() -> None:
    assert sentence(OVER) == "晋L00001，49.36吨，超限 360公斤"


def test_a_plate_cannot_smuggle_in_a_control_code() -> None:
    assert encode_text("[v0]\n晋L00001") == "(v0) 晋L00001".encode("gbk")


def test_answers_are_read_among_noise() -> None:
    items = AnswerDecoder().feed(b"\x00A\xff\x45")
    assert [item.code for item in items if isinstance(item, Said)] == [TAKEN, NOT_UNDERSTOOD]


def test_a_verdict_is_spoken_once_and_acknowledged() -> None:
    board = Board(Decoder(), lambda item: bytes([TAKEN]))

    async def work(device: LineDisplay, server: Server) -> None:
        assert isinstance(device, VoiceDriver)
        result = await device.show(OVER)
        assert (result.acknowledged, result.error) == (True, None)
        assert device.state is DeviceState.OK
        assert [item.text for item in board.heard] == ["[v12][t4]" + sentence(OVER)]

    with_board("syn6288", board, work, ack_timeout_s=PATIENT, refresh_s=0.01)


def test_the_invitation_of_a_free_scale_stays_unspoken() -> None:
    board = Board(Decoder(), lambda item: bytes([TAKEN]))

    async def work(device: LineDisplay, server: Server) -> None:
        for level in ("idle", "wait"):
            assert (await device.show(Message(("请上磅",), level))).acknowledged  # type: ignore[arg-type]
        await device.show(OVER)
        assert len(board.heard) == 1

    with_board("syn6288", board, work, ack_timeout_s=PATIENT, speak_wait=False)


def test_a_module_that_does_not_understand_is_reported() -> None:
    board = Board(Decoder(), lambda item: bytes([NOT_UNDERSTOOD]))

    async def work(device: LineDisplay, server: Server) -> None:
        result = await device.show(OVER)
        assert result.error == "the module did not understand the frame"
        assert len(board.heard) == 2

    with_board("syn6288", board, work, ack_timeout_s=PATIENT)


def test_a_verdict_that_nothing_took_is_not_acknowledged() -> None:
    async def work(device: LineDisplay, server: Server) -> None:
        assert not (await device.show(OVER)).acknowledged

    with_board("syn6288", Board(Decoder()), work, ack_timeout_s=0.05)


@given(st.binary(max_size=60))
def test_no_bytes_at_all_raise_anything(body: bytes) -> None:
    decode(body)
    decode(b"\xfd\x00" + body)


def test_an_unconnected_module_is_unknown() -> None:
    assert display("syn6288").state is DeviceState.UNKNOWN


def test_a_lane_takes_a_voice_among_its_displays() -> None:
    voice = {"driver": "syn6288", "name": "语音", "transport": tcp()}
    raw = changed("lanes.0.displays", [{"driver": "html", "name": "page"}, voice])
    (lane,) = read_config(Path("/gate/gate.toml"), raw).lanes
    assert [device.name for device in lane.displays] == ["page", "语音"]
