"""Checksums and values worked out once more, without the code under test, from the frame rules."""

from decimal import Decimal


def xor_characters(data: bytes) -> bytes:
    """XOR as two characters: a nibble 0-9 plus 30h, A-F plus 37h."""
    value = 0
    for byte in data:
        value ^= byte
    return bytes(n + (0x30 if n < 10 else 0x37) for n in (value // 16, value % 16))


def f1_mass(raw: bytes) -> int:
    """Whole kg of an F1 frame in kg; fails where the frame breaks a rule."""
    assert len(raw) in (12, 14)
    assert raw[0] == 0x02 and raw[-1] == 0x03
    assert raw[-3:-1] == xor_characters(raw[1:-3])
    assert len(raw) == 12 or raw[1:3] == b"AB"
    sign = {"+": 1, "-": -1}[chr(raw[-11])]
    if b"." in raw:
        return sign * round(float(raw[-10:-3]))
    text = raw[-10:-4].decode("ascii")
    assert text.isdecimal()
    decimals = "01234".index(chr(raw[-4]))
    return sign * round(int(text) / 10**decimals)


def f4_sum_holds(raw: bytes) -> bool:
    """Whether the low 7 bits of an 18-byte frame add up to nothing."""
    return len(raw) == 18 and sum(raw) % 128 == 0


def described_f1_mass(raw: bytes) -> int:
    """Whole kg of an F1 frame that is read by its description: its figures may have blanks around
    them and a point among them."""
    assert len(raw) == 12 and raw[9:11] == xor_characters(raw[1:9])
    figures = Decimal(raw[2:8].decode("ascii").lstrip(" +").strip())
    assert figures >= 0
    if b"." not in raw[2:8]:
        figures /= 10 ** "01234".index(chr(raw[8]))
    return round(figures) * {"+": 1, "-": -1}[chr(raw[1])]


def f2_mass(raw: bytes) -> int:
    """Whole kg of an F2 frame in kg without decimals of its own; fails where it breaks a rule."""
    assert len(raw) == 9 and raw[:1] == b"=" and raw[8:] in (b"0", b"-")
    shown = raw[7:0:-1].decode("ascii")
    assert set(shown) <= set("0123456789.")
    return round(float(shown)) * (-1 if raw[8:] == b"-" else 1)


def f3_mass(raw: bytes) -> int | None:
    """Whole kg of an F3 frame, None out of range; fails where a checksum or rule is broken."""
    if raw[:1] in b"W ":
        assert len(raw) == 15 and raw[13:] == b"\r\n"
        assert raw[11:13] == xor_characters(raw[:11])
    if raw[:9] == b" " * 9:
        return None
    assert raw[:2] in (b"WG", b"ww")
    thousandths = {"kg": 1000, " t": 1_000_000, "t ": 1_000_000, " g": 1, "g ": 1}
    shown = raw[2:9].decode("ascii").replace(" ", "")
    return round(Decimal(shown) * thousandths[raw[9:11].decode()] / 1000)


def f5_mass(raw: bytes) -> int | None:
    """Whole kg of an F5 frame with the default settings, None over range."""
    assert len(raw) == 5 and raw[0] == 0xFF and raw[1] % 8 <= 5
    if raw[1] & 0x80:
        return None
    digits = int(f"{raw[4]:02x}{raw[3]:02x}{raw[2]:02x}")
    return round(Decimal(digits) / 10 ** (raw[1] % 8)) * (-1 if raw[1] & 0x20 else 1)


def f6_mass(raw: bytes) -> int | None:
    """Whole kg of an F6 line, None out of range."""
    status, kind, rest = raw.decode("ascii").strip().split(",")
    assert kind == "GS" and status in ("ST", "US", "OL")
    if status == "OL":
        return None
    shown = rest.lower().rstrip(" kgt").replace(" ", "")
    unit = rest.lower().strip().lstrip("+-0123456789. ")
    return round(Decimal(shown) * {"kg": 1000, "t": 1_000_000, "g": 1}[unit] / 1000)


def f7_sum_holds(raw: bytes) -> bool:
    """Whether the XOR of all before CHK, with bit 6 set, is CHK."""
    value = 0
    for byte in raw[:-2]:
        value ^= byte
    return len(raw) in (17, 22) and raw[-2] == value | 0x40 and raw[-1] == 0x03


def crc_modbus(data: bytes) -> int:
    """CRC-16/MODBUS, bit by bit; 0 over a message with its CRC."""
    value = 0xFFFF
    for byte in data:
        for bit in range(8):
            low = (value & 1) ^ (byte >> bit & 1)
            value = (value >> 1) ^ (0xA001 if low else 0)
    return value


def modbus_mass(raw: bytes) -> int:
    """Whole kg of an answer with the registers 6 to 10 of the default map."""
    assert len(raw) == 15 and raw[:3] == b"\x01\x03\x0a"
    status = raw[3] * 256 + raw[4]
    gross = int(raw[5:9].hex(), 16)
    return -gross if status & 0x80 else gross


def crc_xmodem(data: bytes) -> int:
    """CRC-16/XMODEM, bit by bit."""
    value = 0
    for byte in data:
        for bit in range(7, -1, -1):
            top = (value >> 15) ^ (byte >> bit & 1)
            value = (value << 1 & 0xFFFF) ^ (0x1021 if top else 0)
    return value


def crc_arc(data: bytes) -> int:
    """CRC-16/ARC, bit by bit."""
    value = 0
    for byte in data:
        for bit in range(8):
            low = (value & 1) ^ (byte >> bit & 1)
            value = (value >> 1) ^ (0xA001 if low else 0)
    return value


def onbon_frames(stream: bytes) -> int:
    """How many pieces between A5 and 5A have a CRC that holds."""
    sound = 0
    for piece in stream.split(b"\xa5"):
        body, end, _ = piece.partition(b"\x5a")
        for plain, escaped in ((b"\xa5", b"\xa6\x02"), (b"\x5a", b"\x5b\x02")):
            body = body.replace(escaped, plain)
        body = body.replace(b"\x5b\x01", b"\x5b").replace(b"\xa6\x01", b"\xa6")
        sound += (
            bool(end) and len(body) > 2 and crc_arc(body[:-2]).to_bytes(2, "little") == body[-2:]
        )
    return sound
