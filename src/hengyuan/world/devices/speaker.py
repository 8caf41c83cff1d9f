"""A SYN6288 speech module behind a serial device server: it says what it is told."""

from collections import deque

from hengyuan.terminal.devices import Refused
from hengyuan.terminal.drivers.syn6288 import codec
from hengyuan.world.devices.wires import TcpWire

MOST_REMEMBERED = 256


class Speaker:
    """The loudspeaker at one lane."""

    def __init__(self, wire: TcpWire) -> None:
        self.wire = wire
        self.said: deque[str] = deque(maxlen=MOST_REMEMBERED)
        self.refused = 0
        self._decoder = codec.Decoder()
        wire.heard = self._hear

    def _hear(self, data: bytes) -> None:
        for item in self._decoder.feed(data):
            if isinstance(item, Refused):
                self.refused += 1
                self.wire.send(bytes([codec.NOT_UNDERSTOOD]))
            elif isinstance(item, codec.Speech):
                self.said.append(item.text)
                self.wire.send(bytes([codec.TAKEN]))
