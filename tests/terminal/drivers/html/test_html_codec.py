"""The display page's JSON."""

from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import Message, Refused
from hengyuan.terminal.drivers.html.codec import Shown, decode, encode


@given(st.lists(st.text()), st.integers(0, 2**40))
def test_a_message_arrives_as_it_was(lines: list[str], version: int) -> None:
    message = Message(tuple(lines), "over")
    (shown,) = decode(encode(message, version))
    assert isinstance(shown, Shown)
    assert (shown.message, shown.version) == (message, version)


@given(st.binary())
def test_rubbish_is_refused(data: bytes) -> None:
    (item,) = decode(data)
    assert isinstance(item, Refused)
