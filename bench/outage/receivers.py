"""Receivers that count: an HTTP collector, and a small MQTT broker (3.1.1 and 5)."""

import asyncio
import contextlib
import json
from typing import Any

from bench.outage.scenario import Arrivals

_CONNACK, _PUBACK, _SUBACK, _UNSUBACK = 0x20, 0x40, 0x90, 0xB0
_VERSION_5 = 5
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
        except (OSError, EOFError, ValueError, asyncio.CancelledError):
            # cut, here or there; nobody waits for this task
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
        # what MQTT 5 has more of: an empty list of properties
        more = b""
        while True:
            first = (await reader.readexactly(1))[0]
            body = await reader.readexactly(await _length(reader))
            match first & 0xF0:
                case 0x10:
                    more = b"\0" if body[6] == _VERSION_5 else b""
                    writer.write(bytes((_CONNACK, 2 + len(more), 0, 0)) + more)
                case 0x30:
                    self._published(first, body, writer, more)
                case 0x80:
                    granted = b"\x01" * _count_topics(_behind_properties(body[2:], more))
                    rest = body[:2] + more + granted
                    writer.write(bytes((_SUBACK, len(rest))) + rest)
                case 0xA0:
                    topics = _count_topics(_behind_properties(body[2:], more), 0)
                    rest = body[:2] + more + b"\0" * (topics if more else 0)
                    writer.write(bytes((_UNSUBACK, len(rest))) + rest)
                case 0xC0:
                    writer.write(b"\xd0\x00")
                case 0xE0:
                    return
            await writer.drain()

    def _published(
        self, first: int, body: bytes, writer: asyncio.StreamWriter, more: bytes
    ) -> None:
        size = int.from_bytes(body[:2], "big")
        topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
        if first & 0x06:
            packet_id, rest = rest[:2], rest[2:]
            writer.write(bytes((_PUBACK, 2)) + packet_id)
        rest = _behind_properties(rest, more)
        with contextlib.suppress(ValueError):
            said = json.loads(rest)
            if topic == "v1/gateway/telemetry":
                self._telemetry(said)
            elif topic.startswith("v1/devices/me/rpc/request/"):
                answer = _LIMITS if said.get("method") == "getSessionLimits" else {}
                self._publish(topic.replace("request", "response"), answer, writer, more)

    def _telemetry(self, said: dict[str, list[dict[str, Any]]]) -> None:
        for entries in said.values():
            for entry in entries:
                values = entry.get("values", entry)
                if "n" in values:
                    self.arrivals.take(int(values["n"]))

    @staticmethod
    def _publish(
        topic: str, body: dict[str, Any], writer: asyncio.StreamWriter, more: bytes
    ) -> None:
        name = topic.encode()
        packet = len(name).to_bytes(2, "big") + name + more + json.dumps(body).encode()
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


def _behind_properties(body: bytes, more: bytes) -> bytes:
    """Without the properties; none of those that a gateway sends is longer than 127 bytes."""
    return body[1 + body[0] :] if more else body


def _count_topics(body: bytes, options: int = 1) -> int:
    count = 0
    while body:
        size = int.from_bytes(body[:2], "big")
        body = body[2 + size + options :]
        count += 1
    return count
