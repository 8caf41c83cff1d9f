"""Plates that no truck can bear: valid in form, and never issued.

A serial of five signs may hold two letters at most (GA 36-2018, table of serial rules). Every
plate of the world begins its serial with HY and a third letter, so none of them was or will be
given out, and anybody can tell it: 晋L HY… is the simulated city.
"""

SERIAL_PREFIX = "HY"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
SIGNS = LETTERS + "0123456789"
OFFICES = ("晋L", "晋L", "晋L", "晋L", "晋K", "晋M", "晋D", "晋J", "晋E", "晋B")
"""Linfen and other offices of Shanxi; Linfen's more often."""

PLATES = len(LETTERS) * len(SIGNS) ** 2
"""How many truck plates there are for each office."""
TRAILER_PLATES = len(LETTERS) * len(SIGNS)

# Steps prime to the number of plates: neighbours look unlike, and none comes twice in a round.
_PLATE_STEP = 10_007
_TRAILER_STEP = 331


def invented_plate(number: int) -> str:
    """The plate of truck `number`; different for different numbers below `PLATES`."""
    third, rest = divmod(number * _PLATE_STEP % PLATES, len(SIGNS) ** 2)
    fourth, fifth = divmod(rest, len(SIGNS))
    serial = f"{SERIAL_PREFIX}{LETTERS[third]}{SIGNS[fourth]}{SIGNS[fifth]}"
    return _office(number) + serial


def invented_trailer_plate(number: int) -> str:
    """The plate of trailer `number`; there are few of them, so trailers change tractors."""
    third, fourth = divmod(number * _TRAILER_STEP % TRAILER_PLATES, len(SIGNS))
    return f"{_office(number)}{SERIAL_PREFIX}{LETTERS[third]}{SIGNS[fourth]}挂"


def is_invented(plate: str) -> bool:
    """Whether the plate is one of the world's."""
    return plate[2:4] == SERIAL_PREFIX and plate[4:5] in set(LETTERS)


def _office(number: int) -> str:
    return OFFICES[number % len(OFFICES)]
