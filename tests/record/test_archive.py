"""An exported chain proves itself, and what was done to it is found at the first line it shows."""

import json
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.record.archive import ArchiveHeader, ArchiveReport, verify_archive
from hengyuan.record.batch import MAX_LINES, seal
from hengyuan.record.suites import ED25519_SHA256, SM2_SM3, SUITES, Suite
from tests.record.samples import TERMINAL, Chain
from tests.record.strategies import thorough

both = pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES.keys())
CHAIN = Chain().grow(9)
# line 1: archive header; 2: batch 1-4; 3-6: records 1-4; 7: batch 5-9; 8-12: records 5-9
WHOLE = CHAIN.archive((1, 4), (5, 9), last=9)


def check(file: bytes) -> ArchiveReport:
    return verify_archive(file.splitlines(keepends=True))


def lines_of(file: bytes = WHOLE) -> list[bytes]:
    return file.splitlines(keepends=True)


def broken_at(report: ArchiveReport) -> tuple[str | None, int | None, int | None]:
    assert not report.sound
    assert report.problem
    return report.code, report.line, report.seq


@both
def test_a_whole_chain_is_sound(suite: Suite) -> None:
    chain = Chain(suite).grow(9)
    report = check(chain.archive((1, 4), (5, 5), (6, 9), last=9))
    assert report.sound
    assert report.is_archive
    assert (report.first, report.last, report.records, report.batches) == (1, 9, 9, 3)
    assert (report.terminal, report.suite) == (TERMINAL, suite.name)
    assert report.public_key == chain.public.hex()
    assert report.head == chain.digests[9].hex()
    assert report.from_genesis


def test_a_chain_of_no_records_is_sound_and_empty() -> None:
    report = check(CHAIN.archive(last=0))
    assert report.sound
    assert (report.first, report.last, report.records) == (None, None, 0)
    assert report.head == CHAIN.genesis.hex()


def test_a_file_that_begins_mid_chain_is_sound_and_says_so() -> None:
    report = check(CHAIN.archive((5, 9), after=4, last=9))
    assert report.sound
    assert not report.from_genesis
    assert (report.first, report.last, report.records) == (5, 9, 5)


def test_a_mid_chain_file_must_begin_behind_the_digest_that_was_signed() -> None:
    file = CHAIN.archive((5, 9), after=4)
    spoilt = file.replace(CHAIN.digests[4].hex().encode(), b"ab" * 32, 1)
    assert broken_at(check(spoilt)) == ("prev_differs", 2, 5)


def test_a_batch_sent_again_with_newer_records_is_part_of_the_chain() -> None:
    report = check(CHAIN.archive((1, 4), (3, 6), (1, 9), last=9))
    assert report.sound
    assert (report.records, report.batches) == (9, 3)


def test_an_overlapping_batch_must_begin_behind_a_digest_of_the_chain() -> None:
    file = lines_of(CHAIN.archive((1, 4), (3, 6)))
    forged = seal(CHAIN.suite, CHAIN.key, TERMINAL, 3, b"\xab" * 32, CHAIN.lines[2:6]).split(b"\n")[
        0
    ]
    assert broken_at(check(b"".join([*file[:6], forged + b"\n", *file[7:]])))[0] == "prev_differs"


def test_a_batch_that_brings_nothing_new_is_out_of_place() -> None:
    file = lines_of()
    assert broken_at(check(b"".join([*file[:6], file[1], *file[6:]]))) == ("range_differs", 7, 5)


def test_an_overlap_cannot_reach_behind_the_beginning_of_the_file() -> None:
    file = CHAIN.archive((5, 9), after=4).replace(
        CHAIN.seal(5, 9).split(b"\n")[0], CHAIN.seal(4, 9).split(b"\n")[0]
    )
    assert broken_at(check(file)) == ("range_differs", 2, 5)


@pytest.mark.parametrize("number", [3, 4, 5, 6, 8, 9, 10, 11, 12])
def test_an_altered_record_is_found_in_its_line(number: int) -> None:
    seq = number - 2 if number < 7 else number - 3
    file = lines_of()
    file[number - 1] = file[number - 1].replace(b"30", b"20")
    assert broken_at(check(b"".join(file))) == ("digest_differs", number, seq)


@pytest.mark.parametrize("number", [3, 4, 6, 9, 12])
def test_an_altered_digest_is_found_in_its_line(number: int) -> None:
    file = lines_of()
    swapped = b"0" if file[number - 1][:1] != b"0" else b"1"
    file[number - 1] = swapped + file[number - 1][1:]
    code, line, _ = broken_at(check(b"".join(file)))
    assert (code, line) == ("digest_differs", number)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (2, ("no_batch", 2, 1)),
        (3, ("bad_record", 3, 1)),
        (5, ("bad_record", 5, 3)),
        (6, ("no_record", 6, 4)),
        (7, ("no_batch", 7, 5)),
        (8, ("bad_record", 8, 5)),
        (12, ("truncated", 12, 9)),
    ],
)
def test_a_removed_line_is_found(number: int, expected: tuple[str, int, int]) -> None:
    file = lines_of()
    del file[number - 1]
    assert broken_at(check(b"".join(file))) == expected


