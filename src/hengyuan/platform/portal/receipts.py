"""Receipt numbers of reports: random, told by telephone without doubt, checked before asked for.

Eleven random characters (54 bits) and one that is worked out from them, `7K2M-9WQF-3XHB`. The
alphabet has 31 characters, a prime, so the check character catches every single wrong one and
every two that were swapped.
"""

from __future__ import annotations

import secrets
import unicodedata

from django.utils.translation import gettext as _

# without 0, O, 1, I and L, which are taken for each other
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CHARS = 12
_GROUP = 4


class BadReceipt(ValueError):
    """The text cannot be a receipt number; it says why."""


def new_receipt() -> str:
    """A receipt number that nobody can guess, without its hyphens."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(CHARS - 1))
    return drawn + _check_character(drawn)


def normal_receipt(text: str) -> str:
    """What was typed, without hyphens and in capitals; of ours or of an objection.

    Raises BadReceipt for what nobody was ever given, so that a slip is told at once.
    """
    plain = unicodedata.normalize("NFKC", text[:100]).upper()
    plain = "".join(each for each in plain if each.isalnum())
    if not plain:
        raise BadReceipt(_("Enter the receipt number that you were given."))
    strange = "".join(sorted(set(plain) - set(ALPHABET)))
    if strange:
        raise BadReceipt(
            _("A receipt number has no %s: it is made without 0, O, 1, I and L.") % strange[:10]
        )
    if len(plain) == CHARS and _check_character(plain[:-1]) != plain[-1]:
        raise BadReceipt(_("There is a slip in this number: compare it character by character."))
    return plain


def shown(receipt: str) -> str:
    """In groups of four, as it is printed and told."""
    return "-".join(receipt[at : at + _GROUP] for at in range(0, len(receipt), _GROUP))


def _check_character(drawn: str) -> str:
    total = sum(weight * ALPHABET.index(each) for weight, each in enumerate(drawn, start=1))
    return ALPHABET[total % len(ALPHABET)]
