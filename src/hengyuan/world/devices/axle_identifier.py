"""An axle identifier in the style of 万集: one frame for each vehicle that rolled over it."""

from hengyuan.terminal.devices import AxleReading
from hengyuan.terminal.drivers.wanji import codec
from hengyuan.world.devices.wires import TcpWire
from hengyuan.world.trucks import Truck

LARGEST_GROUP = 3
"""The code set of the field ends at three axles; a longer group is told as two."""
SPEED_KMH_X10 = 55


class AxleIdentifier:
    """It speaks when a truck has passed, and answers when its state is asked for.

    Like the real ones it has a memory of vehicles: as long as the truck stands on the scale, a
    terminal that connects anew is told of it (again), with the same running number.
    """

    def __init__(self, wire: TcpWire) -> None:
        self.wire = wire
        self.wire.heard = self._hear
        self.wire.joined = self._tell
        self._passed = 0
        self._remembered = b""
        self._heard = bytearray()

    def passed(self, truck: Truck) -> None:
        """All axles of this truck have rolled over the strips."""
        self._passed += 1
        self._remembered = codec.encode(reading_of(truck), number=self._passed)
        self._tell()

    def left(self) -> None:
        """The truck leaves the scale: nobody is told of it any more."""
        self._remembered = b""

    def _tell(self) -> None:
        if self._remembered:
            self.wire.send(self._remembered)

    def _hear(self, data: bytes) -> None:
        question = codec.host_frame(codec.STATUS)
        self._heard += data
        while (found := self._heard.find(question)) >= 0:
            del self._heard[: found + len(question)]
            self.wire.send(codec.encode_status())
        del self._heard[: -len(question)]


def reading_of(truck: Truck) -> AxleReading:
    """What the identifier measures of a truck; first group on single tyres, the others dual."""
    groups = _at_most(truck.layout, LARGEST_GROUP)
    masses = iter(truck.axle_kg)
    return AxleReading(
        axle_count=truck.axles,
        group_kg=tuple(sum(next(masses) for _ in range(axles)) for axles in groups),
        group_codes=codec.codes_for(groups),
        layout=groups,
        spacings_mm=truck.spacings_mm,
        speed_kmh_x10=SPEED_KMH_X10,
        at=0.0,
        axle_speeds_kmh=(SPEED_KMH_X10 // 10,) * truck.axles,
    )


def _at_most(layout: tuple[int, ...], largest: int) -> tuple[int, ...]:
    groups: list[int] = []
    for axles in layout:
        whole, rest = divmod(axles, largest)
        groups += [largest] * whole + [rest] * bool(rest)
    return tuple(groups)
