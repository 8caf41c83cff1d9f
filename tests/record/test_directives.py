"""An order is followed only if it was signed for this terminal, by this key, as this kind."""

import msgspec
import pytest

from hengyuan.record.directives import (
    ANY_TERMINAL,
    CONTEXT,
    MAX_DOCUMENT,
    BadDirective,
    Directive,
    open_sealed,
    seal,
)
from hengyuan.record.suites import SUITES

TERMINAL = "14102451001-01"


@pytest.fixture(params=sorted(SUITES))
def suite(request):
    return SUITES[request.param]


def order(**more):
    values = {
        "body": {"part": {"judge": {"tolerance_kg": 0}}, "暂行": 1.5},
        "issued_at": 1_785_538_800_000,
        "kind": "configuration",
        "reason": "试验",
        "terminal": TERMINAL,
        "version": 3,
    }
    return Directive(**(values | more))


def opened(sealed, suite, key, terminal=TERMINAL, kind="configuration"):
    return open_sealed(sealed, suite.name, key.public_bytes(), terminal, kind)


def test_what_was_sealed_is_what_is_opened(suite):
    key = suite.generate()
    assert opened(seal(order(), suite, key), suite, key) == order()


def test_one_for_any_terminal_is_for_this_one(suite):
    key = suite.generate()
    assert opened(seal(order(terminal=ANY_TERMINAL), suite, key), suite, key).version == 3


def test_no_character_of_the_text_can_be_changed(suite):
    key = suite.generate()
    sealed = seal(order(), suite, key)
    changed = sealed.document.replace('"tolerance_kg":0', '"tolerance_kg":9')
    assert changed != sealed.document
    with pytest.raises(BadDirective, match="did not sign"):
        opened(msgspec.structs.replace(sealed, document=changed), suite, key)


def test_another_key_is_nobody(suite):
    with pytest.raises(BadDirective, match="did not sign"):
        opened(seal(order(), suite, suite.generate()), suite, suite.generate())


def test_another_suite_is_refused(suite):
    key = suite.generate()
    other = next(each for each in SUITES.values() if each is not suite)
    with pytest.raises(BadDirective, match=other.name):
        open_sealed(seal(order(), suite, key), other.name, key.public_bytes(), TERMINAL,
                    "configuration")  # fmt: skip


def test_another_terminals_order_and_another_kind_are_refused(suite):
    key = suite.generate()
    sealed = seal(order(), suite, key)
    with pytest.raises(BadDirective, match="meant for"):
        opened(sealed, suite, key, terminal="14102451001-02")
    with pytest.raises(BadDirective, match="not a rule_pack"):
        opened(sealed, suite, key, kind="rule_pack")


def test_a_signature_over_something_else_does_not_fit(suite):
    key = suite.generate()
    sealed = seal(order(), suite, key)
    bare = key.sign(sealed.document.encode()).hex()
    assert CONTEXT
    with pytest.raises(BadDirective):
        opened(msgspec.structs.replace(sealed, signature=bare), suite, key)


def test_a_key_that_is_none_opens_nothing(suite):
    key = suite.generate()
    with pytest.raises(BadDirective, match="no usable key"):
        open_sealed(seal(order(), suite, key), suite.name, b"", TERMINAL, "configuration")


def test_a_text_that_is_too_long_is_not_sealed(suite):
    with pytest.raises(ValueError, match=str(MAX_DOCUMENT)):
        seal(order(body={"whole": "#" * MAX_DOCUMENT}), suite, suite.generate())
