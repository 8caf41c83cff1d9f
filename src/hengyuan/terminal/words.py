"""The terminal's texts in the language of the gate. Chinese is compiled by `make build`."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

import structlog

DOMAIN = "terminal"
LOCALE = Path(__file__).parent / "locale"
INSTALLERS_LANGUAGE = "zh_Hans"

log = structlog.get_logger(__name__)


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of a language. English is what the sources are written in."""
    if language == "en":
        return gettext.NullTranslations()
    try:
        return gettext.translation(DOMAIN, LOCALE, [language])
    except FileNotFoundError:
        log.error("words.missing", language=language, remedy="run `make build`; English until then")
        return gettext.NullTranslations()


def installer_text(text: str) -> str:
    """A text for whoever sets the terminal up, before its own language is known."""
    return translations(INSTALLERS_LANGUAGE).gettext(text)
