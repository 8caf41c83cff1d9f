"""Parking boards: frames of the manual byte for byte, rows and phrases, refusals and silence."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import DeviceState, Message
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.displays import LineDisplay
from hengyuan.terminal.drivers.parking485.codec import (
    INPUTS,
    MAX_TEXT,
    SPEAK,
    TEXT,
    Decoder,
    Done,
    Inputs,
    LineText,
    Speech,
    decode,
    done_frame,
    encode_text,
    frames_for,
    inputs_answer,
    inputs_frame,
    speech_frame,
    text_frame,
)
from hengyuan.terminal.drivers.parking485.settings import Settings
from tests.terminal.drivers.at_hand import Server, tcp
from tests.terminal.drivers.line_displays import PATIENT, Board, display, with_board

OVER = Message(("晋L00001", "49.36 t", "超限 0.36 t，请倒车卸货"), "over")
TEXTS = st.text(st.characters(codec="gbk", exclude_characters="`"), max_size=200)


def settings(**more: object) -> Settings:
    made = load_settings({"driver": "parking485", "name": "board", "transport": tcp(), **more})
    assert isinstance(made, Settings)
    return made


def test_the_manuals_frames_are_built_byte_for_byte() -> None:
    welcome = LineText(0, "欢迎光临", "red", False, 5)
    assert text_frame(welcome) == bytes.fromhex(
        "0064FFFF621B000001000500010300FF000000000000000800BBB6D3ADB9E2C1D95896"
    )
    assert done_frame(TEXT) == bytes.fromhex("0064FFFF620100976A")
    assert speech_frame("欢迎光临") == bytes.fromhex("0064FFFF300901BBB6D3ADB9E2C1D93258")
    assert inputs_frame() == bytes.fromhex("0064FFFFD5002F67")
    assert inputs_answer(Inputs(0x0A066D, 0, 3)) == bytes.fromhex(
        "0064FFFFD5086D060A000000030092B5"
    )
    assert INPUTS == 0xD5


@given(TEXTS, st.integers(0, 3), st.sampled_from(["red", "green", "yellow"]), st.booleans())
def test_what_is_sent_is_what_arrives(text: str, row: int, colour: object, moves: bool) -> None:
    (item,) = decode(text_frame(LineText(row, text, colour, moves, 5)))  # type: ignore[arg-type]
    assert isinstance(item, LineText)
    whole = " ".join(text.split()) or " "
    assert whole.startswith(item.text)
    assert item.text == whole or len(item.text.encode("gbk")) >= MAX_TEXT - 1
    assert (item.row, item.colour, item.scrolling) == (row, colour, moves)


def test_rows_are_filled_blanked_and_moved_where_they_are_too_long() -> None:
    items = [item for frame in frames_for(OVER, settings()) for item in decode(frame)]
    assert [item.text.strip() for item in items if isinstance(item, LineText)] == [*OVER.lines, ""]
    assert [item.scrolling for item in items if isinstance(item, LineText)] == [
        False, False, True, False,
    ]  # fmt: skip


def test_a_plate_cannot_smuggle_in_a_time_code() -> None:
    assert encode_text("`H\n晋L00001") == "'H 晋L00001".encode("gbk")


def test_the_boards_address_is_on_every_frame() -> None:
    here = settings(address=7, phrases={"over": "请倒车"})
    frames = frames_for(OVER, here)
    assert len(frames) == 5
    assert all(frame[0] == 7 for frame in frames)
    assert all(item.reason == "noise" for item in decode(frames[0]) if hasattr(item, "reason"))
    assert isinstance(decode(frames[4], here)[0], Speech)


def acknowledging(item: object) -> bytes | None:
    return done_frame(SPEAK if isinstance(item, Speech) else TEXT)


def test_a_message_is_shown_row_by_row_and_spoken_once() -> None:
    board = Board(Decoder(), acknowledging)

    async def work(device: LineDisplay, server: Server) -> None:
        for _ in range(2):
            result = await device.show(OVER)
            assert (result.acknowledged, result.error) == (True, None)
        assert device.state is DeviceState.OK
        spoken = [item.text for item in board.heard if isinstance(item, Speech)]
        assert spoken == ["请倒车"]
        assert len(board.heard) == 9

    with_board("parking485", board, work, phrases={"over": "请倒车"}, ack_timeout_s=PATIENT)


def test_a_board_that_refuses_is_asked_once_more_and_reported() -> None:
    board = Board(Decoder(), lambda item: done_frame(TEXT, 3))

    async def work(device: LineDisplay, server: Server) -> None:
        result = await device.show(OVER)
        assert result.error == "the board refused the frame (code 3)"
        assert len(board.heard) == 2
        assert device.state is DeviceState.FAULT

    with_board("parking485", board, work, ack_timeout_s=PATIENT)


def test_a_silent_board_is_reported_and_called_anew_with_the_message() -> None:
    async def work(device: LineDisplay, server: Server) -> None:
        result = await device.show(OVER)
        assert result.error == "no answer within 0.05 s"
        again = Board(Decoder(), acknowledging)
        await again_heard(again, server)
        assert [item.text for item in again.heard][:1] == ["晋L00001"]

    with_board("parking485", Board(Decoder()), work, ack_timeout_s=0.05)


async def again_heard(board: Board, server: Server) -> None:
    peer = await server.accepted()
    while not board.heard:
        for item in Decoder().feed(await peer.reader.read(4096)):
            board.heard.append(item)


def test_a_board_that_is_not_connected_is_reported_at_once() -> None:
    result = asyncio.run(display("parking485").show(OVER))
    assert (result.acknowledged, result.error) == (False, "the device is not connected")


def test_an_answer_is_no_command() -> None:
    assert isinstance(decode(done_frame(SPEAK, 1))[0], Done)
