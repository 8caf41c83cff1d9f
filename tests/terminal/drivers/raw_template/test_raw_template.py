"""A display by template: what is wrong with one is said, what is filled in is read back."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import DeviceState, Message
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.displays import LineDisplay
from hengyuan.terminal.drivers.raw_template.codec import Decoder, RowText, decode, frames_for
from hengyuan.terminal.drivers.raw_template.settings import Settings
from tests.terminal.drivers.at_hand import Server, tcp, until
from tests.terminal.drivers.line_displays import PATIENT, Board, with_board

OVER = Message(("晋L00001", "49.36 t"), "over")
TEMPLATES = [
    "02 {row} {length} {text} {xor} 03",
    "AA55{length16}{row}{text}{sum}",
    "A5 {text} {crc} 0D 0A",
    "7E {length} 00 {text} {crc}",
]


def settings(**more: object) -> Settings:
    made = load_settings({"driver": "raw_template", "name": "led", "transport": tcp(), **more})
    assert isinstance(made, Settings)
    return made


@given(st.sampled_from(TEMPLATES), st.lists(st.text(st.characters(codec="gbk")), max_size=4))
def test_what_is_filled_in_is_read_back(template: str, lines: list[str]) -> None:
    here = settings(frame=template, max_octets=255)
    frames = frames_for(Message(tuple(lines), "ok"), here)
    assert len(frames) == 4
    for row, frame in enumerate(frames):
        found = [item for item in decode(frame, here) if isinstance(item, RowText)]
        if "0D 0A" in template and frame.count(b"\r\n") > 1:
            continue
        (item,) = found
        line = " ".join(lines[row].split()) if row < len(lines) else ""
        assert (line or " ").startswith(item.text)
        assert item.row == (row if "{row}" in template else 0)


def test_all_lines_may_go_into_one_frame() -> None:
    (frame,) = frames_for(OVER, settings(whole=True, first_row=1))
    assert decode(frame) == [RowText(1, "晋L00001 49.36 t", frame)]


def test_long_texts_are_cut_between_characters() -> None:
    frames = frames_for(Message(("超限超限",), "over"), settings(max_octets=5))
    assert [getattr(item, "text", "") for item in decode(frames[0])] == ["超限"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"frame": "02 {text"}, "既不是十六进制，也不是字段"),
        ({"frame": "02 {plate} 03"}, "没有字段 {plate}"),
        ({"frame": "02 03"}, "{text} 必须出现且只出现一次"),
        ({"frame": "02 {text} {text} 03"}, "{text} 必须出现且只出现一次"),
        ({"frame": "{text} 03"}, "必须以固定字节开头"),
        ({"frame": "02 {text} {xor}"}, "{text} 之前要有 {length}"),
        ({"answer": "zz"}, "不是十六进制"),
        ({"answer": ""}, "answer 没有字节"),
    ],
)
def test_a_wrong_template_is_refused_with_the_reason(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        settings(**wrong)
    assert said in str(raised.value)


@given(st.sampled_from(TEMPLATES), st.binary(max_size=80))
def test_no_bytes_at_all_raise_anything(template: str, body: bytes) -> None:
    here = settings(frame=template)
    decode(body, here)
    decode(Decoder(here).start + body, here)


def test_a_display_that_answers_is_waited_for() -> None:
    board = Board(Decoder(), lambda item: b"\x06\x0d")

    async def work(device: LineDisplay, server: Server) -> None:
        assert (await device.show(OVER)).acknowledged
        assert [item.text for item in board.heard] == ["晋L00001", "49.36 t", " ", " "]
        assert device.state is DeviceState.OK

    with_board("raw_template", board, work, answer="06 0D", ack_timeout_s=PATIENT)


def test_a_display_that_does_not_answer_as_written_is_reported() -> None:
    board = Board(Decoder(), lambda item: b"\x15")

    async def work(device: LineDisplay, server: Server) -> None:
        assert (await device.show(OVER)).error == "no answer within 0.05 s"

    with_board("raw_template", board, work, answer="06", ack_timeout_s=0.05)


def test_a_display_without_answers_is_taken_at_our_word() -> None:
    board = Board(Decoder())

    async def work(device: LineDisplay, server: Server) -> None:
        assert (await device.show(OVER)).acknowledged
        await until(lambda: len(board.heard) == 4)

    with_board("raw_template", board, work)
