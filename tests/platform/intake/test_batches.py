"""What intake answers, stores and keeps aside."""

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

import msgspec
import pytest

from hengyuan.platform.intake.models import Batch, ChainHead, RefusedBatch
from hengyuan.platform.weighing.columns import kind_no
from hengyuan.platform.weighing.models import Weighing, WeighingCount
from hengyuan.record.batch import parse as parse_batch
from hengyuan.record.batch import seal, signed_text, write_header
from hengyuan.record.suites import ED25519_SHA256, SM2_SM3
from tests.conftest import Cast
from tests.platform.records import TestTerminal, enrolled_terminal, make_record, running_lane, send

pytestmark = pytest.mark.usefixtures("committed_intake")


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def upload(*bodies: bytes) -> list[tuple[int, dict[str, Any]]]:
    """Upload one after the other; status and JSON of each answer."""

    async def work() -> list[tuple[int, dict[str, Any]]]:
        async with running_lane() as client:
            answers = [await send(client, body) for body in bodies]
            return [(answer.status_code, answer.json()) for answer in answers]

    return run(work())


def test_a_batch_is_stored_and_answered_with_the_watermark(enrolled: TestTerminal) -> None:
    enrolled.weigh(3)
    [(status, answer)] = upload(enrolled.batch())
    assert status == 200
    assert answer == {
        "watermark": {"seq": 3, "digest": enrolled.digests[3].hex()},
        "stored": 3,
    }
    assert ChainHead.objects.get().last_seq == 3
    batch = Batch.objects.get()
    assert (batch.first_seq, batch.last_seq) == (1, 3)


@pytest.mark.parametrize("suite", [SM2_SM3, ED25519_SHA256])
def test_the_line_is_made_again_from_the_columns_byte_for_byte(cast: Cast, suite: Any) -> None:
    terminal = enrolled_terminal(cast.unit, cast.county_clerk, suite)
    terminal.weigh(1)
    terminal.weigh(
        1,
        kind="reweigh",
        corrects=1,
        air_suspension=True,
        assumed=True,
        axle_kg=[8_000, 8_000, 8_000, 8_000, 8_000, 8_000],
        cargo="0100",
        carrier="示例运输“甲”公司",
        destination='"引号"与\\反斜杠',
        dual_tyres=False,
        files=[{"digest": "ab" * 32, "kind": "head"}, {"digest": "cd" * 32, "kind": "plate"}],
        flags=["override", "plate_typed"],
        height_mm=3_900,
        length_mm=17_500,
        licensed_total_kg=49_000,
        missing_tyres=2,
        spacing_mm=[3_200, 1_350, 6_100, 1_310, 1_310],
        width_mm=2_550,
        tare_kg=15_000,
        net_kg=33_000,
        note_no="ZZ-0001",
        operator="门卫甲",
        witness="门卫乙",
        reason="卸货复磅",
        trailer_plate="晋L0001挂",
        weighed_at=1_790_000_000_123,
    )
    terminal.weigh(
        1, kind="void", corrects=2, reason="误称", gross_kg=None, raw_kg=None, verdict=None,
        limit_kg=None, rule_pack=None,
    )  # fmt: skip
    assert upload(terminal.batch())[0][0] == 200
    rows = Weighing.objects.select_related("terminal").order_by("seq")
    assert [row.line() for row in rows] == terminal.lines
    assert [bytes(row.digest) for row in rows] == terminal.digests[1:]


def test_the_same_batch_again_changes_nothing(enrolled: TestTerminal) -> None:
    enrolled.weigh(5)
    first, again = upload(enrolled.batch(), enrolled.batch())
    assert first[1]["stored"] == 5
    assert again == (200, {"watermark": first[1]["watermark"], "stored": 0})
    assert Weighing.objects.count() == 5
    assert sum(WeighingCount.objects.values_list("trucks", flat=True)) == 5


def test_what_replaces_a_record_is_stored_and_is_counted_as_no_other_truck(
    enrolled: TestTerminal,
) -> None:
    enrolled.weigh(2)
    enrolled.weigh(1, corrects=1)
    enrolled.weigh(1, corrects=2, kind="reweigh")
    enrolled.weigh(1, corrects=3, cargo="0100")
    upload(enrolled.batch(1, 4), enrolled.batch(5, 5))
    assert Weighing.objects.count() == 5
    counts = WeighingCount.objects.values_list("kind", "trucks")
    assert sorted(counts) == [(kind_no("exit"), 2), (kind_no("reweigh"), 1)]