def test_a_removed_batch_is_found() -> None:
    file = lines_of(CHAIN.archive((1, 2), (3, 4), (5, 9), last=9))
    assert broken_at(check(b"".join([*file[:4], *file[7:]]))) == ("range_differs", 5, 3)


def test_swapped_batches_are_found() -> None:
    file = lines_of()
    swapped = [file[0], *file[6:], *file[1:6]]
    assert broken_at(check(b"".join(swapped))) == ("range_differs", 2, 1)


@pytest.mark.parametrize("number", [3, 5, 6])
def test_a_doubled_record_is_found(number: int) -> None:
    file = lines_of()
    file.insert(number, file[number - 1])
    code, line, _ = broken_at(check(b"".join(file)))
    assert line == number + 1
    assert code == ("no_batch" if number == 6 else "bad_record")


def test_an_invented_record_is_found() -> None:
    file = lines_of()
    file.insert(4, b"ab" * 32 + b" " + CHAIN.lines[2].replace(b"30003", b"31000") + b"\n")
    assert broken_at(check(b"".join(file))) == ("digest_differs", 5, 3)


def test_swapped_records_are_found() -> None:
    file = lines_of()
    file[3], file[4] = file[4], file[3]
    assert broken_at(check(b"".join(file))) == ("bad_record", 4, 2)


def test_a_rewritten_record_is_found_though_its_content_is_the_same() -> None:
    file = lines_of()
    file[3] = file[3].replace(b'"lane":1', b'"lane": 1')
    assert broken_at(check(b"".join(file))) == ("not_canonical", 4, 2)


def test_an_overlong_line_is_found() -> None:
    file = lines_of()
    file[3] = file[3][:65] + b"[" * 5000 + b"\n"
    assert broken_at(check(b"".join(file))) == ("too_large", 4, 2)


@both
def test_records_altered_together_with_their_digests_miss_the_signed_head(suite: Suite) -> None:
    honest = Chain(suite).grow(9)
    forger = Chain(suite, honest.key)
    forger.lines = [line.replace(b"30003", b"20003") for line in honest.lines]
    forger.digests = [honest.genesis]
    for line in forger.lines:
        forger.digests.append(suite.digest(forger.digests[-1] + line))
    file = lines_of(forger.archive((1, 4), (5, 9)))
    file[1] = honest.seal(1, 4).split(b"\n")[0] + b"\n"
    assert broken_at(check(b"".join(file))) == ("head_differs", 2, 1)


@both
def test_a_batch_signed_anew_by_another_key_is_found(suite: Suite) -> None:
    chain = Chain(suite).grow(9)
    file = lines_of(chain.archive((1, 4), (5, 9)))
    file[6] = chain.seal(5, 9, key=suite.generate()).split(b"\n")[0] + b"\n"
    assert broken_at(check(b"".join(file))) == ("bad_signature", 7, 5)


def test_a_chain_forged_with_another_key_is_sound_but_names_that_key() -> None:
    """What no file can prove about itself: whose key it is. Hence the fingerprint to compare."""
    forged = check(Chain().grow(9).archive((1, 9)))
    assert forged.sound
    assert forged.fingerprint != check(WHOLE).fingerprint


def test_another_key_in_the_first_line_is_found() -> None:
    other = ED25519_SHA256.generate().public_bytes().hex().encode()
    spoilt = WHOLE.replace(CHAIN.public.hex().encode(), other, 1)
    assert broken_at(check(spoilt)) == ("not_genesis", 1, 0)
    middle = CHAIN.archive((5, 9), after=4)
    spoilt = middle.replace(CHAIN.public.hex().encode(), other, 1)
    assert broken_at(check(spoilt)) == ("bad_signature", 2, 5)


