"""A Hikvision camera that looks at a place and reads no plates: asked, it takes a picture.

Its alert stream carries signs of life only; that is how the terminal knows that it is there.
"""

import asyncio
from collections.abc import Callable

from hengyuan.terminal.drivers.hikvision_stream import codec
from hengyuan.world.devices.http_device import Call, HttpServer

STREAM_PATH = "/ISAPI/Event/notification/alertStream"
PICTURE_PATH = "/ISAPI/Streaming/channels/101/picture"
ALIVE_S = 2.0


class RoomCamera:
    """`see` gives the JPEG of this moment."""

    def __init__(self, see: Callable[[], bytes]) -> None:
        self.server = HttpServer(self._answer)
        self.pictures = 0
        self._see = see

    async def open(self) -> None:
        """Switch it on."""
        await self.server.open()

    async def close(self) -> None:
        """Switch it off."""
        await self.server.close()

    async def _answer(self, call: Call) -> None:
        if call.method == "GET" and call.path == PICTURE_PATH:
            self.pictures += 1
            await call.answer(await asyncio.to_thread(self._see), "image/jpeg")
        elif call.method == "GET" and call.path == STREAM_PATH:
            await call.begin_stream(f"multipart/mixed; boundary={codec.BOUNDARY}")
            while True:
                await call.send(codec.encode_sign_of_life())
                await asyncio.sleep(ALIVE_S)
        else:
            await call.answer(b"", status="404 Not Found")
