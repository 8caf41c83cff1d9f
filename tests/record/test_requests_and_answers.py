"""Signed requests, heartbeats, answers and refusals."""

import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.record.answers import (
    Command,
    FileProgress,
    Heartbeat,
    HeartbeatAnswer,
    Stored,
    Watermark,
)
from hengyuan.record.refusal import STATUS, Refusal
from hengyuan.record.requests import MAX_AGE_MS, check_request, request_text, sign_request
from hengyuan.record.suites import ED25519_SHA256, SUITES, Suite
from tests.record.strategies import thorough

both = pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES.keys())
REQUEST: dict[str, Any] = {
    "terminal": "14102451001-01",
    "method": "PUT",
    "path": "/api/intake/v1/files/" + "ab" * 32,
    "time_ms": 1_754_006_400_000,
    "body": b"\xff\xd8\xff",
}


def test_a_request_is_signed_over_the_written_form() -> None:
    assert (
        request_text(ED25519_SHA256, **REQUEST)
        == (
            "hengyuan-request-v1\n14102451001-01\nPUT\n/api/intake/v1/files/"
            + "ab" * 32
            + "\n1754006400000\n"
            + hashlib.sha256(b"\xff\xd8\xff").hexdigest()
            + "\n"
        ).encode()
    )


@both
def test_a_signed_request_is_known_again(suite: Suite) -> None:
    key = suite.generate()
    headers = sign_request(suite, key, **REQUEST)
    assert list(headers) == ["hengyuan-terminal", "hengyuan-time", "hengyuan-signature"]
    assert headers["hengyuan-terminal"] == "14102451001-01"
    assert headers["hengyuan-time"] == "1754006400000"
    public = suite.load_public(key.public_bytes())
    signature = headers["hengyuan-signature"]
    assert check_request(suite, public, **REQUEST, signature_hex=signature)


@both
@pytest.mark.parametrize(
    "change",
    [
        {"terminal": "14102451001-02"},
        {"method": "GET"},
        {"path": "/api/intake/v1/files/" + "ac" * 32},
        {"path": REQUEST["path"] + "?x=1"},
        {"time_ms": 1_754_006_400_001},
        {"body": b"\xff\xd8\xfe"},
        {"body": b""},
    ],
)
def test_a_signature_is_good_for_no_other_request(suite: Suite, change: dict[str, Any]) -> None:
    key = suite.generate()
    signature = sign_request(suite, key, **REQUEST)["hengyuan-signature"]
    public = suite.load_public(key.public_bytes())
    assert not check_request(suite, public, **(REQUEST | change), signature_hex=signature)


@pytest.mark.parametrize(
    "spoil",
    [
        str.upper,
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text[:64] + " " + text[64:],
        lambda text: text[:-2],
        lambda text: text + "00",
        lambda text: "",
        lambda text: "晋" * 128,
        lambda text: "0x" + text[2:],
    ],
)
def test_a_signature_has_one_spelling(spoil: Any) -> None:
    key = ED25519_SHA256.load_private(b"\x0a" * 32)
    public = ED25519_SHA256.load_public(key.public_bytes())
    good = sign_request(ED25519_SHA256, key, **REQUEST)["hengyuan-signature"]
    assert spoil(good) != good
    assert not check_request(ED25519_SHA256, public, **REQUEST, signature_hex=spoil(good))


@given(st.text(max_size=140))
@thorough
def test_a_rubbish_signature_never_raises(text: str) -> None:
    public = ED25519_SHA256.load_public(ED25519_SHA256.load_private(b"\x0a" * 32).public_bytes())
    assert not check_request(ED25519_SHA256, public, **REQUEST, signature_hex=text)


def test_a_request_is_good_for_a_quarter_of_an_hour() -> None:
    assert MAX_AGE_MS == 900_000


BEAT: dict[str, Any] = {
    "clock_ms": 1_754_006_400_000,
    "clock_offset_ms": -12,
    "devices": {"scale": "ok", "front_camera": "offline"},
    "disk_free_mb": 81_920,
    "queue": 3,
    "rule_pack": "cn-2016.1",
    "seq": 14,
    "software": "hengyuan 0.1.0",
}


