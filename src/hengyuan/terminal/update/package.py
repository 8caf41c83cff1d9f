"""A file of software, and the county's signature over it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hengyuan.record.directives import BadDirective, Sealed
from hengyuan.record.suites import SM2_SM3
from hengyuan.terminal.directed.trust import Trust
from hengyuan.terminal.words import installer_text as _

MAX_BYTES = 200_000_000
_WHEEL = re.compile(r"hengyuan-(?P<version>[0-9][0-9A-Za-z.+]{0,30})-[A-Za-z0-9_.]+-none-any\.whl")


class BadPackage(ValueError):
    """A file that must not be installed; the text says why."""


@dataclass(frozen=True, slots=True)
class Package:
    """A file whose signature holds."""

    file: Path
    version: str
    order: int
    """Number of the county's order: an older one is not installed again."""


def describe(file: Path) -> dict[str, object]:
    """What a county signs of a file: name, size, SM3. BadPackage for what is no wheel of ours."""
    version_of(file)
    data = file.read_bytes()
    return {"file": file.name, "size": len(data), "sm3": SM2_SM3.digest(data).hex()}


def version_of(file: Path) -> str:
    """The version in a wheel's name."""
    found = _WHEEL.fullmatch(file.name)
    if found is None:
        raise BadPackage(_("{name} is no hengyuan-VERSION-….whl").format(name=file.name))
    return found["version"]


def verified(file: Path, signed: Path, trust: Trust) -> Package:
    """The package, if the platform's key signed this very file for this terminal. BadPackage."""
    version = version_of(file)
    try:
        if file.stat().st_size > MAX_BYTES:
            raise BadPackage(_("{name} is too large").format(name=file.name))
        found = describe(file)
        order = trust.open(msgspec.json.decode(signed.read_bytes(), type=Sealed), "software")
    except (OSError, msgspec.MsgspecError) as error:
        raise BadPackage(str(error)) from None
    except BadDirective as error:
        raise BadPackage(_("not to be trusted: {why}").format(why=error)) from None
    if order.body != found:
        raise BadPackage(_("another file was signed: name, size or digest differ"))
    return Package(file, version, order.version)
