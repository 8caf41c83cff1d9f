"""Ticket numbers: made from a digest, read as people type them, and no others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.record.model import MAX_SEQ
from hengyuan.record.ticket import (
    MAX_NUMBER_CHARS,
    BadTicket,
    Ticket,
    parse_ticket,
    ticket_of,
    ticket_path,
)

DIGEST = bytes.fromhex("9f3a1c2e" + "00" * 28)
NUMBER = "14102451001-01-1234-9f3a1c2e"


def test_a_number_is_terminal_seq_and_the_beginning_of_the_digest():
    ticket = ticket_of("14102451001-01", 1234, DIGEST)
    assert str(ticket) == NUMBER
    assert parse_ticket(NUMBER) == ticket
    assert ticket_path(ticket) == f"/v/{NUMBER}/"


def test_only_a_whole_digest_makes_a_ticket():
    with pytest.raises(ValueError, match="32 bytes"):
        ticket_of("T-1", 1, DIGEST[:31])


@given(
    terminal=st.from_regex(r"[0-9A-Za-z-]{1,32}", fullmatch=True),
    seq=st.integers(1, MAX_SEQ),
    digest=st.binary(min_size=32, max_size=32),
)
def test_every_number_that_is_made_is_read_back(terminal, seq, digest):
    ticket = ticket_of(terminal, seq, digest)
    assert len(str(ticket)) <= MAX_NUMBER_CHARS
    assert parse_ticket(str(ticket)) == ticket
    assert ticket.fits(digest)


@given(digest=st.binary(min_size=32, max_size=32), other=st.binary(min_size=32, max_size=32))
def test_a_ticket_fits_the_digest_that_begins_like_its_check_and_no_other(digest, other):
    assert ticket_of("T", 1, digest).fits(other) == (digest[:4] == other[:4])


@pytest.mark.parametrize(
    "typed",
    [
        f"  {NUMBER}\n",
        "14102451001 - 01 - 1234 - 9f3a1c2e",
        NUMBER.upper(),
        "１４１０２４５１００１－０１－１２３４－９ｆ３ａ１ｃ２ｅ",
        NUMBER.replace("-", "\u2013"),
        f"https://platform.example/v/{NUMBER}/",
        f"https://platform.example/v/{NUMBER}",
    ],
)
def test_what_people_make_of_a_number_is_understood(typed):
    assert parse_ticket(typed) == Ticket("14102451001-01", 1234, "9f3a1c2e")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "-",
        "14102451001-01-1234",
        "14102451001-01-1234-9f3a1c2",
        "14102451001-01-1234-9f3a1c2e0",
        "14102451001-01-1234-9f3a1c2g",
        "14102451001-01-0-9f3a1c2e",
        "14102451001-01-01234-9f3a1c2e",
        "-1234-9f3a1c2e",
        f"T-{MAX_SEQ + 1}-9f3a1c2e",
        f"{'T' * 33}-1-9f3a1c2e",
        "某终端-1-9f3a1c2e",
        "T-1-9f3a1c2e?x=1",
        "x" * 100_000,
    ],
)
def test_anything_else_is_no_number(typed):
    with pytest.raises(BadTicket):
        parse_ticket(typed)