def test_another_terminal_s_name_is_found() -> None:
    spoilt = WHOLE.replace(TERMINAL.encode(), b"14102451001-02", 1)
    assert broken_at(check(spoilt)) == ("not_genesis", 1, 0)
    file = lines_of()
    file[1] = file[1].replace(TERMINAL.encode(), b"14102451001-02")
    assert broken_at(check(b"".join(file))) == ("other_terminal", 2, 1)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b'"suite":"Ed25519-SHA256"', b'"suite":"ROT13"', "unknown_suite"),
        (b'"suite":"Ed25519-SHA256"', b'"suite":"SM2-SM3"', "bad_key"),
        (CHAIN.public.hex().encode(), b"01" + b"00" * 31, "bad_key"),
        (CHAIN.public.hex().encode(), b"0100", "bad_key"),
        (CHAIN.genesis.hex().encode(), b"ab" * 32, "not_genesis"),
        (CHAIN.public.hex().encode(), b"xyz", "not_archive"),
        (CHAIN.public.hex().encode(), CHAIN.public.hex().upper().encode(), "not_archive"),
        (CHAIN.public.hex().encode(), b" " + CHAIN.public.hex().encode(), "not_archive"),
        (b'"archive":1', b'"archive":2', "not_archive"),
        (b'"after":0', b'"after":-1', "not_archive"),
        (b'"after":0', b'"afterwards":0', "not_archive"),
    ],
)
def test_a_spoilt_first_line_is_found(old: bytes, new: bytes, code: str) -> None:
    first, rest = WHOLE.split(b"\n", 1)
    assert old in first
    report = check(first.replace(old, new) + b"\n" + rest)
    assert broken_at(report)[:2] == (code, 1)
    assert report.is_archive == (code != "not_archive")


@pytest.mark.parametrize("number", range(1, 12))
def test_a_file_cut_off_behind_any_line_is_found(number: int) -> None:
    report = check(b"".join(lines_of()[:number]))
    code, line, seq = broken_at(report)
    assert code == ("incomplete" if number in (1, 6) else "truncated")
    assert line == number + 1
    assert seq == {1: 1, 2: 1, 6: 5, 7: 5}.get(number, number - 1 if number < 6 else number - 2)


@given(st.integers(0, len(WHOLE) - 2))
@thorough
def test_a_file_cut_off_anywhere_is_found(length: int) -> None:
    assert not check(WHOLE[:length]).sound


def test_without_its_last_line_feed_the_file_still_says_all() -> None:
    assert check(WHOLE[:-1]).sound


@given(st.data())
@thorough
def test_no_single_byte_of_the_file_can_be_changed(data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(WHOLE) - 2))
    value = data.draw(st.integers(0, 255).filter(lambda byte: byte != WHOLE[position]))
    spoilt = WHOLE[:position] + bytes([value]) + WHOLE[position + 1 :]
    report = check(spoilt)
    code, line, _ = broken_at(report)
    # line 1 alone says where the file ends, so a false end shows at the end
    assert line == WHOLE[:position].count(b"\n") + 1 or code == "incomplete"


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"\n",
        b"\x00" * 5000,
        b"\xff\xfe\x00",
        b"PK\x03\x04",
        b"{}",
        b"[]",
        b"null",
        b"[" * 100_000,
        "记录".encode(),
        CHAIN.seal(1, 4),
        b"".join(lines_of()[1:]),
        b"\xef\xbb\xbf" + WHOLE,
    ],
)
def test_what_is_no_archive_is_called_so(file: bytes) -> None:
    report = check(file)
    assert broken_at(report)[:2] == ("not_archive", 1)
    assert not report.is_archive


@given(st.binary(max_size=400))
@thorough
def test_rubbish_behind_a_good_beginning_is_never_sound(rubbish: bytes) -> None:
    for kept in (1, 2, 4, 6, 7):
        file = b"".join(lines_of(CHAIN.archive((1, 4), (5, 9)))[:kept]) + rubbish
        report = check(file)
        if report.sound:
            assert kept in (1, 6)
            assert rubbish == b""


def test_a_batch_larger_than_the_protocol_allows_is_refused() -> None:
    header = json.loads(CHAIN.seal(1, 4).split(b"\n")[0]) | {"last": MAX_LINES + 1}
    file = lines_of()
    file[1] = json.dumps(header).encode() + b"\n"
    assert broken_at(check(b"".join(file))) == ("too_large", 2, 1)


def test_lines_are_taken_one_by_one() -> None:
    taken = 0

    def lines() -> Iterator[bytes]:
        nonlocal taken
        for line in lines_of():
            taken += 1
            yield line if taken != 4 else b"x\n"

    assert verify_archive(lines()).line == 4
    assert taken == 4


def test_a_report_tells_of_the_batches_that_hold() -> None:
    file = lines_of()
    file[9] = b"x\n"
    report = check(b"".join(file))
    assert broken_at(report) == ("no_record", 10, 7)
    assert (report.first, report.last, report.records, report.batches) == (1, 4, 4, 1)
    assert report.head == CHAIN.digests[4].hex()


@pytest.mark.parametrize(
    "change", [lambda h: {"after": 2**53}, lambda h: {"last": -1}, lambda h: {"suite": "x" * 33}]
)
def test_header_fields_have_bounds(change: Callable[[ArchiveHeader], dict[str, object]]) -> None:
    header = json.loads(lines_of()[0])
    assert not check(json.dumps(header | change(header)).encode()).is_archive


def test_sm2_archives_verify_with_the_file_alone() -> None:
    chain = Chain(SM2_SM3).grow(3)
    assert check(chain.archive((1, 3))).fingerprint == check(chain.archive((1, 1))).fingerprint
