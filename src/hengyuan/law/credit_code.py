"""统一社会信用代码 (GB 32100-2015): the 18 characters that name an organisation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters of the standard: without I, O, S, V, Z."""

LENGTH = 18
_WEIGHTS = tuple(pow(3, position, 31) for position in range(LENGTH - 1))


class CreditCodeStatus(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


class CreditCodeProblem(StrEnum):
    """What is wrong with a code: stable ids, worded for the reader by whoever shows them."""

    LENGTH = "length"
    CHARACTERS = "characters"
    REGION = "region"
    CHECKSUM = "checksum"


@dataclass(frozen=True, slots=True)
class CreditCodeResult:
    """What the check of a code found.

    ``code`` is the text that was checked: upper case, without blanks. ``problem`` is None when
    nothing is wrong; ``message`` says in English what is wrong and what to do. A warning is to be
    shown and may be overruled: genuine codes from the early trial regions fail the checksum.
    """

    code: str
    status: CreditCodeStatus
    problem: CreditCodeProblem | None = None
    message: str = ""

    @property
    def ok(self) -> bool:
        return self.status is CreditCodeStatus.OK

    @property
    def warning(self) -> bool:
        return self.status is CreditCodeStatus.WARNING

    @property
    def error(self) -> bool:
        return self.status is CreditCodeStatus.ERROR


def check_character(first_17: str) -> str:
    """The 18th character for the first 17; raises ValueError for characters outside the set."""
    if len(first_17) != LENGTH - 1:
        raise ValueError(f"17 characters are needed, got {len(first_17)}")
    total = 0
    for character, weight in zip(first_17, _WEIGHTS, strict=True):
        value = ALPHABET.find(character)
        if value < 0:
            raise ValueError(f"{character!r} does not occur in credit codes")
        total += value * weight
    return ALPHABET[(31 - total % 31) % 31]


def check_credit_code(code: str) -> CreditCodeResult:
    """Check a credit code. Lower case and blanks are forgiven.

    Wrong length, a character outside the set, or a region part (characters 3 to 8) that is not
    six digits is an error; a checksum that does not fit is a warning.
    """
    normal = "".join(code.split()).upper()
    if len(normal) != LENGTH:
        return _error(
            normal[:40],
            CreditCodeProblem.LENGTH,
            f"a credit code has {LENGTH} characters, this has {len(normal)}",
        )
    for position, character in enumerate(normal, start=1):
        if character not in ALPHABET:
            return _error(
                normal,
                CreditCodeProblem.CHARACTERS,
                f"character {position} is {character!r}, which credit codes do not use "
                "(digits and capital letters without I, O, S, V, Z)",
            )
    if not normal[2:8].isdigit():
        return _error(
            normal,
            CreditCodeProblem.REGION,
            f"characters 3 to 8 are the region's six digits, this has {normal[2:8]!r}",
        )
    expected = check_character(normal[:-1])
    if normal[-1] != expected:
        return CreditCodeResult(
            normal,
            CreditCodeStatus.WARNING,
            CreditCodeProblem.CHECKSUM,
            f"the check character is {normal[-1]!r}, by the standard it would be {expected!r}; "
            "compare with the business licence",
        )
    return CreditCodeResult(normal, CreditCodeStatus.OK)


def _error(code: str, problem: CreditCodeProblem, message: str) -> CreditCodeResult:
    return CreditCodeResult(code, CreditCodeStatus.ERROR, problem, message)
