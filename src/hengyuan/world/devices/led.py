"""An Onbon LED display: it takes dynamic areas over TCP and acknowledges them."""

from collections.abc import Callable

from hengyuan.terminal.devices import Refused
from hengyuan.terminal.drivers.onbon import codec
from hengyuan.world.devices.screen import Screen

CHECKSUM_WRONG = 5


class Led(Screen):
    """The display at one lane."""

    def begin(self) -> Callable[[bytes], bytes]:
        decoder = codec.Decoder()
        return lambda data: b"".join(self._take(item) for item in decoder.feed(data))

    def _take(self, item: object) -> bytes:
        if isinstance(item, Refused):
            self.refused += 1
            return codec.encode_nack(CHECKSUM_WRONG) if item.reason == "checksum" else b""
        if not isinstance(item, codec.TextFrame):
            return codec.encode_ack()
        areas = sorted(item.areas, key=lambda area: (area.y, area.x))
        self.show(tuple(area.text for area in areas), tuple(area.colour for area in areas))
        return codec.encode_ack() if item.wants_answer else b""