def beat(**changes: Any) -> Heartbeat:
    return msgspec.json.decode(json.dumps(BEAT | changes).encode(), type=Heartbeat)


def test_a_heartbeat_is_read() -> None:
    assert msgspec.to_builtins(beat()) == BEAT
    without_offset = {key: value for key, value in BEAT.items() if key != "clock_offset_ms"}
    decoded = msgspec.json.decode(json.dumps(without_offset).encode(), type=Heartbeat)
    assert decoded.clock_offset_ms is None


@pytest.mark.parametrize(
    "changes",
    [
        {"clock_ms": -1},
        {"clock_ms": 10**30},
        {"clock_ms": 1.5},
        {"clock_offset_ms": 2**31},
        {"clock_offset_ms": -(2**31)},
        {"devices": {"scale": "fine"}},
        {"devices": {"": "ok"}},
        {"devices": {"x" * 41: "ok"}},
        {"devices": {"a\x00": "ok"}},
        {"devices": {f"d{i}": "ok" for i in range(65)}},
        {"disk_free_mb": -1},
        {"disk_free_mb": 2**31},
        {"queue": -1},
        {"queue": 2**31},
        {"rule_pack": "x" * 33},
        {"rule_pack": "a\n"},
        {"seq": -1},
        {"seq": 2**53},
        {"software": "x" * 41},
        {"software": "a\x7f"},
        {"gps": "1,2"},
    ],
)
def test_a_heartbeat_out_of_bounds_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        beat(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"rule_pack": "", "software": "", "devices": {}},
        {"devices": {f"{'设' * 38}{i:02d}": "unknown" for i in range(64)}},
        {"queue": 2**31 - 1, "disk_free_mb": 0, "seq": 2**53 - 1},
        {"clock_offset_ms": None},
    ],
)
def test_a_heartbeat_at_its_bounds_is_read(changes: dict[str, Any]) -> None:
    assert msgspec.to_builtins(beat(**changes)) == BEAT | changes


def test_answers_are_written_as_the_protocol_says() -> None:
    mark = Watermark(7, "ab" * 32)
    written = {
        "stored": msgspec.json.encode(Stored(mark, 3)),
        "beat": msgspec.json.encode(
            HeartbeatAnswer(
                time_ms=5, watermark=mark, commands=[Command(id="1", name="n", arguments={"a": 1})]
            )
        ),
        "file": msgspec.json.encode(FileProgress(10, complete=False)),
    }
    watermark = {"seq": 7, "digest": "ab" * 32}
    assert json.loads(written["stored"]) == {"watermark": watermark, "stored": 3}
    assert json.loads(written["beat"]) == {
        "time_ms": 5,
        "watermark": watermark,
        "commands": [{"id": "1", "name": "n", "arguments": {"a": 1}}],
    }
    assert json.loads(written["file"]) == {"received": 10, "complete": False}


def test_a_client_takes_answers_that_have_grown() -> None:
    grown = {"watermark": {"seq": 0, "digest": "ab" * 32, "at": 1}, "stored": 0, "more": []}
    assert msgspec.json.decode(json.dumps(grown).encode(), type=Stored).stored == 0


def test_every_code_has_a_status_that_says_who_must_act() -> None:
    for code, status in STATUS.items():
        assert 400 <= status < 600
        assert Refusal(code, "x").status == status
    assert [code for code, status in STATUS.items() if status >= 500] == ["busy"]


def test_a_refusal_says_what_and_where() -> None:
    refusal = Refusal("gap", "record 3 is due", expected=3)
    assert refusal.as_dict() == {"error": "gap", "detail": "record 3 is due", "expected": 3}
    assert Refusal("malformed", "x", line=0).as_dict() == {
        "error": "malformed",
        "detail": "x",
        "line": 0,
    }
    assert str(refusal) == "gap: record 3 is due"