def test_an_older_part_again_is_answered_with_the_watermark(enrolled: TestTerminal) -> None:
    enrolled.weigh(5)
    answers = upload(enrolled.batch(), enrolled.batch(2, 4))
    assert answers[1][0] == 200
    assert answers[1][1]["watermark"]["seq"] == 5


def test_a_gap_is_answered_with_the_number_that_is_due(enrolled: TestTerminal) -> None:
    enrolled.weigh(6)
    answers = upload(enrolled.batch(1, 2), enrolled.batch(5, 6))
    status, answer = answers[1]
    assert (status, answer["error"], answer["expected"]) == (409, "gap", 3)
    assert Weighing.objects.count() == 2


def test_an_overlap_is_sent_back_to_where_it_goes_on(enrolled: TestTerminal) -> None:
    enrolled.weigh(6)
    answers = upload(enrolled.batch(1, 4), enrolled.batch(3, 6), enrolled.batch(5, 6))
    assert (answers[1][1]["error"], answers[1][1]["expected"]) == ("gap", 5)
    assert answers[2][1]["watermark"]["seq"] == 6


def fork(terminal: TestTerminal, from_seq: int) -> TestTerminal:
    """The same terminal and key with another past from that record on."""
    other = TestTerminal(
        terminal.code, terminal.suite, terminal.key, terminal.lines[: from_seq - 1]
    )
    other.weigh(len(terminal.lines) - from_seq + 1, gross_kg=30_000, raw_kg=30_000)
    return other


def test_another_record_under_a_stored_number_is_refused_and_kept(enrolled: TestTerminal) -> None:
    enrolled.weigh(4)
    forged = fork(enrolled, 3)
    forged_body = forged.batch(3, 4)
    answers = upload(enrolled.batch(), forged_body, forged_body)
    for status, answer in answers[1:]:
        assert (status, answer["error"], answer["seq"]) == (409, "conflict", 3)
    kept = RefusedBatch.objects.get()
    assert kept.code == "conflict"
    assert (bytes(kept.body), kept.times) == (forged_body, 2)
    rows = Weighing.objects.select_related("terminal").order_by("seq")
    assert [row.line() for row in rows] == enrolled.lines


def test_a_continuation_of_another_history_is_a_conflict(enrolled: TestTerminal) -> None:
    enrolled.weigh(4)
    stored = enrolled.batch(1, 3)
    forged = fork(enrolled, 2)
    answers = upload(stored, forged.batch(4, 4))
    assert answers[1][1]["error"] == "conflict"
    assert RefusedBatch.objects.get().code == "conflict"


def test_an_altered_line_breaks_the_chain_and_is_kept(enrolled: TestTerminal) -> None:
    enrolled.weigh(3)
    body = enrolled.batch().replace(b'"gross_kg":48000', b'"gross_kg":38000', 1)
    [(status, answer)] = upload(body)
    assert (status, answer["error"]) == (422, "broken_chain")
    kept = RefusedBatch.objects.get()
    assert bytes(kept.body) == body
    assert Weighing.objects.count() == 0


def test_a_foreign_key_signs_nothing(enrolled: TestTerminal) -> None:
    enrolled.weigh(1)
    thief = TestTerminal(enrolled.code, SM2_SM3, SM2_SM3.generate(), list(enrolled.lines))
    body = seal(SM2_SM3, thief.key, thief.code, 1, enrolled.digests[0], thief.lines)
    [(status, answer)] = upload(body)
    assert (status, answer["error"]) == (401, "bad_signature")
    assert RefusedBatch.objects.get().code == "bad_signature"
    assert Weighing.objects.count() == 0


def test_a_signature_for_another_range_does_not_count(enrolled: TestTerminal) -> None:
    enrolled.weigh(2)
    batch = parse_batch(enrolled.batch(1, 1))
    header = msgspec.structs.replace(batch.header, first=2, last=2)
    [(_, answer)] = upload(b"\n".join([write_header(header), enrolled.lines[1], b""]))
    assert answer["error"] == "bad_signature"


