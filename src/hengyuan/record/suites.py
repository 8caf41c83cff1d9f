"""Cryptographic suites: a digest and a signature under one name, named in the enrolment.

SM2-SM3 (GB/T 32918, GB/T 32905) is the default; Ed25519-SHA256 serves where SM is not wanted.
On the wire a digest is 32 bytes, a signature 64 bytes, both in lower-case hex.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tongsuopy.crypto import hashes as sm_hashes
from tongsuopy.crypto import serialization as sm_serialization
from tongsuopy.crypto.asymciphers import ec as sm_ec
from tongsuopy.crypto.exceptions import InvalidSignature as SmInvalidSignature

DIGEST_BYTES = 32
SIGNATURE_BYTES = 64


# GB/T 32918.5-2017: the order n of the base point; a private key is in [1, n-2].
_SM2_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_ED25519_PRIME = 2**255 - 19
_ED25519_ORDER_8_Y = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
# The y of every point of small order, also in the encodings that are not reduced. Whoever enrols
# such a key can later deny his records: everybody can make signatures that it "verifies".
_ED25519_WEAK_Y = frozenset(
    {
        0,
        1,
        _ED25519_ORDER_8_Y,
        _ED25519_PRIME - _ED25519_ORDER_8_Y,
        _ED25519_PRIME - 1,
        _ED25519_PRIME,
        _ED25519_PRIME + 1,
    }
)


class BadKey(ValueError):
    """The bytes are no key of this suite."""


class PrivateKey(Protocol):
    def sign(self, message: bytes) -> bytes:
        """64 bytes over the message."""
        ...

    def public_bytes(self) -> bytes:
        """The public key as it is sent at enrolment."""
        ...

    def secret_bytes(self) -> bytes:
        """32 bytes from which the key can be made again; never leaves the terminal."""
        ...


class PublicKey(Protocol):
    def verify(self, signature: bytes, message: bytes) -> bool:
        """True when the signature is this key's over the message; never raises for bad bytes."""
        ...


class _Sm2PrivateKey:
    def __init__(self, key: sm_ec.EllipticCurvePrivateKey) -> None:
        self._key = key

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(message, sm_ec.ECDSA(sm_hashes.SM3())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def public_bytes(self) -> bytes:
        point: bytes = self._key.public_key().public_bytes(
            sm_serialization.Encoding.X962, sm_serialization.PublicFormat.UncompressedPoint
        )
        return point

    def secret_bytes(self) -> bytes:
        value: int = self._key.private_numbers().private_value
        return value.to_bytes(32, "big")


class _Sm2PublicKey:
    def __init__(self, key: sm_ec.EllipticCurvePublicKey) -> None:
        self._key = key

    def verify(self, signature: bytes, message: bytes) -> bool:
        if len(signature) != SIGNATURE_BYTES:
            return False
        r = int.from_bytes(signature[:32], "big")
        s = int.from_bytes(signature[32:], "big")
        try:
            self._key.verify(encode_dss_signature(r, s), message, sm_ec.ECDSA(sm_hashes.SM3()))
        except SmInvalidSignature:
            return False
        return True


class _Ed25519PrivateKey:
    def __init__(self, key: ed25519.Ed25519PrivateKey) -> None:
        self._key = key

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def public_bytes(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def secret_bytes(self) -> bytes:
        return self._key.private_bytes_raw()


class _Ed25519PublicKey:
    def __init__(self, key: ed25519.Ed25519PublicKey) -> None:
        self._key = key

    def verify(self, signature: bytes, message: bytes) -> bool:
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def _sm2_generate() -> PrivateKey:
    return _Sm2PrivateKey(sm_ec.generate_private_key(sm_ec.SM2()))


def _sm2_load_private(secret: bytes) -> PrivateKey:
    # the library takes scalars beyond the order and cuts longer secrets short
    if len(secret) != 32 or not 1 <= int.from_bytes(secret, "big") <= _SM2_ORDER - 2:
        raise BadKey("an SM2 secret is 32 bytes, a number from 1 to the order minus 2")
    try:
        key = sm_ec.derive_private_key(int.from_bytes(secret, "big"), sm_ec.SM2())
    except Exception as error:  # the library answers bad scalars with its own internal errors
        raise BadKey("not the secret of an SM2 key") from error
    return _Sm2PrivateKey(key)


def _sm2_load_public(point: bytes) -> PublicKey:
    if len(point) != 65 or point[0] != 4:
        raise BadKey("an SM2 public key is 65 bytes: 04, x, y (uncompressed point)")
    try:
        key = sm_ec.EllipticCurvePublicKey.from_encoded_point(sm_ec.SM2(), point)
    except Exception as error:  # a point off the curve comes as an internal error of the library
        raise BadKey("the point does not lie on the SM2 curve") from error
    return _Sm2PublicKey(key)


def _ed25519_generate() -> PrivateKey:
    return _Ed25519PrivateKey(ed25519.Ed25519PrivateKey.generate())


def _ed25519_load_private(secret: bytes) -> PrivateKey:
    try:
        return _Ed25519PrivateKey(ed25519.Ed25519PrivateKey.from_private_bytes(secret))
    except ValueError as error:
        raise BadKey("an Ed25519 secret is 32 bytes") from error


def _ed25519_load_public(raw: bytes) -> PublicKey:
    if int.from_bytes(raw, "little") & (2**255 - 1) in _ED25519_WEAK_Y:
        raise BadKey("the Ed25519 key is of small order: anybody could sign for it")
    try:
        return _Ed25519PublicKey(ed25519.Ed25519PublicKey.from_public_bytes(raw))
    except ValueError as error:
        raise BadKey("an Ed25519 public key is 32 bytes") from error


# Copying a digest that was begun takes less than having OpenSSL look up the algorithm each time.
_SM3_BEGUN = hashlib.new("sm3")


def _sm3(data: bytes) -> bytes:
    digest = _SM3_BEGUN.copy()
    digest.update(data)
    return digest.digest()


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


@dataclass(frozen=True, slots=True)
class Suite:
    """One named pair of digest and signature algorithms."""

    name: str
    digest_name: str
    digest: Callable[[bytes], bytes]
    generate: Callable[[], PrivateKey]
    load_private: Callable[[bytes], PrivateKey]
    load_public: Callable[[bytes], PublicKey]


SM2_SM3 = Suite("SM2-SM3", "sm3", _sm3, _sm2_generate, _sm2_load_private, _sm2_load_public)
ED25519_SHA256 = Suite(
    "Ed25519-SHA256",
    "sha256",
    _sha256,
    _ed25519_generate,
    _ed25519_load_private,
    _ed25519_load_public,
)
SUITES = {suite.name: suite for suite in (SM2_SM3, ED25519_SHA256)}


def fingerprint(suite: Suite, public_key: bytes) -> str:
    """What people compare: half of the key's digest, eight groups of four hex digits."""
    digits = suite.digest(public_key).hex()[:32]
    return " ".join(digits[i : i + 4] for i in range(0, 32, 4))


def suite_named(name: str) -> Suite:
    """The suite of that name; KeyError names the known ones."""
    try:
        return SUITES[name]
    except KeyError:
        raise KeyError(f"unknown suite {name!r}; known: {', '.join(SUITES)}") from None
