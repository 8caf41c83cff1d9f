"""Whose orders count: the platform's key, learned at enrolment or entered by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from hengyuan.record.directives import BadDirective, Directive, Kind, Sealed, open_sealed
from hengyuan.record.suites import BadKey, suite_named
from hengyuan.terminal.enrolment import Identity
from hengyuan.terminal.setup.draft import write_private

FILE_NAME = "platform-key.json"


class _Entered(msgspec.Struct, frozen=True):
    platform_key: str
    platform_suite: str


@dataclass(frozen=True, slots=True)
class Trust:
    """The platform's key as this terminal knows it."""

    terminal: str
    suite: str
    key: bytes

    def open(self, sealed: Sealed, kind: Kind) -> Directive:
        """What was ordered. Raises BadDirective."""
        if not self.key:
            raise BadDirective(
                "this terminal was enrolled before the platform had a key: "
                "enter it with `hengyuan terminal trust`"
            )
        return open_sealed(sealed, self.suite, self.key, self.terminal, kind)


def load_trust(data_dir: Path, identity: Identity) -> Trust:
    """What was entered by hand counts before what came with the enrolment."""
    known = identity.enrolment
    suite, key = known.platform_suite, known.platform_key
    try:
        entered = msgspec.json.decode((data_dir / FILE_NAME).read_bytes(), type=_Entered)
        suite, key = entered.platform_suite, entered.platform_key
    except (OSError, msgspec.MsgspecError):
        pass
    return Trust(identity.terminal, suite, bytes.fromhex(key))


def enter_key(data_dir: Path, suite_name: str, key_hex: str) -> None:
    """Trust this key from now on. ValueError for what is no key of that suite."""
    try:
        key = bytes.fromhex(key_hex.strip())
        suite_named(suite_name).load_public(key)
    except (BadKey, KeyError, ValueError) as error:
        raise ValueError(str(error)) from None
    entered = _Entered(key.hex(), suite_name)
    write_private(data_dir / FILE_NAME, msgspec.json.encode(entered))
