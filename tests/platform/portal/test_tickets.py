"""Weigh tickets: of records that a terminal has uploaded, and of nothing else."""

import re

import pytest
from django.db import connection
from django.urls import reverse

from hengyuan.platform.portal.views_ticket import masked
from hengyuan.record.ticket import ticket_of, ticket_path
from tests.platform.records import enrolled_terminal
from tests.platform.stored import today_ms, upload_all

VOID = {
    "kind": "void",
    "reason": "误操作",
    "gross_kg": None,
    "raw_kg": None,
    "verdict": None,
    "limit_kg": None,
    "rule_pack": None,
    "axles": None,
    "combination": None,
    "layout": None,
    "drive_axles": None,
    "group_kg": (),
    "plate": None,
    "plate_colour": None,
}


def number(terminal, seq: int) -> str:
    return str(ticket_of(terminal.code, seq, terminal.digests[seq]))


def ask(visitor, number: str):
    return visitor.get(reverse("portal:ticket", args=[number]))


def text_of(answer) -> str:
    """The words of the page's own part, without markup."""
    main = answer.content.decode().partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def alter(column: str, value, seq: int) -> None:
    """What somebody with the database in their hands could do."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE weighing SET {column} = %s WHERE seq = %s", [value, seq])


@pytest.fixture
def terminal(enrolled):
    """Records of today as uploaded: passed, over, re-weighed, voided, and the void itself."""
    at = today_ms(7 * 3600 + 5 * 60 + 42)
    enrolled.weigh(
        1, weighed_at=at, plate="晋L12345", note_no="ZX-0001", carrier="某运输公司",
        destination="某电厂", operator="门卫甲", cargo="0100",
    )  # fmt: skip
    enrolled.weigh(1, weighed_at=at + 1, gross_kg=60_000, verdict="over")
    enrolled.weigh(1, weighed_at=at + 2, kind="reweigh", corrects=2)
    enrolled.weigh(1, weighed_at=at + 3)
    enrolled.weigh(1, weighed_at=at + 4, corrects=4, **VOID)
    enrolled.weigh(
        1, weighed_at=at + 5, kind="entry", gross_kg=15_000, verdict=None, limit_kg=None,
        rule_pack=None,
    )  # fmt: skip
    upload_all(enrolled)
    return enrolled


def test_a_genuine_ticket_shows_what_the_public_may_see(visitor, terminal, cast):
    answer = ask(visitor, number(terminal, 1))
    assert answer.status_code == 200
    text = text_of(answer)
    assert "真实有效：记录已存储且未被改动" in text
    for shown in (cast.unit.name, "洪洞县", "2026-05-10 07:05", "晋L·1**45", "48,000 kg", "未超限"):
        assert shown in text
    hidden = ["12345", "07:05:42", "ZX-0001", "某运输公司", "某电厂", "门卫甲", "48,020"]
    hidden += [terminal.digests[1].hex()[8:]]
    whole = answer.content.decode()
    assert [word for word in hidden if word in whole] == []
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_an_overload_is_told_in_words_and_per_cent(visitor, terminal):
    text = text_of(ask(visitor, number(terminal, 2)))
    assert "超限 11,000 kg（超限率 22.45 %）" in text
    assert "已重新称重" in text, "a later record takes its place"
    assert "已重新称重" not in text_of(ask(visitor, number(terminal, 3)))


def test_a_ticket_of_an_arrival_is_not_judged(visitor, terminal):
    assert "进场称重，不作判定" in text_of(ask(visitor, number(terminal, 6)))


@pytest.mark.parametrize("seq", [4, 5])
def test_a_voided_weighing_says_that_and_nothing_else(visitor, terminal, cast, seq):
    text = text_of(ask(visitor, number(terminal, seq)))
    assert "该称重记录已作废" in text
    for hidden in (cast.unit.name, "kg", "晋L", "误操作", "07:05"):
        assert hidden not in text


def test_a_wrong_number_tells_nothing_whatever_is_wrong_with_it(visitor, terminal):
    genuine = number(terminal, 1)
    wrong = [
        genuine[:-1] + ("0" if genuine[-1] != "0" else "1"),
        f"{terminal.code}-1-00000000",
        f"{terminal.code}-99-{genuine[-8:]}",
        f"{terminal.code}-2-{genuine[-8:]}",
        f"14102451999-01-1-{genuine[-8:]}",
        f"{terminal.code}-1-{terminal.digests[1].hex()[8:16]}",
    ]
    seen = set()
    for asked in wrong:
        answer = ask(visitor, asked)
        assert answer.status_code == 404
        seen.add(text_of(answer).replace(asked, "NUMBER"))
    assert len(seen) == 1, "they cannot be told apart"
    assert "没有与该编号相符的记录" in seen.pop()


@pytest.mark.parametrize(
    "asked", ["x", "T-1-", "14102451001-01", "'; DROP", "<script>", "T" * 3000]
)
def test_what_is_no_number_is_answered_like_one_that_fits_nothing(visitor, db, asked):
    answer = ask(visitor, asked)
    assert answer.status_code == 404
    assert "没有与该编号相符的记录" in text_of(answer)
    assert b"<script>" not in answer.content


def test_a_record_that_is_not_uploaded_yet_is_unknown(visitor, terminal):
    terminal.weigh(1, weighed_at=today_ms(8 * 3600))
    assert ask(visitor, number(terminal, 7)).status_code == 404


@pytest.mark.parametrize(
    ("column", "value"), [("gross_kg", 41_000), ("plate", "晋L00000"), ("flags", 1), ("kind", 9)]
)
def test_a_record_that_was_altered_is_not_confirmed(visitor, terminal, column, value):
    alter(column, value, seq=1)
    text = text_of(ask(visitor, number(terminal, 1)))
    assert "无法确认：存储的记录与原始记录不一致" in text
    assert "kg" not in text
    assert "真实有效" not in text


def test_a_record_altered_together_with_its_digest_no_longer_fits_the_paper(visitor, terminal):
    from hengyuan.platform.weighing.models import Weighing
    from hengyuan.record.chain import link
    from hengyuan.record.suites import SM2_SM3

    alter("gross_kg", 41_000, seq=1)
    row = Weighing.objects.select_related("terminal").get(seq=1)
    alter("digest", link(SM2_SM3, terminal.digests[0], row.line()), seq=1)
    assert ask(visitor, number(terminal, 1)).status_code == 404


def test_a_record_before_it_that_is_gone_leaves_it_unconfirmed(visitor, terminal):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM weighing WHERE seq = 1")
    assert "无法确认" in text_of(ask(visitor, number(terminal, 2)))


def test_tickets_of_two_terminals_are_told_apart(visitor, terminal, cast):
    other = enrolled_terminal(cast.other_unit, cast.county_clerk)
    other.weigh(1, weighed_at=today_ms(9 * 3600))
    upload_all(other)
    assert cast.other_unit.name in text_of(ask(visitor, number(other, 1)))
    mixed = f"{other.code}-1-{number(terminal, 1)[-8:]}"
    assert ask(visitor, mixed).status_code == 404


def test_the_address_of_the_qr_code_is_the_page(visitor, terminal):
    ticket = ticket_of(terminal.code, 1, terminal.digests[1])
    assert reverse("portal:ticket", args=[str(ticket)]) == ticket_path(ticket)
    assert visitor.get(ticket_path(ticket)).status_code == 200


def test_a_typed_number_leads_to_its_page(visitor, terminal):
    genuine = number(terminal, 1)
    for typed in (
        genuine,
        genuine.upper(),
        f"https://platform.example/v/{genuine}/",
        f" {genuine} ",
    ):
        answer = visitor.get(reverse("portal:verify"), {"number": typed})
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/v/{genuine}/")
    refused = visitor.get(reverse("portal:verify"), {"number": "12345"})
    assert refused.status_code == 422
    assert "这不是磅单编号" in refused.content.decode()
    assert (
        visitor.get(reverse("portal:verify"), {"number": "//evil.example/v/x"}).status_code == 422
    )


def test_a_question_that_takes_the_database_too_long_is_ended(visitor, terminal, monkeypatch):
    from hengyuan.platform.weighing import tickets

    def slow(row):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(60)")

    monkeypatch.setattr(tickets, "_QUERY_TIMEOUT_MS", 50)
    monkeypatch.setattr(tickets, "_standing", slow)
    answer = ask(visitor, number(terminal, 1))
    assert answer.status_code == 503
    assert "平台繁忙" in text_of(answer)


@pytest.mark.parametrize(
    ("plate", "shown"),
    [
        ("晋L12345", "晋L·1**45"),
        ("晋L1234挂", "晋L·1**4挂"),
        ("晋L12345D", "晋L·1***5D"),
        ("晋L12", "晋L·**"),
        ("晋L", "晋L·"),
        ("x", "x·"),
        ("", ""),
        (None, ""),
    ],
)
def test_of_a_plate_the_middle_is_hidden(plate, shown):
    assert masked(plate) == shown


def test_the_page_of_a_record_leads_to_its_ticket_unless_it_is_a_void(client, terminal, cast):
    client.force_login(cast.county_clerk)
    for seq in (1, 5):
        page = client.get(reverse("weighing:record", args=[terminal.code, seq])).content.decode()
        assert (f'href="/v/{number(terminal, seq)}/"' in page) == (seq == 1)
