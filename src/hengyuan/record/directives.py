"""What a county orders of its terminals in writing: settings, rule packs, software; signed.

The text is signed as it stands, byte for byte, so nobody has to write it the same way again. It
names its terminal, so it is worth nothing at another one, and bears a number that must rise, so an
old one cannot be played again.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hengyuan.record.model import MAX_TIME_MS
from hengyuan.record.suites import BadKey, PrivateKey, Suite, suite_named

Kind = Literal["configuration", "rule_pack", "software"]
CONTEXT = b"hengyuan directive 1\n"
"""Stands before the text under the signature: no other signature of the platform fits."""
MAX_DOCUMENT = 96 * 1024
ANY_TERMINAL = "*"


class BadDirective(ValueError):
    """A directive that must not be followed; the text says why."""


class Directive(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One order. `terminal`: its code, or `*` for any. `version` rises with every one of a kind."""

    body: dict[str, Any]
    issued_at: Annotated[int, Meta(ge=0, le=MAX_TIME_MS)]
    kind: Kind
    reason: Annotated[str, Meta(max_length=200)] = ""
    terminal: Annotated[str, Meta(min_length=1, max_length=20)]
    version: Annotated[int, Meta(ge=1, le=2**53 - 1)]


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A directive as it travels: its text, and the signature over it."""

    document: Annotated[str, Meta(max_length=MAX_DOCUMENT)]
    signature: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}\Z")]
    suite: str


def seal(directive: Directive, suite: Suite, key: PrivateKey) -> Sealed:
    """Sign it. ValueError where its text would be too long."""
    text = msgspec.json.encode(directive).decode()
    if len(text) > MAX_DOCUMENT:
        raise ValueError(f"the directive has more than {MAX_DOCUMENT} characters")
    return Sealed(
        document=text, signature=key.sign(CONTEXT + text.encode()).hex(), suite=suite.name
    )


def open_sealed(
    sealed: Sealed, suite_name: str, public_key: bytes, terminal: str, kind: Kind
) -> Directive:
    """What was ordered, once signature, terminal and kind are right. Raises BadDirective."""
    if sealed.suite != suite_name:
        raise BadDirective(f"signed with {sealed.suite}, the platform's key is of {suite_name}")
    try:
        key = suite_named(suite_name).load_public(public_key)
    except (BadKey, KeyError) as error:
        raise BadDirective(f"no usable key of the platform: {error}") from None
    if not key.verify(bytes.fromhex(sealed.signature), CONTEXT + sealed.document.encode()):
        raise BadDirective("the platform's key did not sign this")
    try:
        directive = msgspec.json.decode(sealed.document, type=Directive)
    except msgspec.MsgspecError as error:
        raise BadDirective(f"cannot be read: {error}") from None
    if directive.terminal not in (terminal, ANY_TERMINAL):
        raise BadDirective(f"meant for {directive.terminal}")
    if directive.kind != kind:
        raise BadDirective(f"is a {directive.kind}, not a {kind}")
    return directive
