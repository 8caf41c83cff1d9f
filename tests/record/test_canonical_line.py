"""There is one way to write a record; every other way is refused, and every byte of it counts."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from hengyuan.record.canonical import MAX_LINE_BYTES, NotCanonical, read_line, write_line
from hengyuan.record.model import FILE_KINDS, FileRef, InvalidRecord, Record
from tests.record.samples import record
from tests.record.strategies import records, thorough

LINE = write_line(
    record(
        assumed=True,
        axle_kg=(6_000, 8_000),
        carrier='某"运\\输',
        files=(FileRef(digest="ab" * 32, kind="plate"),),
        flags=("plate_typed",),
        plate="晋L00001",
    )
)
# msgspec speaks of bad UTF-8 by UnicodeDecodeError, of everything else by its own errors
NO_RECORD = (msgspec.DecodeError, UnicodeDecodeError)


def fitting(drawn: Record) -> bytes:
    try:
        return write_line(drawn)
    except InvalidRecord as error:
        assume("bytes" not in str(error))
        raise


def test_the_line_is_what_any_json_library_writes_when_told_so() -> None:
    written = json.dumps(
        json.loads(LINE), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert written.encode() == LINE


def test_unknown_values_are_absent() -> None:
    assert set(json.loads(write_line(record()))) == {
        "gross_kg",
        "kind",
        "lane",
        "seq",
        "terminal",
        "v",
        "verdict",
        "weighed_at",
    }


@given(records())
@thorough
def test_a_record_comes_back_from_its_line(drawn: Record) -> None:
    line = fitting(drawn)
    assert read_line(line) == drawn
    assert write_line(read_line(line)) == line


@given(records())
@thorough
def test_the_line_agrees_with_python_s_json(drawn: Record) -> None:
    line = fitting(drawn)
    again = json.dumps(json.loads(line), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert again.encode() == line


def _swapped(line: bytes, old: bytes, new: bytes) -> bytes:
    assert line.count(old) == 1, old
    return line.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'{"assumed"', b'{ "assumed"'),
        (b'"lane":1', b'"lane": 1'),
        (b'"lane":1', b'"lane":1\n'),
        (b'"lane":1', b'"lane":1\r'),
        (b'"lane":1', b'"lane":1\t'),
        (b'"kind":"exit","lane":1', b'"lane":1,"kind":"exit"'),
        (
            b'"digest":"' + b"ab" * 32 + b'","kind":"plate"',
            b'"kind":"plate","digest":"' + b"ab" * 32 + b'"',
        ),
        (b'"lane":1', b'"lane":1,"lane":1'),
        (b'"lane":1', b'"lane":2,"lane":1'),
        (b'"lane":1', b'"l\\u0061ne":1'),
        (b'"lane":1', b'"lane":1,"limit_kg":null'),
        (b'"assumed":true', b'"assumed":false'),
        (b'"assumed":true', b'"assumed":true,"axle_kg":[]'),
        (b'"flags":["plate_typed"]', b'"flags":[]'),
        (b'"exit"', b'"\\u0065xit"'),
        ("晋".encode(), b"\\u664b"),
        ("晋".encode(), b"\\u664B"),
        ("晋".encode(), b"\\ud840\\udc00"),
        ("晋".encode(), b"\\/"),
        (b"L00001", b"/\\u002f"),
        (b'"gross_kg":30480', b'"gross_kg":-0'),
    ],
)
def test_a_record_written_otherwise_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(NotCanonical):
        read_line(_swapped(LINE, old, new))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b" ", b"\t"])
def test_white_space_around_the_line_is_refused(end: bytes) -> None:
    for line in (LINE + end, end + LINE):
        with pytest.raises(NotCanonical):
            read_line(line)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"30480", b"30480.0"),
        (b"30480", b"30480.5"),
        (b"30480", b"3e4"),
        (b"30480", b"030480"),
        (b"30480", b"+30480"),
        (b"30480", b"0x7710"),
        (b"30480", b"NaN"),
        (b"30480", b"Infinity"),
        (b"30480", b'"30480"'),
        (b"30480", b"true"),
        (b"30480", b"9" * 30),
        (b"30480", b"-" + b"9" * 30),
        (b"30480", b"9" * 400),
        (b"30480", b"1e400"),
        (b'"v":1', b'"v":1.0'),
        (b'"v":1', b'"v":1,'),
        (b'"v":1', b'"v":1,"x":' + b"[" * 1000),
        (b'"lane":1', b'"lane":' + b"[" * 1000 + b"]" * 1000),
        (b'"lane":1', b"'lane':1"),
        (b'"lane":1', b"/**/"),
        ("晋".encode(), b"\\ud800"),
        ("晋".encode(), b"\\udc00\\ud800"),
        ("晋".encode(), b"\xed\xa0\x80"),
        ("晋".encode(), b"\xff"),
        ("晋".encode(), b"\xc0\x80"),
        ("晋".encode(), "晋".encode()[:2]),
        ("晋".encode(), b"\x00"),
        ("晋".encode(), b"\n"),
        ("晋".encode(), b"\\x41"),
    ],
)
def test_what_is_no_record_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(NO_RECORD):
        read_line(_swapped(LINE, old, new))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b"\x00",
        b"\xef\xbb\xbf" + LINE,
        LINE[:-1],
        LINE + LINE,
        LINE + b"\x00",
        b"[" * 4000,
        LINE.decode().encode("utf-16"),
    ],
)
def test_rubbish_is_refused(line: bytes) -> None:
    with pytest.raises(NO_RECORD):
        read_line(line)


@pytest.mark.parametrize("code", [*range(0x20), *range(0x7F, 0xA0)])
def test_no_text_holds_a_control_character(code: int) -> None:
    with pytest.raises(InvalidRecord, match="control"):
        write_line(record(carrier=f"a{chr(code)}b"))
    # behind an escaped backslash and before an escaped quote it is one still
    with pytest.raises(InvalidRecord, match="control"):
        write_line(record(carrier=f'\\{chr(code)}"'))


@pytest.mark.parametrize(
    "text", ["\\n", "\\\\u0000", '"', '\\"', "\\", '"\\', "\u2028", "Â", "\xa0"]
)
def test_what_only_looks_like_a_control_character_is_taken(text: str) -> None:
    assert read_line(write_line(record(carrier=text))).carrier == text


def test_a_line_has_at_most_4096_bytes() -> None:
    wide = "\U00020000"
    names = ("carrier", "destination", "note_no", "operator", "witness")
    fields: dict[str, Any] = dict.fromkeys(names, wide * 64)
    fields |= {"plate": wide * 16, "trailer_plate": wide * 16, "rule_pack": wide * 32}
    fields |= {"axle_kg": (200_000,) * 16, "group_kg": (200_000,) * 16}
    fields["files"] = tuple(
        FileRef(digest=f"{i:064x}", kind=FILE_KINDS[0])  # type: ignore[arg-type]
        for i in range(16)
    )
    rest = MAX_LINE_BYTES - len(write_line(record(reason="x", **fields))) + 1
    reason = wide * (rest // 4) + "x" * (rest % 4)
    line = write_line(record(reason=reason, **fields))
    assert len(line) == MAX_LINE_BYTES
    assert read_line(line).reason == reason
    with pytest.raises(InvalidRecord, match="4096"):
        write_line(record(reason=reason + "x", **fields))
    with pytest.raises(InvalidRecord, match="4096"):
        read_line(line.replace(b"exit", b"entry"))


def test_an_empty_list_in_code_is_not_taken_for_the_absent_field() -> None:
    assert write_line(record(axle_kg=())) == write_line(record())
    with pytest.raises(NotCanonical):
        write_line(record(axle_kg=[]))


@given(records(), st.data())
@example(record(), None)
@thorough
def test_one_changed_byte_is_another_record_or_none(drawn: Record, data: Any) -> None:
    line = fitting(drawn)
    for position in _positions(line, data):
        changed = bytearray(line)
        changed[position] ^= 1 << (position % 8)
        try:
            other = read_line(bytes(changed))
        except (NotCanonical, InvalidRecord, *NO_RECORD):
            continue
        assert other != drawn


def _positions(line: bytes, data: Any) -> list[int]:
    if data is None:
        return list(range(len(line)))
    return [data.draw(st.integers(0, len(line) - 1))]
