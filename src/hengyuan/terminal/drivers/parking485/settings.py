"""Settings of a parking display and voice board."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from hengyuan.terminal.devices import MessageLevel
from hengyuan.terminal.drivers.settings import AnsweringSettings


class Settings(AnsweringSettings, tag="parking485", frozen=True, kw_only=True):
    """The message's lines become the board's windows, one below the other."""

    address: Annotated[int, Meta(ge=0, le=255)] = 0
    """Address of the board on its line."""
    rows: Annotated[int, Meta(ge=1, le=4)] = 4
    columns: Annotated[int, Meta(ge=4, le=64)] = 8
    """Half-width characters that fit into a row; a longer line moves."""
    phrases: dict[MessageLevel, Annotated[str, Meta(max_length=60)]] = {}
    """What the board says aloud with a message of a level. It knows only the phrases of its own
    list: anything else stays silent."""
