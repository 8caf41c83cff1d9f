"""Both suites against the standards' own vectors and an SM2 that shares no code with ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.record.suites import (
    ED25519_SHA256,
    SM2_SM3,
    SUITES,
    BadKey,
    Suite,
    fingerprint,
    suite_named,
)
from tests.record import sm2
from tests.record.strategies import thorough

both = pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES.keys())

# GB/T 32918.5-2017, annex A: key pair, message and signature with the ID of GM/T 0009
SM2_SECRET = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
SM2_K = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
SM2_PUBLIC = bytes.fromhex(
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
SM2_SIGNATURE = bytes.fromhex(
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)
MESSAGE = b"message digest"


def test_sm3_of_abc_is_that_of_gb_t_32905() -> None:
    expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert SM2_SM3.digest(b"abc").hex() == expected


def test_sm3_of_sixteen_times_abcd_is_that_of_gb_t_32905() -> None:
    expected = "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
    assert SM2_SM3.digest(b"abcd" * 16).hex() == expected


def test_sha256_of_abc_is_that_of_fips_180() -> None:
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert ED25519_SHA256.digest(b"abc").hex() == expected


def test_the_plain_sm2_reproduces_the_standard_s_example() -> None:
    assert sm2.public_point(SM2_SECRET) == SM2_PUBLIC
    assert (
        sm2.z_value(SM2_PUBLIC).hex()
        == "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3"
    )
    assert sm2.sign(SM2_SECRET, MESSAGE, SM2_K) == SM2_SIGNATURE
    assert sm2.verify(SM2_PUBLIC, SM2_SIGNATURE, MESSAGE)


def test_ours_takes_the_standard_s_sm2_signature() -> None:
    key = SM2_SM3.load_private(SM2_SECRET.to_bytes(32, "big"))
    assert key.public_bytes() == SM2_PUBLIC
    assert SM2_SM3.load_public(SM2_PUBLIC).verify(SM2_SIGNATURE, MESSAGE)


@pytest.mark.parametrize("message", [b"", b"x", "晋".encode() * 1000])
def test_our_sm2_signature_is_the_standard_s_with_the_default_id(message: bytes) -> None:
    key = SM2_SM3.generate()
    signature = key.sign(message)
    assert sm2.verify(key.public_bytes(), signature, message, sm2.DEFAULT_ID)
    assert not sm2.verify(key.public_bytes(), signature, message, b"")
    assert not sm2.verify(key.public_bytes(), signature, message + b"x", sm2.DEFAULT_ID)


def test_an_sm2_signature_under_another_id_is_refused() -> None:
    key = SM2_SM3.load_public(SM2_PUBLIC)
    assert key.verify(sm2.sign(SM2_SECRET, MESSAGE, SM2_K), MESSAGE)
    assert not key.verify(sm2.sign(SM2_SECRET, MESSAGE, SM2_K, b"ALICE123@YAHOO.COM"), MESSAGE)


def test_sm2_signatures_differ_each_time_and_ed25519_s_do_not() -> None:
    sm2_key, ed_key = SM2_SM3.generate(), ED25519_SHA256.generate()
    assert sm2_key.sign(MESSAGE) != sm2_key.sign(MESSAGE)
    assert ed_key.sign(MESSAGE) == ed_key.sign(MESSAGE)


def test_ed25519_is_that_of_rfc_8032() -> None:
    secret = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    signature = (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    key = ED25519_SHA256.load_private(bytes.fromhex(secret))
    assert key.public_bytes().hex() == public
    assert key.sign(b"").hex() == signature


@both
def test_a_key_comes_back_from_its_secret(suite: Suite) -> None:
    key = suite.generate()
    again = suite.load_private(key.secret_bytes())
    assert len(key.secret_bytes()) == 32
    assert again.public_bytes() == key.public_bytes()
    assert suite.load_public(key.public_bytes()).verify(again.sign(b"x"), b"x")


@both
def test_two_keys_are_never_the_same(suite: Suite) -> None:
    assert len({suite.generate().public_bytes() for _ in range(20)}) == 20


@both
def test_another_key_s_signature_is_refused(suite: Suite) -> None:
    other = suite.load_public(suite.generate().public_bytes())
    assert not other.verify(suite.generate().sign(b"x"), b"x")


@both
def test_one_changed_bit_spoils_a_signature(suite: Suite) -> None:
    key = suite.generate()
    public = suite.load_public(key.public_bytes())
    signature = key.sign(b"x")
    assert len(signature) == 64
    for position in range(64):
        changed = bytearray(signature)
        changed[position] ^= 1 << (position % 8)
        assert not public.verify(bytes(changed), b"x")


@both
@given(data=st.data())
@thorough
def test_rubbish_is_no_signature_and_never_raises(suite: Suite, data: st.DataObject) -> None:
    public = _keys[suite.name]
    signature = data.draw(
        st.binary(max_size=130)
        | st.binary(min_size=64, max_size=64)
        | st.sampled_from(
            [
                bytes(64),
                b"\xff" * 64,
                bytes(63) + b"\x01",
                sm2.N.to_bytes(32, "big") * 2,
                (sm2.N - 1).to_bytes(32, "big") + (1).to_bytes(32, "big"),
                SM2_SIGNATURE[:63],
                SM2_SIGNATURE + b"\x00",
            ]
        )
    )
    assert not public.verify(signature, data.draw(st.binary(max_size=40)))


_keys = {
    suite.name: suite.load_public(suite.generate().public_bytes()) for suite in SUITES.values()
}


@pytest.mark.parametrize("number", [0, sm2.N - 1, sm2.N, sm2.N + 1, 2**256 - 1])
def test_an_sm2_secret_out_of_range_is_refused(number: int) -> None:
    with pytest.raises(BadKey):
        SM2_SM3.load_private(number.to_bytes(32, "big"))


@pytest.mark.parametrize("number", [1, sm2.N - 2])
def test_an_sm2_secret_at_the_ends_of_the_range_is_taken(number: int) -> None:
    key = SM2_SM3.load_private(number.to_bytes(32, "big"))
    assert key.public_bytes() == sm2.public_point(number)
    assert sm2.verify(key.public_bytes(), key.sign(MESSAGE), MESSAGE)


@both
@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_a_secret_of_another_length_is_refused(suite: Suite, length: int) -> None:
    with pytest.raises(BadKey):
        suite.load_private(b"\x01" * length)


@pytest.mark.parametrize(
    "public",
    [
        b"",
        b"\x04",
        b"\x04" + bytes(64),
        b"\x04" + b"\xff" * 64,
        SM2_PUBLIC[:-1],
        SM2_PUBLIC + b"\x00",
        SM2_PUBLIC[:-1] + b"\x14",
        b"\x02" + SM2_PUBLIC[1:33],
        b"\x06" + SM2_PUBLIC[1:],
        b"\x00" * 65,
    ],
)
def test_what_is_no_sm2_public_key_is_refused(public: bytes) -> None:
    with pytest.raises(BadKey):
        SM2_SM3.load_public(public)


@pytest.mark.parametrize("length", [0, 31, 33, 65])
def test_an_ed25519_public_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(BadKey):
        ED25519_SHA256.load_public(b"\x09" * length)


ED_P = 2**255 - 19
ED_D = -121665 * pow(121666, -1, ED_P) % ED_P


def _small_order_ys() -> set[int]:
    """The y of all points P with 8P = 0, from the curve's own formula."""

    def root(square: int) -> int | None:
        found = pow(square, (ED_P + 3) // 8, ED_P)
        for candidate in (found, found * pow(2, (ED_P - 1) // 4, ED_P) % ED_P):
            if candidate * candidate % ED_P == square % ED_P:
                return candidate
        return None

    # order 8: 2P = (x, 0), hence y^2 = -x^2 and, on the curve, d*y^4 + 2*y^2 - 1 = 0
    ys = {1, ED_P - 1, 0}
    discriminant = root(1 + ED_D)
    assert discriminant is not None
    for sign in (1, -1):
        y = root((-1 + sign * discriminant) * pow(ED_D, -1, ED_P) % ED_P)
        if y is not None:
            ys |= {y, ED_P - y}
    return ys


def test_ed25519_keys_of_small_order_are_refused() -> None:
    ys = _small_order_ys()
    assert len(ys) == 5
    encodings = ys | {y + ED_P for y in ys if y + ED_P < 2**255}
    assert len(encodings) == 7
    for y in encodings:
        for sign in (0, 1):
            with pytest.raises(BadKey, match="small order"):
                ED25519_SHA256.load_public((y | sign << 255).to_bytes(32, "little"))


@both
def test_a_fingerprint_is_half_a_digest_in_groups_of_four(suite: Suite) -> None:
    public = suite.generate().public_bytes()
    written = fingerprint(suite, public)
    assert written.replace(" ", "") == suite.digest(public).hex()[:32]
    assert [len(group) for group in written.split(" ")] == [4] * 8


def test_suites_are_found_by_name() -> None:
    assert list(SUITES) == ["SM2-SM3", "Ed25519-SHA256"]
    assert suite_named("SM2-SM3") is SM2_SM3
    with pytest.raises(KeyError, match="SM2-SM3, Ed25519-SHA256"):
        suite_named("RSA")
