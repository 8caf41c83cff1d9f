"""万集 WimDev style axle controller: `FF 00 CMD LEN ... CRC-high CRC-low`.

LEN counts the whole frame, CRC-16/XMODEM runs over all before it. Offsets of CMD 00, axle groups:

    4     running number of the vehicle          17    number of axles A
    5     vehicles in the device's memory        18    number of groups G
    6-12  device time                            19    G × u16, mass in units of 10 kg
    13    overload flag                          +2G   G × u8, low nibble: group code
    14-15 speed × 10 km/h                        +3G   (A-1) × u16, spacings, where sent
    16    acceleration                           then  A × u8, axle speeds in km/h, where sent

All numbers are big-endian. The device may leave out the axle speeds, or speeds and spacings; the
frame's length says which. The unit of the spacings is not documented: cm by default, a setting.
CMD 06: the vehicle backed off, its reading is void.
"""

from __future__ import annotations

import struct
from binascii import crc_hqx

from hengyuan.terminal.devices import AxleReading, Counters, Notice, Refused
from hengyuan.terminal.drivers.framing import Bad, FrameDecoder
from hengyuan.terminal.drivers.wanji.settings import Settings

START = b"\xff\x00"
GROUPS, STATUS, REVERSED, SYNC = 0x00, 0x05, 0x06, 0x07
_MASSES_AT = 19
_AXLES_OF_CODE = {1: 1, 2: 1, 3: 2, 4: 2, 5: 2, 6: 3, 7: 3, 8: 3, 9: 3}
_MASS_UNIT_KG = 10
MAX_AXLES = 30


def crc(data: bytes) -> bytes:
    """CRC-16/XMODEM, high byte first."""
    return crc_hqx(data, 0).to_bytes(2, "big")


class Decoder(FrameDecoder[AxleReading]):
    """Controller stream to axle readings."""

    start = START

    def __init__(self, settings: Settings | None = None, counters: Counters | None = None) -> None:
        super().__init__(counters)
        self._spacing_unit_mm = settings.spacing_unit_mm if settings else 10

    def length(self, buffer: bytes) -> int | None:
        if len(buffer) < 4:
            return None
        if buffer[3] < 6:
            raise Bad("length", f"a length of {buffer[3]} holds no frame")
        return buffer[3]

    def read(self, frame: bytes, at: float) -> AxleReading | Notice:
        wanted = crc(frame[:-2])
        if frame[-2:] != wanted:
            raise Bad(
                "checksum",
                f"CRC {frame[-2:].hex(' ').upper()}, it must be {wanted.hex(' ').upper()}",
            )
        command = frame[2]
        if command == GROUPS:
            return self._groups(frame, at)
        if command == REVERSED:
            return AxleReading(0, (), (), (), (), None, at, reversing=True, raw=frame)
        names = {STATUS: "status", SYNC: "sync"}
        return Notice(names.get(command, f"command {command:02X}"), frame, at)

    def _groups(self, frame: bytes, at: float) -> AxleReading:
        body = frame[:-2]
        if len(body) < _MASSES_AT:
            raise Bad("length", f"an axle frame of {len(frame)} bytes is too short")
        axles, groups = body[17], body[18]
        if not 1 <= groups <= axles <= MAX_AXLES:
            raise Bad("axles", f"{axles} axles in {groups} groups")
        codes_at = _MASSES_AT + 2 * groups
        spacings_at = codes_at + groups
        speeds_at = spacings_at + 2 * (axles - 1)
        sizes = (spacings_at, speeds_at, speeds_at + axles)
        if len(body) not in sizes:
            wanted = ", ".join(str(size + 2) for size in sizes)
            raise Bad(
                "length",
                f"{len(frame)} bytes for {axles} axles in {groups} groups, expected {wanted}",
            )
        masses = struct.unpack(f">{groups}H", body[_MASSES_AT:codes_at])
        codes = tuple(code & 0x0F for code in body[codes_at:spacings_at])
        spacings: tuple[int, ...] = ()
        if len(body) >= speeds_at:
            spacings = struct.unpack(f">{axles - 1}H", body[spacings_at:speeds_at])
        return AxleReading(
            axle_count=axles,
            group_kg=tuple(mass * _MASS_UNIT_KG for mass in masses),
            group_codes=codes,
            layout=_layout(codes, axles),
            spacings_mm=tuple(spacing * self._spacing_unit_mm for spacing in spacings),
            speed_kmh_x10=int.from_bytes(body[14:16], "big"),
            at=at,
            raw=frame,
            axle_speeds_kmh=tuple(body[speeds_at:]),
            over_limit=bool(body[13]),
        )


