"""Checksums and values worked out once more, without the code under test, from the frame rules."""


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
