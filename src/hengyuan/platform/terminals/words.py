"""What is asked of terminals, and how it stands, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from hengyuan.platform.terminals.models import Command

COMMANDS: dict[str, str | Promise] = {
    "live_video": _("Live video"),
    "take_clip": _("Clip of the past"),
    "configure": _("Configuration"),
    "rule_pack": _("Limit table"),
    "update": _("Software update"),
}
"""By a command's name; another one is shown as it is."""

_TONES = {"done": "good", "failed": "warn"}


def command_words(command: Command) -> str | Promise:
    """What was asked."""
    return COMMANDS.get(command.name, command.name)


def standing(command: Command) -> tuple[str, str | Promise]:
    """Tone and words of how a command stands."""
    if command.has_expired:
        return "warn", _("Expired without an answer")
    return _TONES.get(command.state, "wait"), command.get_state_display()