def _layout(codes: tuple[int, ...], axles: int) -> tuple[int, ...]:
    layout = tuple(_AXLES_OF_CODE.get(code, 0) for code in codes)
    return layout if all(layout) and sum(layout) == axles else ()


def decode(data: bytes, settings: Settings | None = None) -> list[AxleReading | Notice | Refused]:
    """All axle readings and refused bytes of a recording."""
    decoder = Decoder(settings)
    return decoder.feed(data) + decoder.flush()


def encode(reading: AxleReading, *, number: int = 0, spacing_unit_mm: int = 10) -> bytes:
    """The frame of a controller that measured `reading`; `number` is its running number.

    Masses go out to the nearest 10 kg, spacings to the nearest unit. Raises `ValueError` where
    counts do not fit together.
    """
    if reading.reversing:
        return _device_frame(REVERSED, b"")
    axles, groups = reading.axle_count, len(reading.group_kg)
    if len(reading.group_codes) != groups or not 1 <= groups <= axles <= MAX_AXLES:
        raise ValueError(f"{axles} axles, {groups} groups, {len(reading.group_codes)} codes")
    if reading.spacings_mm and len(reading.spacings_mm) != axles - 1:
        raise ValueError(f"{axles} axles need {axles - 1} spacings")
    if reading.axle_speeds_kmh and len(reading.axle_speeds_kmh) != axles:
        raise ValueError(f"{axles} axles need {axles} axle speeds")
    body = bytearray(15)
    body[0] = number & 0xFF
    body[9] = bool(reading.over_limit)
    body[10:12] = (reading.speed_kmh_x10 or 0).to_bytes(2, "big")
    body[13], body[14] = axles, groups
    for mass_kg in reading.group_kg:
        body += ((mass_kg + _MASS_UNIT_KG // 2) // _MASS_UNIT_KG).to_bytes(2, "big")
    body += bytes(reading.group_codes)
    if reading.spacings_mm or axles == 1:
        for spacing_mm in reading.spacings_mm:
            unit = spacing_unit_mm
            body += ((spacing_mm + unit // 2) // unit).to_bytes(2, "big")
        body += bytes(reading.axle_speeds_kmh)
    return _device_frame(GROUPS, bytes(body))


def encode_status(status: int = 0) -> bytes:
    """The controller's answer to `host_frame(STATUS)`; 0 is sound."""
    return _device_frame(STATUS, bytes([status]))


def host_frame(command: int) -> bytes:
    """What the terminal sends to the controller: `STATUS` or `SYNC`."""
    frame = START + bytes([command, 0, 0])
    return frame + crc(frame)


def codes_for(layout: tuple[int, ...], single_tyred_groups: int = 1) -> tuple[int, ...]:
    """Group codes of a vehicle with `layout` axles per group.

    The first `single_tyred_groups` groups are single axles on single tyres (two on a truck with
    two steering axles), all others have dual tyres. Raises `ValueError` for a group over 3 axles.
    """
    dual = {1: 2, 2: 5, 3: 7}
    if any(size not in dual for size in layout):
        raise ValueError(f"no group code for a layout of {layout}")
    return tuple(
        1 if size == 1 and position < single_tyred_groups else dual[size]
        for position, size in enumerate(layout)
    )


def _device_frame(command: int, body: bytes) -> bytes:
    frame = START + bytes([command, len(body) + 6]) + body
    return frame + crc(frame)
