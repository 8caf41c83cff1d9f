"""A line recorded and played again: the same bytes, whatever happens to file or line."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import DeviceState, Reading
from hengyuan.terminal.drivers.catalogue import create, load_settings
from hengyuan.terminal.drivers.f1.codec import encode
from hengyuan.terminal.transports.connection import Connection
from hengyuan.terminal.transports.link import open_connection
from hengyuan.terminal.transports.recording import NoRecording, Piece, Recorder, read_recording
from hengyuan.terminal.transports.settings import Replay, Tcp, Udp
from tests.terminal.drivers.at_hand import Clock, listening, running, until


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 60))


def test_what_a_line_carried_is_recorded_and_played_again(tmp_path: Path) -> None:
    file = tmp_path / "line.jsonl"

    async def work() -> None:
        async with listening() as server:
            tcp = Tcp(host="127.0.0.1", port=server.port, record=str(file))
            connection = await open_connection(tcp)
            peer = await server.accepted()
            await peer.send(b"\x02one")
            assert await connection.read(20) == b"\x02one"
            await connection.write(b"ask")
            await peer.send(b"two")
            assert await connection.read(20) == b"two"
            peer.hang_up()
            with pytest.raises(ConnectionError):
                await connection.read(20)
            await connection.close()
        pieces = read_recording(file.read_bytes())
        assert [(piece.way, piece.data) for piece in pieces] == [
            ("in", b"\x02one"), ("out", b"ask"), ("in", b"two"),
        ]  # fmt: skip
        again = await open_connection(Replay(path=str(file), speed=1000))
        assert await again.read(20) + await again.read(20) == b"\x02onetwo"
        with pytest.raises(TimeoutError):
            await again.read(0.01)
        await again.close()

    run(work)


def test_a_recorded_fault_becomes_a_driver_at_work(tmp_path: Path) -> None:
    file = tmp_path / "gate.jsonl"
    good = encode(1560)
    recorder = Recorder(file, 1_000_000)
    for data in (good, good[:7], b"\xff", good):
        recorder.came(data)
    replay = {"kind": "replay", "path": str(file), "speed": 1000}
    scale = create(load_settings({"driver": "f1", "name": "scale", "transport": replay}))
    got: list[Reading] = []

    async def work() -> None:
        async with running(scale.run(got.append)):  # type: ignore[attr-defined]
            await until(lambda: len(got) == 2)
            assert [reading.mass_kg for reading in got] == [1560, 1560]
            assert scale.counters.refused.total() >= 1
            assert scale.state is DeviceState.OK

    run(work)


def test_bare_bytes_are_played_too(tmp_path: Path) -> None:
    file = tmp_path / "line.bin"
    file.write_bytes(bytes(range(200)) * 2)

    async def work() -> None:
        connection = await open_connection(Replay(path=str(file), speed=1000, again=True))
        got = b""
        with pytest.raises(ConnectionError, match="end of the recording"):
            while True:
                got += await connection.read(20)
        assert got == file.read_bytes()

    run(work)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b'{"ms":1,"in":"zz"}\n{}\n', "line 1"), (b'{"ms":1,"in":"02"}\nnonsense\n', "line 2")],
)
def test_a_file_that_is_no_recording_is_refused_with_the_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "line.jsonl"
    file.write_bytes(content)
    with pytest.raises(NoRecording, match=said):
        read_recording(content)

    async def work() -> None:
        with pytest.raises(OSError, match=said):
            await open_connection(Replay(path=str(file)))
        with pytest.raises(FileNotFoundError):
            await open_connection(Replay(path=str(tmp_path / "none")))

    run(work)


def test_a_recording_that_the_power_cut_off_is_played_as_far_as_it_goes() -> None:
    whole = b'{"ms":0,"event":"opened"}\n{"ms":5,"in":"02 03"}\n'
    assert read_recording(whole + b'{"ms":9,"in":"0') == [Piece(5, "in", b"\x02\x03")]


def test_a_line_opened_again_goes_on_behind() -> None:
    once = b'{"ms":0,"event":"opened"}\n{"ms":500,"in":"01"}\n'
    assert [piece.ms for piece in read_recording(once * 3)] == [500, 1000, 1500]


@given(st.binary(max_size=200))
def test_no_file_at_all_raises_anything_else(content: bytes) -> None:
    for data in (content, b"{" + content, b'{"ms":0}\n' + content):
        try:
            pieces = read_recording(data)
        except NoRecording:
            continue
        assert all(piece.data for piece in pieces)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=10))
def test_times_and_bytes_survive(pieces: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file, clock = Path(folder) / "line", Clock()
        recorder = Recorder(file, 1_000_000, clock=clock)
        for data in pieces:
            clock.pass_(0.25)
            recorder.came(data)
        read = read_recording(file.read_bytes())
    assert read == [Piece(250 * n, "in", data) for n, data in enumerate(pieces, 1)]


def test_a_full_recording_stops_and_disturbs_nothing(tmp_path: Path) -> None:
    file = tmp_path / "line"
    recorder = Recorder(file, 200)
    for _ in range(50):
        recorder.came(b"\x02\x03")
    assert recorder.stopped and recorder.stopped.startswith("full")
    assert 0 < file.stat().st_size <= 200
    nowhere = Recorder(tmp_path / "none" / "line", 200)
    nowhere.came(b"\x02")
    assert nowhere.stopped


def test_datagrams_come_one_by_one_and_from_one_device_only() -> None:
    class Device(asyncio.DatagramProtocol):
        def __init__(self) -> None:
            self.got: list[bytes] = []
            self.transport: asyncio.DatagramTransport

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport  # type: ignore[assignment]

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            self.got.append(data)
            for answer in (b"one", b"two"):
                self.transport.sendto(answer, addr)

    async def work() -> None:
        loop = asyncio.get_running_loop()
        ends = [
            await loop.create_datagram_endpoint(Device, local_addr=("127.0.0.1", 0))
            for _ in range(2)
        ]
        (device, heard), (other, _) = ends
        port = device.get_extra_info("sockname")[1]
        connection = await open_connection(Udp(host="127.0.0.1", port=port))
        assert isinstance(connection, Connection)
        own = connection._transport.get_extra_info("sockname")  # type: ignore[attr-defined]
        other.sendto(b"not yours", own)
        await connection.write(b"ask")
        assert [await connection.read(20), await connection.read(20)] == [b"one", b"two"]
        assert heard.got == [b"ask"]
        with pytest.raises(TimeoutError):
            await connection.read(0.01)
        await connection.close()
        with pytest.raises(ConnectionError):
            await connection.read(20)
        for transport, _ in ends:
            transport.close()

    run(work)
