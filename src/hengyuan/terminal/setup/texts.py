"""What a display shows while a terminal is being set up."""

from __future__ import annotations

from hengyuan.terminal.devices import Message
from hengyuan.terminal.words import installer_text as _


def display_test() -> Message:
    """Can this be read?"""
    return Message((_("Display test"), "12345 67890"), "wait")


def come_on() -> Message:
    """The known weight is wanted on the scale."""
    return Message((_("Test weighing"), _("Known weight, drive onto the scale")), "wait")


def thanks() -> Message:
    """It was weighed."""
    return Message((_("Test weighing done"), _("Drive off")), "wait")
