"""Receivers that count: an HTTP collector, and a small MQTT 3.1.1 broker like ThingsBoard's."""

import asyncio
import contextlib
import json
from typing import Any

from bench.outage.scenario import Arrivals

_CONNACK, _PUBACK, _SUBACK, _UNSUBACK = 0x20, 0x40, 0x90, 0xB0
_LIMITS = {
    "maxPayloadSize": 65536,
    "maxInflightMessages": 100,
    "rateLimits": {},
    "gatewayRateLimits": {},
}
"""What a ThingsBoard without rate limits answers when a gateway asks for its session's limits."""


class _Server:
    def __init__(self) -> None:
        self.arrivals = Arrivals()
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._converse(reader, writer)
        except (OSError, EOFError, ValueError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError


class HttpCollector(_Server):
    """Takes POSTs with one JSON object, `n` its number, and answers 200 once it has it."""

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            self.arrivals.take(int(json.loads(body)["n"]))
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            await writer.drain()


class MqttBroker(_Server):
    """Takes a gateway's telemetry with QoS 1 and acknowledges it once it has it."""

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            first = (await reader.readexactly(1))[0]
            body = await reader.readexactly(await _length(reader))
            match first & 0xF0:
                case 0x10:
                    writer.write(bytes((_CONNACK, 2, 0, 0)))
                case 0x30:
                    self._published(first, body, writer)
                case 0x80:
                    topics = _count_topics(body[2:])
                    writer.write(bytes((_SUBACK, 2 + topics)) + body[:2] + b"\x01" * topics)
                case 0xA0:
                    writer.write(bytes((_UNSUBACK, 2)) + body[:2])
                case 0xC0:
                    writer.write(b"\xd0\x00")
                case 0xE0:
                    return
            await writer.drain()

    def _published(self, first: int, body: bytes, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(body[:2], "big")
        topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
        if first & 0x06:
            packet_id, rest = rest[:2], rest[2:]
            writer.write(bytes((_PUBACK, 2)) + packet_id)
        with contextlib.suppress(ValueError):
            said = json.loads(rest)
            if topic == "v1/gateway/telemetry":
                self._telemetry(said)
            elif topic.startswith("v1/devices/me/rpc/request/"):
                answer = _LIMITS if said.get("method") == "getSessionLimits" else {}
                self._publish(topic.replace("request", "response"), answer, writer)

    def _telemetry(self, said: dict[str, list[dict[str, Any]]]) -> None:
        for entries in said.values():
            for entry in entries:
                values = entry.get("values", entry)
                if "n" in values:
                    self.arrivals.take(int(values["n"]))

    @staticmethod
    def _publish(topic: str, body: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        name = topic.encode()
        packet = len(name).to_bytes(2, "big") + name + json.dumps(body).encode()
        writer.write(b"\x30" + _encoded(len(packet)) + packet)


async def _length(reader: asyncio.StreamReader) -> int:
    length = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return length


def _encoded(length: int) -> bytes:
    out = bytearray()
    while True:
        length, byte = divmod(length, 128)
        out.append(byte | (0x80 if length else 0))
        if not length:
            return bytes(out)


def _count_topics(body: bytes) -> int:
    count = 0
    while body:
        size = int.from_bytes(body[:2], "big")
        body = body[2 + size + 1 :]
        count += 1
    return count
