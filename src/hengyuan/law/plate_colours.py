"""Plate colours. Their code sets clash (1 is blue, yellow or white depending on who speaks), so
the name is stored and a code is mapped at the edge, per source."""

from __future__ import annotations

from enum import StrEnum


class PlateColour(StrEnum):
    BLUE = "blue"
    YELLOW = "yellow"
    BLACK = "black"
    WHITE = "white"
    GREEN = "green"
    GRADIENT_GREEN = "gradient_green"
    YELLOW_GREEN = "yellow_green"
    BLUE_WHITE = "blue_white"
    AGRI_YELLOW = "agri_yellow"
    AGRI_GREEN = "agri_green"
    RED = "red"
    OTHER = "other"
    UNKNOWN = "unknown"

    @property
    def zh(self) -> str:
        return _COLOUR_ZH[self]


_COLOUR_ZH = {
    PlateColour.BLUE: "蓝色",
    PlateColour.YELLOW: "黄色",
    PlateColour.BLACK: "黑色",
    PlateColour.WHITE: "白色",
    PlateColour.GREEN: "绿色",
    PlateColour.GRADIENT_GREEN: "渐变绿色",
    PlateColour.YELLOW_GREEN: "黄绿双拼色",
    PlateColour.BLUE_WHITE: "蓝白渐变色",
    PlateColour.AGRI_YELLOW: "农黄色",
    PlateColour.AGRI_GREEN: "农绿色",
    PlateColour.RED: "红色",
    PlateColour.OTHER: "其他",
    PlateColour.UNKNOWN: "未知",
}

COLOUR_CODES: dict[str, dict[int, PlateColour]] = {
    # JT/T 415 and JT/T 809: road-transport interfaces
    "jt415": {
        1: PlateColour.BLUE,
        2: PlateColour.YELLOW,
        3: PlateColour.BLACK,
        4: PlateColour.WHITE,
        5: PlateColour.GREEN,
        9: PlateColour.OTHER,
        91: PlateColour.AGRI_YELLOW,
        92: PlateColour.AGRI_GREEN,
        93: PlateColour.YELLOW_GREEN,
        94: PlateColour.GRADIENT_GREEN,
    },
    # tolling
    "etc": {
        0: PlateColour.BLUE,
        1: PlateColour.YELLOW,
        2: PlateColour.BLACK,
        3: PlateColour.WHITE,
        4: PlateColour.GRADIENT_GREEN,
        5: PlateColour.YELLOW_GREEN,
        6: PlateColour.BLUE_WHITE,
        9: PlateColour.UNKNOWN,
        11: PlateColour.GREEN,
        12: PlateColour.RED,
    },
    # 臻识 cameras
    "vzenith": {
        1: PlateColour.BLUE,
        2: PlateColour.YELLOW,
        3: PlateColour.WHITE,
        4: PlateColour.BLACK,
        5: PlateColour.GREEN,
        6: PlateColour.YELLOW_GREEN,
    },
    # GA/T 833, which Hikvision reports as plateColorByGAT
    "gat": {
        0: PlateColour.WHITE,
        1: PlateColour.YELLOW,
        2: PlateColour.BLUE,
        3: PlateColour.BLACK,
        4: PlateColour.GREEN,
        5: PlateColour.UNKNOWN,
        9: PlateColour.OTHER,
    },
}

COLOUR_NAMES: dict[str, dict[str, PlateColour]] = {
    "hikvision": {
        "blue": PlateColour.BLUE,
        "yellow": PlateColour.YELLOW,
        "golden": PlateColour.YELLOW,
        "black": PlateColour.BLACK,
        "civilAviationBlack": PlateColour.BLACK,
        "white": PlateColour.WHITE,
        "green": PlateColour.GREEN,
        "civilAviationGreen": PlateColour.GREEN,
        "newEnergyGreen": PlateColour.GRADIENT_GREEN,
        "newEnergyYellowGreen": PlateColour.YELLOW_GREEN,
        "red": PlateColour.RED,
        "orange": PlateColour.OTHER,
        "brown": PlateColour.OTHER,
        "mixedColor": PlateColour.OTHER,
        "other": PlateColour.OTHER,
        "unknown": PlateColour.UNKNOWN,
    },
}


def colour_from_code(source: str, code: int | str) -> PlateColour:
    """The colour that a source's number means; UNKNOWN for a number that its set does not have.

    Raises ValueError for a source that is not one of COLOUR_CODES: a wrong set would turn blue
    into yellow without anybody noticing.
    """
    codes = _codes_of(source)
    try:
        return codes.get(int(code), PlateColour.UNKNOWN)
    except ValueError:
        return PlateColour.UNKNOWN


def colour_to_code(source: str, colour: PlateColour, default: int | None = None) -> int:
    """The number of a colour in a source's set, or ``default`` where the set lacks the colour.

    Raises ValueError for an unknown source, and for a colour that the set lacks when there is no
    default.
    """
    for code, each in _codes_of(source).items():
        if each is colour:
            return code
    if default is None:
        raise ValueError(f"the colour codes of {source!r} have none for {colour.value}")
    return default


def colour_from_name(source: str, name: str) -> PlateColour:
    """The colour that a source's own name means, in any case; UNKNOWN for other names.

    Raises ValueError for a source that is not one of COLOUR_NAMES.
    """
    if source not in COLOUR_NAMES:
        raise ValueError(f"no colour names for {source!r}; known: {', '.join(COLOUR_NAMES)}")
    wanted = name.strip().lower()
    for each, colour in COLOUR_NAMES[source].items():
        if each.lower() == wanted:
            return colour
    return PlateColour.UNKNOWN


def _codes_of(source: str) -> dict[int, PlateColour]:
    if source not in COLOUR_CODES:
        raise ValueError(f"no colour codes for {source!r}; known: {', '.join(COLOUR_CODES)}")
    return COLOUR_CODES[source]
