"""统一社会信用代码: what is refused, what is only warned of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.law.credit_code import (
    ALPHABET,
    CreditCodeProblem,
    CreditCodeStatus,
    check_character,
    check_credit_code,
)

GENUINE = "91110000101623741K"


@pytest.mark.parametrize("text", [GENUINE, GENUINE.lower(), " 9111 0000 1016 2374 1K\n"])
def test_a_sound_code(text):
    result = check_credit_code(text)
    assert result.code == GENUINE
    assert result.status is CreditCodeStatus.OK
    assert (result.ok, result.warning, result.error) == (True, False, False)
    assert result.problem is None


def test_a_wrong_checksum_is_a_warning_only():
    """This one is reported as genuine: it dates from an early trial region."""
    result = check_credit_code("91350211M0000XUF46")
    assert (result.ok, result.warning, result.error) == (False, True, False)
    assert result.problem is CreditCodeProblem.CHECKSUM
    assert "'R'" in result.message


@pytest.mark.parametrize(
    ("text", "problem", "says"),
    [
        ("", CreditCodeProblem.LENGTH, "this has 0"),
        (GENUINE[:-1], CreditCodeProblem.LENGTH, "this has 17"),
        (GENUINE + "0", CreditCodeProblem.LENGTH, "this has 19"),
        ("9" * 5_000, CreditCodeProblem.LENGTH, "this has 5000"),
        ("9111000010162374IK", CreditCodeProblem.CHARACTERS, "character 17 is 'I'"),
        ("O1110000101623741K", CreditCodeProblem.CHARACTERS, "character 1 is 'O'"),
        ("911100001016237４1K", CreditCodeProblem.CHARACTERS, "character 16"),
        ("9111000A101623741K", CreditCodeProblem.REGION, "11000A"),
    ],
)
def test_what_is_no_code(text, problem, says):
    result = check_credit_code(text)
    assert result.error
    assert result.problem is problem
    assert says in result.message
    assert len(result.code) <= 40


def test_the_check_character_can_be_nought():
    """Σ mod 31 = 0 makes 31 − 0: the second `mod 31`, often forgotten, turns it into "0"."""
    assert check_character("0" * 17) == "0"


bodies = st.builds(
    lambda head, region, tail: head + region + tail,
    st.text(ALPHABET, min_size=2, max_size=2),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(ALPHABET, min_size=9, max_size=9),
)


@given(bodies)
def test_the_computed_character_always_passes_and_no_other_does(body):
    right = check_character(body)
    assert check_credit_code(body + right).ok
    wrong = [sign for sign in ALPHABET if sign != right]
    assert all(check_credit_code(body + sign).warning for sign in wrong)


@given(bodies, st.integers(0, 16), st.sampled_from(ALPHABET))
def test_one_mistyped_character_never_passes(body, position, sign):
    mistyped = body[:position] + sign + body[position + 1 :]
    if mistyped != body:
        assert not check_credit_code(mistyped + check_character(body)).ok


def test_the_check_character_needs_seventeen_known_characters():
    with pytest.raises(ValueError, match="17 characters"):
        check_character("123")
    with pytest.raises(ValueError, match="'I'"):
        check_character("I" * 17)
