"""Receipt numbers: unguessable, readable, and a slip is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.platform.portal.receipts import (
    ALPHABET,
    CHARS,
    BadReceipt,
    new_receipt,
    normal_receipt,
    shown,
)


def test_a_number_is_taken_as_it_is_shown():
    for _ in range(200):
        receipt = new_receipt()
        assert len(receipt) == CHARS
        assert set(receipt) <= set(ALPHABET)
        assert normal_receipt(shown(receipt)) == receipt


def test_numbers_do_not_repeat_or_follow_each_other():
    drawn = {new_receipt() for _ in range(5_000)}
    assert len(drawn) == 5_000
    for place in range(CHARS):
        # each of 31 characters at each place: nothing is fixed, nothing counts up
        assert {receipt[place] for receipt in drawn} == set(ALPHABET)


@given(
    place=st.integers(0, CHARS - 1),
    other=st.sampled_from(ALPHABET),
)
def test_one_wrong_character_is_noticed(place, other):
    receipt = new_receipt()
    if receipt[place] == other:
        return
    with pytest.raises(BadReceipt):
        normal_receipt(receipt[:place] + other + receipt[place + 1 :])


@given(place=st.integers(0, CHARS - 3))
def test_two_swapped_characters_are_noticed(place):
    receipt = new_receipt()
    swapped = receipt[:place] + receipt[place + 1] + receipt[place] + receipt[place + 2 :]
    if swapped == receipt:
        return
    with pytest.raises(BadReceipt):
        normal_receipt(swapped)


@pytest.mark.parametrize("form", [str.lower, lambda t: f"  {t} ", lambda t: t.replace("-", " ")])
def test_what_people_make_of_it_is_understood(form):
    receipt = new_receipt()
    assert normal_receipt(form(shown(receipt))) == receipt


def test_full_width_characters_are_understood():
    receipt = new_receipt()
    wide = "".join(chr(ord(each) + 0xFEE0) for each in receipt)
    assert normal_receipt(wide) == receipt


@pytest.mark.parametrize("typed", ["", "---", "O0I1-LLLL-0000", "编号", "<script>"])
def test_what_nobody_was_given_is_refused(typed):
    with pytest.raises(BadReceipt):
        normal_receipt(typed)


def test_the_number_of_an_objection_has_no_check_character():
    assert normal_receipt("23456-789AB") == "23456789AB"
