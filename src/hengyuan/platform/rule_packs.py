"""Rule packs that this platform has issued, beside those that come with the software.

A record names the pack that it was judged with; the platform judges it again with the same one. A
name that was never issued here counts for nothing: then the built-in pack of the day judges.
"""

from __future__ import annotations

from typing import Any

from hengyuan.law.pack_documents import BadPack, read_pack
from hengyuan.law.rule_packs import PACKS, RulePack

_issued: dict[str, RulePack] = {}


def issued(version: str | None) -> str | None:
    """The name of an issued pack, or None for any other."""
    return version if version in _issued else None


def pack_named(version: str) -> RulePack:
    """An issued pack. KeyError."""
    return _issued[version]


def learn(document: Any) -> RulePack:
    """A pack that was issued: known from now on. BadPack, also for another table of that name."""
    pack = read_pack(document)
    for known in (*PACKS, *_issued.values()):
        if known.version == pack.version and known != pack:
            raise BadPack(f"version: {pack.version} is another table already; give it a new name")
    if all(pack.version != known.version for known in PACKS):
        _issued[pack.version] = pack
    return pack


def forget_all() -> None:
    """For tests: nothing was issued."""
    _issued.clear()
