"""The detail of a line in the journal, as the protocol wants it: a compact JSON object."""

from __future__ import annotations

import msgspec

LONGEST_TEXT = 300
"""Characters of one member: a whole detail has at most 1,000."""


def detail_of(**members: object) -> str:
    """Members in the order in which they are given; texts that are too long are cut."""
    cut = {
        name: value[:LONGEST_TEXT] if isinstance(value, str) else value
        for name, value in members.items()
    }
    return msgspec.json.encode(cut).decode()
