"""From a scale's digits to integer kg, in exact integer arithmetic."""

from __future__ import annotations

import re
from typing import Literal

MassUnit = Literal["kg", "t", "g"]

_GRAMS = {"kg": 1000, "t": 1_000_000, "g": 1}


def to_kg(digits: int, power: int, unit: MassUnit) -> int:
    """`digits` × 10^`power` of `unit`, as whole kg.

    Where the result is no whole number of kg it is rounded half to even, which favours neither
    party over many weighings: 20.5 kg is 20 kg, 21.5 kg is 22 kg. `Reading.raw` keeps what came.
    """
    grams = digits * _GRAMS[unit]
    divisor = 1000
    if power >= 0:
        grams *= 10**power
    else:
        divisor *= 10**-power
    whole, rest = divmod(abs(grams), divisor)
    if rest * 2 > divisor or (rest * 2 == divisor and whole % 2):
        whole += 1
    return -whole if grams < 0 else whole


def from_kg(mass_kg: int, power: int, unit: MassUnit) -> int:
    """The digits that show `mass_kg` in steps of 10^`power` of `unit`, to the nearest step."""
    grams = abs(mass_kg) * 1000
    step = _GRAMS[unit]
    if power >= 0:
        step *= 10**power
    else:
        grams *= 10**-power
    digits = (grams + step // 2) // step
    return -digits if mass_kg < 0 else digits


_NUMBER = re.compile(rb" *([+-]?) *([0-9]+)(?:\.([0-9]*))? *")


def read_number(text: bytes) -> tuple[int, int] | None:
    """A number as indicators write it (`  -0012.50`): its digits and the power of ten they stand
    for, here -1250 and -2. None where it is no number."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    sign, whole, decimals = found[1], found[2], found[3] or b""
    digits = int(whole + decimals)
    return (-digits if sign == b"-" else digits), -len(decimals)
