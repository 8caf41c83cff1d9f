"""A scale behind a real broker: its bytes arrive, a broken line is opened again."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from paho.mqtt.publish import single

from hengyuan.terminal.devices import Counters
from hengyuan.terminal.drivers.base import ScaleDriver
from hengyuan.terminal.drivers.catalogue import create, load_settings
from hengyuan.terminal.transports.connection import Connection
from hengyuan.terminal.transports.link import Backoff, Link, open_connection
from hengyuan.terminal.transports.settings import Mqtt
from tests.terminal.drivers.at_hand import running, until
from tests.terminal.transports.test_tcp_server import free_port

BROKER = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin") or "mosquitto"
FRAME = bytes.fromhex("02 2B 30 30 31 35 36 30 30 31 39 03")


class Broker:
    """A mosquitto on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._passwords = folder / "passwords"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\npersistence false\nallow_anonymous false\n"
            f"password_file {self._passwords}\n"
        )
        tool = shutil.which("mosquitto_passwd") or "mosquitto_passwd"
        subprocess.run([tool, "-b", "-c", self._passwords, "gate", "sesame"], check=True)
        # started by root it becomes another user, who has to be able to read it
        self._passwords.chmod(0o644)
        folder.chmod(0o755)
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self._process = subprocess.Popen(
            [BROKER, "-c", self._config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    async def says(self, topic: str, payload: bytes) -> None:
        await asyncio.to_thread(
            single,
            topic,
            payload,
            hostname="127.0.0.1",
            port=self.port,
            auth={"username": "gate", "password": "sesame"},
        )


@asynccontextmanager
async def broker(folder: Path) -> AsyncIterator[Broker]:
    there = Broker(folder)
    await there.start()
    try:
        yield there
    finally:
        there.kill()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own, which the user that the broker becomes may not enter."""
    with tempfile.TemporaryDirectory(prefix="hengyuan-mqtt-") as name:
        yield Path(name)


def settings(there: Broker, folder: Path, **changed: object) -> Mqtt:
    secret = folder / "secret"
    secret.write_text("sesame\n")
    values: dict[str, object] = {
        "host": "127.0.0.1",
        "port": there.port,
        "topic": "gate/scale",
        "write_topic": "gate/scale/in",
        "user": "gate",
        "password_file": str(secret),
    }
    return msgspec.convert({"kind": "mqtt", **values, **changed}, Mqtt)


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 60))


def test_what_a_device_publishes_is_read_and_what_is_written_is_published(folder: Path) -> None:
    async def work() -> None:
        async with broker(folder) as there:
            device = await open_connection(
                settings(there, folder, topic="gate/scale/in", write_topic="gate/scale")
            )
            ours = await open_connection(settings(there, folder))
            await ours.write(b"\x02AB03\x03")
            assert await device.read(10) == b"\x02AB03\x03"
            await device.write(FRAME)
            assert await ours.read(10) == FRAME
            with pytest.raises(TimeoutError):
                await ours.read(0.05)
            await ours.close()
            await device.close()

    run(work)


def test_a_device_without_a_topic_for_writing_is_only_heard(folder: Path) -> None:
    async def work() -> None:
        async with broker(folder) as there:
            ours = await open_connection(settings(there, folder, write_topic=None))
            with pytest.raises(ConnectionResetError, match="write_topic"):
                await ours.write(b"x")
            await ours.close()

    run(work)


def test_a_wrong_password_is_an_error_that_says_so(folder: Path) -> None:
    async def work() -> None:
        async with broker(folder) as there:
            wrong = folder / "wrong"
            wrong.write_text("open")
            with pytest.raises(OSError, match="Not authorized"):
                await open_connection(settings(there, folder, password_file=str(wrong)))

    run(work)


def test_a_broker_that_dies_is_called_again(folder: Path) -> None:
    async def work() -> None:
        heard: list[bytes] = []

        async def session(connection: Connection) -> None:
            counters.octets += 1
            while True:
                heard.append(await connection.read(30))

        counters = Counters()
        async with broker(folder) as there:
            link = Link(settings(there, folder), counters, backoff=Backoff(0.02, 0.05))
            async with running(link.run(session)):
                await until(lambda: link.connected)
                await there.says("gate/scale", b"before")
                await until(lambda: heard == [b"before"])
                there.kill()
                await until(lambda: not link.connected)
                await there.start()
                await until(lambda: link.connected)
                await there.says("gate/scale", b"after")
                await until(lambda: heard == [b"before", b"after"])

    run(work)


def test_a_scale_behind_a_broker_is_a_scale(folder: Path) -> None:
    async def work() -> None:
        async with broker(folder) as there:
            readings: list[int | None] = []
            transport = settings(there, folder, write_topic=None)
            table = {
                "kind": "mqtt",
                "host": transport.host,
                "port": transport.port,
                "topic": transport.topic,
                "user": transport.user,
                "password_file": transport.password_file,
            }
            scale = create(
                load_settings({"driver": "f1", "name": "s", "unit": "kg", "transport": table})
            )
            assert isinstance(scale, ScaleDriver)
            async with running(scale.run(lambda reading: readings.append(reading.mass_kg))):
                await until(lambda: scale.link.connected)
                # a broker may cut a frame in two
                await there.says("gate/scale", FRAME[:5])
                await there.says("gate/scale", FRAME[5:])
                await until(lambda: readings == [1560])

    run(work)
