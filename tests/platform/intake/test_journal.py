"""The journal's door: each entry stored once, whatever is sent again, forgotten or forged."""

import asyncio
from typing import Any

import msgspec
import pytest

from hengyuan.platform.upkeep import services
from hengyuan.platform.upkeep.models import JournalEntry, JournalHead, Matter
from hengyuan.platform.upkeep.standing import Change
from hengyuan.record.journal import MAX_DETAIL, MAX_ENTRIES, MAX_JOURNAL_BYTES
from tests.conftest import Cast
from tests.platform.records import START_MS, TestTerminal, enrolled_terminal, running_lane

pytestmark = pytest.mark.usefixtures("committed_intake")
PATH = "/api/intake/v1/journal"


def entry(number: int, what: str = "left_unweighed", detail: Any = "backed off") -> dict[str, Any]:
    text = detail if isinstance(detail, str) else msgspec.json.encode(detail).decode()
    at_ms = START_MS + number * 1_001
    return {"number": number, "at_ms": at_ms, "lane": 1, "what": what, "detail": text}


def upload(*parts: tuple[TestTerminal, Any]) -> list[tuple[int, dict[str, Any]]]:
    """Send parts one after the other; status and JSON of each answer."""

    async def work() -> list[tuple[int, dict[str, Any]]]:
        answers = []
        async with running_lane() as client:
            for terminal, entries in parts:
                body = entries
                if not isinstance(entries, bytes):
                    body = msgspec.json.encode({"entries": entries})
                headers = terminal.headers("POST", PATH, body)
                answer = await client.post(PATH, content=body, headers=headers)
                answers.append((answer.status_code, answer.json()))
        return answers

    return asyncio.run(work())


def test_entries_are_stored_and_answered_with_the_last_number(enrolled: TestTerminal) -> None:
    [answer] = upload((enrolled, [entry(1), entry(2, "an_event_of_next_year", "说明")]))
    assert answer == (200, {"last": 2})
    first, second = JournalEntry.objects.order_by("number")
    assert (first.terminal.code, first.lane, first.what) == (enrolled.code, 1, "left_unweighed")
    assert round(first.at.timestamp() * 1000) == START_MS + 1_001
    assert (second.what, second.detail) == ("an_event_of_next_year", "说明")


def test_the_same_part_again_changes_nothing(enrolled: TestTerminal) -> None:
    part = [entry(1), entry(2)]
    assert upload((enrolled, part), (enrolled, part))[1] == (200, {"last": 2})
    assert JournalEntry.objects.count() == 2


def test_of_an_overlap_the_new_entries_are_taken(enrolled: TestTerminal) -> None:
    first, second = [entry(1), entry(2)], [entry(2), entry(3)]
    assert upload((enrolled, first), (enrolled, second))[1] == (200, {"last": 3})
    assert list(JournalEntry.objects.values_list("number", flat=True)) == [1, 2, 3]


def test_a_gap_is_answered_with_the_number_that_is_due(enrolled: TestTerminal) -> None:
    _, (status, answer) = upload((enrolled, [entry(1)]), (enrolled, [entry(3)]))
    assert (status, answer["error"], answer["expected"]) == (409, "gap", 2)
    assert JournalEntry.objects.count() == 1


def test_no_entries_ask_where_to_go_on(enrolled: TestTerminal) -> None:
    answers = upload((enrolled, []), (enrolled, [entry(1)]), (enrolled, []))
    assert answers[0] == (200, {"last": 0})
    assert answers[2] == (200, {"last": 1})


def test_another_entry_under_a_stored_number_is_refused(enrolled: TestTerminal) -> None:
    forged = [entry(1, detail="nothing happened"), entry(2)]
    _, (status, answer) = upload((enrolled, [entry(1)]), (enrolled, forged))
    assert (status, answer["error"], answer["seq"]) == (409, "conflict", 1)
    assert JournalEntry.objects.get().detail == "backed off"


def test_each_terminal_has_numbers_of_its_own(cast: Cast, enrolled: TestTerminal) -> None:
    other = enrolled_terminal(cast.other_unit, cast.county_clerk)
    answers = upload((enrolled, [entry(1)]), (other, [entry(1), entry(2)]))
    assert [answer["last"] for _, answer in answers] == [1, 2]
    assert sorted(JournalHead.objects.values_list("last", flat=True)) == [1, 2]


def test_what_is_no_part_is_refused_and_nothing_of_it_stored(enrolled: TestTerminal) -> None:
    parts: list[Any] = [
        b"[]",
        [entry(1), entry(3)],
        [entry(2), entry(1)],
        [entry(0)],
        [entry(1) | {"lane": 100}],
        [entry(1) | {"what": "Not A Code"}],
        [entry(1) | {"detail": "two\nlines"}],
        [entry(1) | {"detail": "x" * (MAX_DETAIL + 1)}],
        [entry(1) | {"more": 1}],
        [entry(number) for number in range(1, MAX_ENTRIES + 2)],
    ]
    for part, (status, answer) in zip(
        parts, upload(*((enrolled, part) for part in parts)), strict=True
    ):
        assert (status, answer["error"]) == (400, "malformed"), part
    assert not JournalEntry.objects.exists()