def signed_body(terminal: TestTerminal, *lines: bytes) -> bytes:
    """Lines that `seal` would refuse to write, correctly signed all the same."""
    return seal(terminal.suite, terminal.key, terminal.code, 1, terminal.digests[0], list(lines))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda line: line.replace(b",", b", ", 1), "not_canonical"),
        (lambda line: line.replace(b'"v":1', b'"v":2'), "bad_record"),
        (lambda line: line.replace(b'"gross_kg":48000', b'"gross_kg":48000.5'), "bad_record"),
        (lambda line: line.replace(b'"gross_kg":48000', b'"gross_kg":-1'), "bad_record"),
        (lambda line: line.replace(b'"gross_kg"', b'"gross"'), "bad_record"),
        (lambda line: line.replace(b'"seq":1', b'"seq":2'), "bad_record"),
        (lambda line: line.replace(b'"terminal":"1', b'"terminal":"2'), "bad_record"),
        (lambda line: line[:-1], "bad_record"),
        (lambda line: b"\xff\xfe" + line, "bad_record"),
        (lambda line: b"null", "bad_record"),
        (lambda line: b"", "bad_record"),
    ],
)
def test_a_signed_record_that_breaks_the_rules_is_refused_with_its_line(
    enrolled: TestTerminal, change: Any, code: str
) -> None:
    enrolled.weigh(1)
    good = enrolled.lines[0]
    [(status, answer)] = upload(signed_body(enrolled, change(good)))
    assert (status, answer["error"], answer["line"]) == (422, code, 1)
    assert RefusedBatch.objects.get().code == code
    assert Weighing.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"{}",
        b"rubbish\n",
        b"\x00" * 100 + b"\n",
        b'{"batch":1}\n',
        b"[]\n[]\n",
        '{"batch":"一"}\n'.encode("gbk"),
    ],
)
def test_rubbish_gets_a_clear_answer_and_is_not_kept(enrolled: TestTerminal, body: bytes) -> None:
    [(status, answer)] = upload(body)
    assert (status, answer["error"]) == (400, "malformed")
    assert answer["detail"]
    assert not RefusedBatch.objects.exists()


