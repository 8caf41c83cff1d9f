"""Number plates of freight vehicles: what is one, and what it says.

Covered are the plates that a source unit's gate has to do with: ordinary, trailer and both
new-energy kinds. Police, military, embassy and learner plates are not among them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from hengyuan.law.divisions import PROVINCES
from hengyuan.law.plate_colours import (
    COLOUR_CODES,
    COLOUR_NAMES,
    PlateColour,
    colour_from_code,
    colour_from_name,
    colour_to_code,
)

__all__ = [
    "COLOUR_CODES",
    "COLOUR_NAMES",
    "PLATE_TYPES",
    "PROVINCE_CHARACTERS",
    "InvalidPlate",
    "Plate",
    "PlateColour",
    "PlateKind",
    "colour_from_code",
    "colour_from_name",
    "colour_to_code",
    "is_valid_plate",
    "parse_plate",
    "plate_type_of",
    "province_of",
    "split_colour",
]

_PROVINCE_BY_CHARACTER = {plate: (code, name) for code, (name, plate) in PROVINCES.items()}

PROVINCE_CHARACTERS = "".join(_PROVINCE_BY_CHARACTER)
"""The 31 characters that a plate can begin with."""

PLATE_TYPES: dict[str, str] = {
    "01": "大型汽车",
    "02": "小型汽车",
    "15": "挂车",
    "22": "临时行驶车",
    "51": "大型新能源汽车",
    "52": "小型新能源汽车",
}
"""Plate types (号牌种类), code → name."""


class InvalidPlate(ValueError):
    """A text that is no freight vehicle's plate; the message says what is wrong with it."""


class PlateKind(StrEnum):
    ORDINARY = "ordinary"
    TRAILER = "trailer"
    NEW_ENERGY_SMALL = "new_energy_small"
    NEW_ENERGY_LARGE = "new_energy_large"


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate as it is stored: ``text`` without separators, e.g. "晋L12345".

    ``colour`` is what stood before the text, if anything did; it is no part of the plate.
    """

    text: str
    kind: PlateKind
    colour: PlateColour | None = None

    @property
    def province(self) -> str:
        """The province character, e.g. 晋."""
        return self.text[0]

    @property
    def authority(self) -> str:
        """Province character and letter of the issuing authority, e.g. 晋L (Linfen)."""
        return self.text[:2]


_LETTERS = "A-HJ-NP-Z"
_ORDINARY = re.compile(rf".[{_LETTERS}][{_LETTERS}0-9]{{4}}[{_LETTERS}0-9挂]")
_SMALL_NEW_ENERGY = re.compile(rf".[{_LETTERS}][A-HJK][{_LETTERS}0-9][0-9]{{4}}")
_LARGE_NEW_ENERGY = re.compile(rf".[{_LETTERS}][0-9]{{5}}[A-HJK]")

_SEPARATORS = re.compile(r"[\s.,·•・‧∙⋅●。_\-–—]+")

_COLOUR_WORDS = {
    "渐变绿": PlateColour.GRADIENT_GREEN,
    "黄绿": PlateColour.YELLOW_GREEN,
    "蓝白": PlateColour.BLUE_WHITE,
    "农黄": PlateColour.AGRI_YELLOW,
    "农绿": PlateColour.AGRI_GREEN,
    "蓝": PlateColour.BLUE,
    "黄": PlateColour.YELLOW,
    "黑": PlateColour.BLACK,
    "白": PlateColour.WHITE,
    "绿": PlateColour.GREEN,
    "红": PlateColour.RED,
}


def parse_plate(text: str) -> Plate:
    """Read a plate as cameras and people write it.

    Forgiven: blanks, dots and hyphens, full-width and lower-case letters, and a colour word in
    front ("蓝晋L12345", "黄牌晋L1234挂"). Nothing is guessed: O is not read as 0, nor I as 1.

    Raises InvalidPlate.
    """
    colour, normal = split_colour(text)
    if not normal:
        raise InvalidPlate("the plate is empty")
    return Plate(normal, _kind_of(normal), colour)


def split_colour(text: str) -> tuple[PlateColour | None, str]:
    """The colour word before a plate and the rest in its normal form, plate or not.

    For what a camera read wrongly: it is kept as read, and still without its colour.
    """
    return _split_colour(_SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper())


def is_valid_plate(text: str) -> bool:
    """Whether :func:`parse_plate` can read it."""
    try:
        parse_plate(text)
    except InvalidPlate:
        return False
    return True


def province_of(plate: Plate | str) -> tuple[str, str]:
    """GB/T 2260 code and name of the plate's province: ("140000", "山西省").

    Raises InvalidPlate for a text that is no plate.
    """
    parsed = plate if isinstance(plate, Plate) else parse_plate(plate)
    return _PROVINCE_BY_CHARACTER[parsed.province]


def plate_type_of(plate: Plate) -> str | None:
    """Plate type code (号牌种类) as far as text and colour tell: None for an ordinary plate whose
    colour is neither yellow nor blue."""
    match plate.kind:
        case PlateKind.TRAILER:
            return "15"
        case PlateKind.NEW_ENERGY_LARGE:
            return "51"
        case PlateKind.NEW_ENERGY_SMALL:
            return "52"
        case PlateKind.ORDINARY if plate.colour is PlateColour.YELLOW:
            return "01"
        case PlateKind.ORDINARY if plate.colour is PlateColour.BLUE:
            return "02"
        case _:
            return None


def _split_colour(text: str) -> tuple[PlateColour | None, str]:
    for word, colour in _COLOUR_WORDS.items():
        if text.startswith(word):
            rest = text[len(word) :].removeprefix("色").removeprefix("牌")
            # 黑 opens Heilongjiang's plates too: it is a colour only before another province.
            if rest[:1] in _PROVINCE_BY_CHARACTER:
                return colour, rest
    return None, text


def _kind_of(text: str) -> PlateKind:
    shown = repr(text if len(text) <= 20 else text[:17] + "...")
    if text[0] not in _PROVINCE_BY_CHARACTER:
        raise InvalidPlate(f"plate {shown} does not begin with a province character such as 晋")
    if len(text) not in (7, 8):
        raise InvalidPlate(
            f"plate {shown} has {len(text)} characters; plates have 7, new-energy plates 8"
        )
    if not re.match(rf"[{_LETTERS}]", text[1]):
        raise InvalidPlate(
            f"plate {shown}: after the province comes a letter other than I and O, not {text[1]!r}"
        )
    if len(text) == 7:
        if not _ORDINARY.fullmatch(text):
            raise InvalidPlate(
                f"plate {shown}: the last five are digits and letters other than I and O, "
                "or four of them and 挂 on a trailer"
            )
        return PlateKind.TRAILER if text.endswith("挂") else PlateKind.ORDINARY
    if _LARGE_NEW_ENERGY.fullmatch(text):
        return PlateKind.NEW_ENERGY_LARGE
    if _SMALL_NEW_ENERGY.fullmatch(text):
        return PlateKind.NEW_ENERGY_SMALL
    raise InvalidPlate(
        f"plate {shown}: a new-energy plate ends in five digits and a letter A to K (trucks), "
        "or in a letter A to K, a letter or digit and four digits (small vehicles)"
    )