def test_a_part_that_is_too_large_is_refused(enrolled: TestTerminal) -> None:
    [(status, answer)] = upload((enrolled, b" " * (MAX_JOURNAL_BYTES + 1)))
    assert (status, answer["error"]) == (413, "too_large")


def test_a_part_that_another_key_signed_is_refused(enrolled: TestTerminal) -> None:
    stranger = TestTerminal(enrolled.code, enrolled.suite, enrolled.suite.generate())
    [(status, answer)] = upload((stranger, [entry(1)]))
    assert (status, answer["error"]) == (401, "bad_signature")


def test_two_senders_of_the_same_part_store_it_once(enrolled: TestTerminal) -> None:
    body = msgspec.json.encode({"entries": [entry(number) for number in range(1, 101)]})

    async def work() -> list[dict[str, Any]]:
        async with running_lane() as client:
            headers = enrolled.headers("POST", PATH, body)
            sent = [client.post(PATH, content=body, headers=headers) for _ in range(6)]
            return [answer.json() for answer in await asyncio.gather(*sent)]

    assert asyncio.run(work()) == [{"last": 100}] * 6
    assert JournalEntry.objects.count() == 100


def standing() -> list[tuple[str, str]]:
    return list(Matter.objects.order_by("kind", "key").values_list("kind", "key"))


def test_what_an_entry_begins_stands_until_another_one_ends_it(enrolled: TestTerminal) -> None:
    begun = [
        entry(1, "device_failed", {"device": "称重仪表", "state": "offline"}),
        entry(2, "plan_begun", {"plan": 1, "cause": "称重仪表", "by": "门卫甲"}),
        entry(3, "ticket_opened", {"ticket": 1, "device": "称重仪表", "problem": "无数据"}),
        entry(4, "scale_verified", {"scale": "称重仪表", "valid_until": "2027-05-01"}),
    ]
    upload((enrolled, begun))
    assert standing() == [
        ("device", "称重仪表"), ("plan", "1"), ("ticket", "1"), ("verification", "称重仪表"),
    ]  # fmt: skip
    ended = [
        entry(5, "device_recovered", {"device": "称重仪表", "for_s": 90}),
        entry(6, "plan_ended", {"plan": 1, "by": "门卫甲"}),
        entry(7, "ticket_closed", {"ticket": 1}),
        entry(8, "scale_verified", {"scale": "称重仪表", "valid_until": "2028-05-01"}),
    ]
    upload((enrolled, ended))
    assert standing() == [("verification", "称重仪表")]
    assert str(Matter.objects.get().due) == "2028-05-01"


def test_begun_and_ended_in_one_part_leaves_nothing_standing(enrolled: TestTerminal) -> None:
    came_and_went = [
        entry(1, "device_failed", {"device": "LED", "state": "offline"}),
        entry(2, "device_recovered", {"device": "LED", "for_s": 5}),
    ]
    upload((enrolled, came_and_went))
    assert standing() == []


def test_a_detail_that_is_not_understood_is_stored_and_changes_nothing(
    enrolled: TestTerminal,
) -> None:
    odd = [
        ("scale_verified", "no JSON"),
        ("scale_verified", "[]"),
        ("scale_verified", "{}"),
        ("scale_verified", {"scale": "", "valid_until": "2027-05-01"}),
        ("scale_verified", {"scale": "x" * 200, "valid_until": "2027-05-01"}),
        ("scale_verified", {"scale": True, "valid_until": "2027-05-01"}),
        ("scale_verified", {"scale": "甲", "valid_until": "soon"}),
        ("scale_verified", {"scale": "甲", "valid_until": 20270501}),
        ("device_failed", '{"device":"LED\\u0000","state":"offline"}'),
        ("device_failed", '{"device":"LED\\ud800","state":"offline"}'),
        ("clock_off", {"offset_ms": "far"}),
        *(("zero_drifted", {"scale": "甲", "kg": kg}) for kg in (10**12, "40", True, None)),
    ]
    part = [entry(number, what, detail) for number, (what, detail) in enumerate(odd, start=1)]
    assert upload((enrolled, part)) == [(200, {"last": len(odd)})]
    assert standing() == []


def test_what_a_database_s_text_cannot_hold_is_left_out_of_a_title(enrolled: TestTerminal) -> None:
    opened = '{"ticket":1,"device":"L\\u0000ED","problem":"\\u009b坏"}'
    far = '{"offset_ms":' + "9" * 400 + "}"
    part = [entry(1, "ticket_opened", opened), entry(2, "clock_off", far), entry(3)]
    assert upload((enrolled, part)) == [(200, {"last": 3})]
    assert Matter.objects.get(kind="ticket").title == "LED · 坏"


def test_an_entry_that_the_database_will_not_have_stand_does_not_hold_up_the_others(
    enrolled: TestTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "change_of", lambda read: Change("ticket", "1", "x" * 1_000))
    assert upload((enrolled, [entry(1), entry(2)])) == [(200, {"last": 2})]
    assert JournalEntry.objects.count() == 2
    assert standing() == []
