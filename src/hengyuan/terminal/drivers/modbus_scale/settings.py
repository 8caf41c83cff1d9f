"""Settings of a scale that is read over Modbus. The defaults are the register map of TLB4."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from hengyuan.terminal.drivers.mass import MassUnit
from hengyuan.terminal.drivers.modbus import MAX_REGISTERS, MAX_UNIT
from hengyuan.terminal.drivers.settings import PolledScaleSettings

Register = Annotated[int, Meta(ge=0, le=65_534)]
OptionalRegister = Annotated[int, Meta(ge=-1, le=65_534)]
Bit = Annotated[int, Meta(ge=-1, le=15)]


class Settings(PolledScaleSettings, tag="modbus_scale", frozen=True, kw_only=True):
    """Registers are counted from 0: what a manual calls 40008 is 7. -1 means that there is none."""

    protocol: Literal["rtu", "tcp"] = "rtu"
    """How messages are framed. Behind a serial device server it is mostly still RTU."""
    device_id: Annotated[int, Meta(ge=1, le=MAX_UNIT)] = 1
    function: Literal[3, 4] = 3
    """3 reads holding registers, 4 input registers."""
    number: Literal["u16", "i16", "u32", "i32"] = "u32"
    """How a weight is written. `u`: a magnitude whose sign stands in the status."""
    word_order: Literal["high_first", "low_first"] = "high_first"
    gross_register: Register = 7
    net_register: OptionalRegister = 9
    """Gross less net is the tare; it is reported and changes nothing."""
    status_register: OptionalRegister = 6
    stable_bit: Bit = 11
    negative_bit: Bit = 7
    net_negative_bit: Bit = 8
    over_bit: Bit = 2
    error_bits: tuple[Bit, ...] = (0, 1)
    """Load cell and converter: with one of them set there is no weight."""
    decimals: Annotated[int, Meta(ge=0, le=6)] = 0
    """The registers hold the display without its point."""
    unit: MassUnit = "kg"

    def __post_init__(self) -> None:
        if self.count > MAX_REGISTERS:
            raise ValueError(
                f"gross, net and status lie {self.count} registers apart; "
                f"one question reads {MAX_REGISTERS} at most"
            )
        if self.first + self.count > 65_536:
            raise ValueError("the last register is 65535")

    @property
    def words(self) -> int:
        """Registers that one weight takes."""
        return 2 if self.number.endswith("32") else 1

    @property
    def first(self) -> int:
        """The lowest register that is asked for."""
        return min(register for register, _ in self._spans())

    @property
    def count(self) -> int:
        """How many are, in one question."""
        return max(register + words for register, words in self._spans()) - self.first

    def _spans(self) -> list[tuple[int, int]]:
        spans = [
            (self.gross_register, self.words),
            (self.net_register, self.words),
            (self.status_register, 1),
        ]
        return [span for span in spans if span[0] >= 0]
