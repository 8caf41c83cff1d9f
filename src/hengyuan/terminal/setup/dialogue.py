"""Questions to an installer, answered at a screen or from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hengyuan.terminal.words import installer_text as _


class SetupStopped(RuntimeError):
    """The setup cannot go on; the text says why and what to do. What was answered is kept."""


@dataclass(frozen=True, slots=True)
class Option:
    """One of several answers. `value` is what a file writes, `text` what a person reads."""

    value: str
    text: str


class Dialogue(Protocol):
    """Puts questions. `key` names a question in a file of answers, like `lanes.1.scale.port`."""

    def heading(self, text: str) -> None:
        """A new part begins."""

    def say(self, text: str) -> None:
        """Tell something."""

    def warn(self, text: str) -> None:
        """Tell something that is not as it should be."""

    def ask(self, key: str, text: str, default: str | None = None) -> str:
        """A text; without a default it has to be given."""

    def secret(self, key: str, text: str) -> str:
        """A text that is not shown while it is typed; may be empty."""

    def confirm(self, key: str, text: str, default: bool) -> bool:
        """Yes or no."""

    def choose(self, key: str, text: str, options: Sequence[Option], default: str) -> str:
        """One of several."""

    def typed(self, key: str, text: str) -> str:
        """What a person types there and then, empty for Enter: never from a file."""


def ask_number(
    dialogue: Dialogue, key: str, text: str, default: int | None, least: int, most: int
) -> int:
    """A whole number within bounds, asked until it is one; an answers file has one try."""
    for _attempt in range(5):
        given = dialogue.ask(key, text, None if default is None else str(default))
        try:
            number = int(given)
        except ValueError:
            dialogue.warn(_("{given}: a whole number is wanted").format(given=given))
            continue
        if least <= number <= most:
            return number
        dialogue.warn(
            _("{given}: from {least} to {most}").format(given=given, least=least, most=most)
        )
    raise SetupStopped(_("{key}: no usable answer").format(key=key))


class FromAnswers:
    """Answers from a table (TOML): nested tables, or keys with points. What is not there is
    answered with the default; a question without one stops the setup and is named."""

    def __init__(self, answers: Mapping[str, Any], out: Dialogue) -> None:
        self._answers = answers
        self._out = out
        self.used: set[str] = set()

    def heading(self, text: str) -> None:
        self._out.heading(text)

    def say(self, text: str) -> None:
        self._out.say(text)

    def warn(self, text: str) -> None:
        self._out.warn(text)

    def ask(self, key: str, text: str, default: str | None = None) -> str:
        found = self._find(key)
        if found is None:
            if default is None:
                raise SetupStopped(
                    _("the answers have no {key} ({text})").format(key=key, text=text)
                )
            found = default
        self._out.say(f"{text}: {found}")
        return str(found)

    def secret(self, key: str, text: str) -> str:
        found = self._find(key)
        self._out.say(f"{text}: {'…' if found else ''}")
        return "" if found is None else str(found)

    def confirm(self, key: str, text: str, default: bool) -> bool:
        found = self._find(key)
        answer = default if found is None else found
        if not isinstance(answer, bool):
            raise SetupStopped(_("{key}: true or false is wanted").format(key=key))
        self._out.say(f"{text}: {_('yes') if answer else _('no')}")
        return answer

    def choose(self, key: str, text: str, options: Sequence[Option], default: str) -> str:
        found = str(self._find(key) or default)
        values = [option.value for option in options]
        if found not in values:
            raise SetupStopped(
                _("{key}: {found} is none of {values}").format(
                    key=key, found=found, values=", ".join(values)
                )
            )
        self._out.say(f"{text}: {found}")
        return found

    def typed(self, key: str, text: str) -> str:
        self._out.say(f"{text}:")
        self._out.warn(_("answers come from a file: nobody has typed it, so nothing moves"))
        return ""

    def _find(self, key: str) -> Any:
        self.used.add(key)
        if key in self._answers:
            return self._answers[key]
        table: Any = self._answers
        for step in key.split("."):
            if not isinstance(table, Mapping) or step not in table:
                return None
            table = table[step]
        return None if isinstance(table, Mapping) else table

    def unused(self) -> list[str]:
        """Answers that nobody has asked for: mostly misspelt."""
        return sorted(_leaves(self._answers, "") - self.used)


def _leaves(table: Mapping[str, Any], prefix: str) -> set[str]:
    found: set[str] = set()
    for name, value in table.items():
        key = f"{prefix}{name}"
        found |= _leaves(value, f"{key}.") if isinstance(value, Mapping) else {key}
    return found