def test_a_cut_off_body_is_malformed(enrolled: TestTerminal) -> None:
    enrolled.weigh(2)
    body = enrolled.batch()
    for cut in (len(body) - 1, len(body) // 2, 10):
        [(status, answer)] = upload(body[:cut])
        assert (status, answer["error"]) == (400, "malformed")


def test_a_body_over_the_limit_is_refused_before_it_is_read(enrolled: TestTerminal) -> None:
    [(status, answer)] = upload(b"x" * (3 * 1024 * 1024))
    assert (status, answer["error"]) == (413, "too_large")


def test_more_records_than_allowed_are_refused(enrolled: TestTerminal) -> None:
    enrolled.weigh(1)
    header = parse_batch(enrolled.batch()).header
    longer = write_header(msgspec.structs.replace(header, last=1001))
    [(status, answer)] = upload(b"\n".join([longer, *[b"{}"] * 1001, b""]))
    assert (status, answer["error"]) == (413, "too_large")


def test_an_unknown_terminal_is_refused(enrolled: TestTerminal) -> None:
    stranger = TestTerminal("14102451999-01", SM2_SM3, SM2_SM3.generate())
    stranger.weigh(1)
    [(status, answer)] = upload(stranger.batch())
    assert (status, answer["error"]) == (401, "unknown_terminal")


def test_a_suspended_terminal_is_refused(enrolled: TestTerminal, cast: Cast) -> None:
    from hengyuan.platform.terminals.models import Terminal
    from hengyuan.platform.terminals.services import suspend

    suspend(Terminal.objects.get(code=enrolled.code), cast.county_clerk, "测试停用")
    enrolled.weigh(1)
    [(status, answer)] = upload(enrolled.batch())
    assert (status, answer["error"]) == (403, "suspended")


def test_the_platform_judges_again_and_keeps_its_own_verdict(enrolled: TestTerminal) -> None:
    enrolled.weigh(1, gross_kg=36_000, axles=4, combination="rigid", layout="2+2",
                   group_kg=[14_000, 22_000], limit_kg=36_000, verdict="pass")  # fmt: skip
    upload(enrolled.batch())
    row = Weighing.objects.get()
    assert (row.limit_kg, row.verdict_name) == (36_000, "pass")
    assert (row.platform_limit_kg, row.platform_verdict_name) == (31_000, "over")


def test_a_record_without_axles_is_not_judged_by_the_platform(enrolled: TestTerminal) -> None:
    enrolled.weigh(
        1, axles=None, combination=None, layout=None, drive_axles=None, group_kg=[],
        limit_kg=None, rule_pack=None, verdict="unknown", flags=["axles_unknown"],
    )  # fmt: skip
    assert upload(enrolled.batch())[0][0] == 200
    row = Weighing.objects.get()
    assert row.platform_limit_kg is None
    assert row.platform_verdict_name == "unknown"


def test_counts_follow_the_local_day_and_the_band(enrolled: TestTerminal) -> None:
    # 15:59:59 UTC is still the same day in Linfen, one second later it is the next
    day_end = 1_790_006_399_000
    enrolled.weigh(1, weighed_at=day_end)
    enrolled.weigh(2, weighed_at=day_end + 1_000, gross_kg=60_000, verdict="over")
    upload(enrolled.batch())
    counts = {
        (str(count.day), count.hour, count.band): (count.trucks, count.overload_kg)
        for count in WeighingCount.objects.all()
    }
    assert counts == {
        ("2026-09-21", 23, 0): (1, 0),
        ("2026-09-22", 0, 2): (2, 22_000),
    }


def test_a_clock_that_is_years_off_loses_no_record(enrolled: TestTerminal) -> None:
    enrolled.weigh(1, weighed_at=946_684_800_000)
    enrolled.weigh(1, weighed_at=4_102_444_800_000)
    enrolled.weigh(1, weighed_at=1_600_000_000_000)
    assert upload(enrolled.batch())[0][0] == 200
    assert Weighing.objects.count() == 3


def test_many_terminals_at_once_are_stored_each_in_order(cast: Cast) -> None:
    terminals = [enrolled_terminal(cast.unit, cast.county_clerk) for _ in range(8)]
    for terminal in terminals:
        terminal.weigh(40)

    async def one(client: Any, terminal: TestTerminal) -> None:
        for first in range(1, 41, 4):
            answer = await send(client, terminal.batch(first, first + 3))
            assert answer.status_code == 200, answer.text

    async def work() -> None:
        async with running_lane() as client:
            await asyncio.gather(*(one(client, terminal) for terminal in terminals))

    run(work())
    assert Weighing.objects.count() == 320
    for terminal in terminals:
        rows = Weighing.objects.filter(terminal__code=terminal.code).order_by("seq")
        assert [bytes(row.digest) for row in rows] == terminal.digests[1:]


def test_the_same_batch_sent_at_once_many_times_is_stored_once(enrolled: TestTerminal) -> None:
    enrolled.weigh(10)
    body = enrolled.batch()

    async def work() -> list[int]:
        async with running_lane() as client, running_lane() as other:
            answers = await asyncio.gather(
                *(send(door, body) for door in (client, other) for _ in range(5))
            )
            return [answer.json()["stored"] for answer in answers]

    assert sorted(run(work())) == [0] * 9 + [10]
    assert Weighing.objects.count() == 10


def test_batches_are_numbered_in_the_order_of_their_commits(enrolled: TestTerminal) -> None:
    enrolled.weigh(3)
    upload(enrolled.batch(1, 1), enrolled.batch(2, 2), enrolled.batch(3, 3))
    assert list(Batch.objects.order_by("id").values_list("last_seq", flat=True)) == [1, 2, 3]


def test_refused_batches_are_bounded_for_each_terminal(enrolled: TestTerminal) -> None:
    from hengyuan.platform.intake.refused import MAX_UNSIGNED

    def unsigned(number: int) -> bytes:
        line = json.dumps({"n": number}).encode()
        digest = "0" * 64
        header = parse_batch(enrolled.batch(1, 1)).header
        wrong = msgspec.structs.replace(header, head=f"{number:064x}", prev=digest)
        return b"\n".join([write_header(wrong), line, b""])

    enrolled.weigh(1)
    upload(*(unsigned(number) for number in range(MAX_UNSIGNED + 5)))
    assert RefusedBatch.objects.count() == MAX_UNSIGNED
    forged = fork(enrolled, 1)
    upload(enrolled.batch(), forged.batch())
    assert RefusedBatch.objects.filter(code="conflict").count() == 1


def test_the_signed_text_names_the_terminal(enrolled: TestTerminal) -> None:
    """A batch of one terminal cannot be passed off as another's."""
    enrolled.weigh(1)
    header = parse_batch(enrolled.batch()).header
    assert signed_text("A", 1, 1, header.prev, header.head) != signed_text(
        "B", 1, 1, header.prev, header.head
    )
    assert make_record(enrolled.code, 1).terminal == enrolled.code
