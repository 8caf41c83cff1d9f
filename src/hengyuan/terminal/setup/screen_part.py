"""The web server of the gate: where cameras push to and people look."""

from __future__ import annotations

from hengyuan.terminal.setup.context import Setup
from hengyuan.terminal.setup.dialogue import ask_number
from hengyuan.terminal.words import installer_text as _


def screen_part(setup: Setup) -> None:
    """Its port, and whether the gate's network may reach it."""
    dialogue = setup.dialogue
    dialogue.heading(_("Web server of the gate"))
    table = setup.raw.setdefault("screen", {})
    host = table.get("host", "0.0.0.0")  # noqa: S104 - cameras push to it from the gate's network
    everyone = dialogue.confirm(
        "screen.network",
        _("May cameras and displays of the gate's network reach it?"),
        default=host != "127.0.0.1",
    )
    table["host"] = ("0.0.0.0" if host == "127.0.0.1" else host) if everyone else "127.0.0.1"  # noqa: S104
    table["port"] = ask_number(
        dialogue, "screen.port", _("Its port"), int(table.get("port", 8300)), 1, 65535
    )
