"""SM2 signatures in plain integers, straight from GB/T 32918.2 and 32918.5, to check the library.

Slow and not constant-time: it exists so that the tests and the worked examples rest on the text of
the standard and on nothing that the product itself uses, SM3 of OpenSSL excepted, which has test
vectors of its own.
"""

import hashlib

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
# GM/T 0009-2012, section 10: the identity where none is agreed upon.
DEFAULT_ID = b"1234567812345678"

Point = tuple[int, int] | None


def sm3(data: bytes) -> bytes:
    return hashlib.new("sm3", data).digest()


def add(first: Point, second: Point) -> Point:
    if first is None:
        return second
    if second is None:
        return first
    (x1, y1), (x2, y2) = first, second
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    if first == second:
        slope = (3 * x1 * x1 + A) * pow(2 * y1, -1, P)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, P)
    x3 = (slope * slope - x1 - x2) % P
    return x3, (slope * (x1 - x3) - y1) % P


def multiply(factor: int, point: Point) -> Point:
    result: Point = None
    while factor:
        if factor & 1:
            result = add(result, point)
        point = add(point, point)
        factor >>= 1
    return result


def public_point(secret: int) -> bytes:
    point = multiply(secret, G)
    assert point is not None
    return b"\x04" + _32(point[0]) + _32(point[1])


def z_value(public: bytes, identity: bytes = DEFAULT_ID) -> bytes:
    """ZA = SM3(ENTL || ID || a || b || xG || yG || xA || yA), GB/T 32918.2 section 5.5."""
    length = (8 * len(identity)).to_bytes(2, "big")
    curve = _32(A) + _32(B) + _32(G[0]) + _32(G[1])
    return sm3(length + identity + curve + public[1:])


def message_number(public: bytes, message: bytes, identity: bytes = DEFAULT_ID) -> int:
    """e = SM3(ZA || M) as a big-endian number."""
    return int.from_bytes(sm3(z_value(public, identity) + message), "big")


def verify(public: bytes, signature: bytes, message: bytes, identity: bytes = DEFAULT_ID) -> bool:
    """GB/T 32918.2 section 7.1."""
    point = int.from_bytes(public[1:33], "big"), int.from_bytes(public[33:], "big")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not (1 <= r < N and 1 <= s < N) or (r + s) % N == 0:
        return False
    found = add(multiply(s, G), multiply((r + s) % N, point))
    return found is not None and (message_number(public, message, identity) + found[0]) % N == r


def sign(secret: int, message: bytes, k: int, identity: bytes = DEFAULT_ID) -> bytes:
    """GB/T 32918.2 section 6.1 with a given k, so that worked examples stay the same."""
    e = message_number(public_point(secret), message, identity)
    point = multiply(k, G)
    assert point is not None
    r = (e + point[0]) % N
    s = pow(1 + secret, -1, N) * (k - r * secret) % N
    assert r and s and r + k != N
    return _32(r) + _32(s)


def _32(number: int) -> bytes:
    return number.to_bytes(32, "big")
