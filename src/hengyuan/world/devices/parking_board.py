"""A parking display and voice board behind a serial device server: rows of text, and phrases."""

from collections.abc import Callable

from hengyuan.terminal.devices import Refused
from hengyuan.terminal.drivers.parking485 import codec
from hengyuan.world.devices.screen import Screen


class ParkingBoard(Screen):
    """The board at one lane. What it shows counts once its last row has come."""

    rows = 4

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host, port)
        self.said: list[str] = []
        """Phrases that it spoke."""
        self._texts: dict[int, codec.LineText] = {}

    def begin(self) -> Callable[[bytes], bytes]:
        decoder = codec.Decoder()
        return lambda data: b"".join(self._take(item) for item in decoder.feed(data))

    def _take(self, item: object) -> bytes:
        match item:
            case Refused():
                self.refused += 1
            case codec.LineText():
                self._texts[item.row] = item
                if item.row == self.rows - 1:
                    self._show_rows()
                return codec.done_frame(codec.TEXT)
            case codec.Speech():
                self.said.append(item.text)
                return codec.done_frame(codec.SPEAK)
        return b""

    def _show_rows(self) -> None:
        # an empty row is sent as a blank
        texts = [self._texts[row] for row in sorted(self._texts) if self._texts[row].text.strip()]
        self.show(tuple(text.text for text in texts), tuple(text.colour for text in texts))
