"""MQTT: a device, or the device server in front of it, that speaks through a broker.

The library's own thread does the network, because its asyncio form needs a selector loop, which
Windows does not give to programs that also start others. Everything it hears is handed over to the
loop that opened the connection.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from hengyuan.terminal.transports.arrivals import Arrivals
from hengyuan.terminal.transports.connection import Connection
from hengyuan.terminal.transports.settings import Mqtt

KEEP_ALIVE_S = 30
"""A broker that is silent for half as long again is gone."""
SUBSCRIBE_S = 10.0
WRITE_S = 5.0
_REFUSED = 0x80
"""What a broker answers for a topic that may not be read."""


class MqttConnection(Connection):
    """Each read is the payload of one message, each write publishes one."""

    def __init__(self, settings: Mqtt) -> None:
        self._settings = settings
        self._arrivals = Arrivals()
        self._loop = asyncio.get_running_loop()
        self._subscribed: asyncio.Future[None] = self._loop.create_future()
        client = Client(CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
        if settings.user is not None:
            client.username_pw_set(settings.user, _password(settings))
        if settings.tls:
            client.tls_set(ca_certs=settings.ca_file)
        client.connect_timeout = settings.connect_timeout_s
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        self._client = client

    async def open(self) -> None:
        """Connect and subscribe. Raises `OSError` or `TimeoutError`."""
        settings = self._settings
        await asyncio.to_thread(self._client.connect, settings.host, settings.port, KEEP_ALIVE_S)
        self._client.loop_start()
        try:
            async with asyncio.timeout(SUBSCRIBE_S):
                await self._subscribed
        except BaseException:
            await self.close()
            raise

    # called in the library's thread

    def _on_connect(self, _client: Client, _data: Any, _flags: Any, reason: Any, _p: Any) -> None:
        if reason.is_failure:
            self._broken(ConnectionRefusedError(f"the broker refuses: {reason}"))
        else:
            self._client.subscribe(self._settings.topic, qos=self._settings.qos)

    def _on_subscribe(self, _client: Client, _data: Any, _mid: int, reasons: Any, _p: Any) -> None:
        if any(reason.value >= _REFUSED for reason in reasons):
            why = f"the broker does not let us read {self._settings.topic}"
            self._broken(ConnectionRefusedError(why))
        else:
            self._loop.call_soon_threadsafe(self._settle, None)

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        if message.payload:
            self._loop.call_soon_threadsafe(self._arrivals.put, bytes(message.payload))

    def _on_disconnect(self, _client: Client, _d: Any, _f: Any, reason: Any, _p: Any) -> None:
        self._broken(ConnectionResetError(f"disconnected: {reason}"))

    def _broken(self, error: Exception) -> None:
        # after the loop has ended nobody waits for it any more
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._settle, error)
            self._loop.call_soon_threadsafe(self._arrivals.put, error)

    # called in the loop

    def _settle(self, error: Exception | None) -> None:
        if self._subscribed.done():
            return
        if error is None:
            self._subscribed.set_result(None)
        else:
            self._subscribed.set_exception(error)

    async def read(self, timeout_s: float) -> bytes:
        return await self._arrivals.get(timeout_s)

    async def write(self, data: bytes) -> None:
        topic = self._settings.write_topic
        if topic is None:
            raise ConnectionResetError("no write_topic is set for this device")
        if not self._client.is_connected():
            raise ConnectionResetError("already closed")
        sent = self._client.publish(topic, data, qos=self._settings.qos)
        await asyncio.to_thread(_published, sent)

    def abort(self) -> None:
        self._arrivals.put(ConnectionResetError("given up"))

    async def close(self) -> None:
        self._client.disconnect()
        # joins the thread, which the broker's last answer may keep for a moment
        await asyncio.to_thread(self._client.loop_stop)


def _published(sent: Any) -> None:
    try:
        sent.wait_for_publish(WRITE_S)
    except (RuntimeError, ValueError) as error:
        raise ConnectionResetError(str(error)) from None
    if not sent.is_published():
        raise TimeoutError("the broker does not take the message")


def _password(settings: Mqtt) -> str | None:
    if settings.password_file is None:
        return None
    return Path(settings.password_file).read_text("utf-8").strip()


async def open_mqtt(settings: Mqtt) -> Connection:
    """Raises `OSError` or `TimeoutError` where the broker is not there or refuses."""
    connection = MqttConnection(settings)
    await connection.open()
    return connection
