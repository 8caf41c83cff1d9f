"""What the limit depends on: axle count, combination, layout, drive axles, tyres, suspension.

Every fact but the axle count may be unknown (``None``). What an unknown fact means for the limit
is decided in :mod:`hengyuan.law.limits`, not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MIN_AXLES = 2
MAX_AXLES = 40
"""More than the longest modular low-loader that a weighbridge could meet: a count above it is a
fault of the axle identifier, not a truck."""


class InvalidVehicle(ValueError):
    """Facts about a vehicle that cannot be true; ``zh`` says the same in Chinese, for screens."""

    def __init__(self, message: str, zh: str = "") -> None:
        super().__init__(message)
        self.zh = zh or message


class Combination(StrEnum):
    """The four vehicle kinds (车型) that the limit table tells apart."""

    RIGID = "rigid"
    ARTICULATED = "articulated"
    CENTRE_AXLE = "centre-axle"
    FULL_TRAILER = "full-trailer"

    @property
    def zh(self) -> str:
        """The name that the limit table uses."""
        return _COMBINATION_ZH[self]


_COMBINATION_ZH = {
    Combination.RIGID: "载货汽车",
    Combination.ARTICULATED: "铰接列车",
    Combination.CENTRE_AXLE: "中置轴挂车列车",
    Combination.FULL_TRAILER: "全挂汽车列车",
}

_FACTS_ZH = {
    "axles": "轴数",
    "layout": "轴组布置",
    "drive_axles": "驱动轴数",
    "missing_tyres": "减少的轮胎数",
    "trailer_axle_spacing_mm": "半挂车两轴之间的距离",
    "licensed_total_kg": "行驶证总质量",
    "trailer_tyre_width_mm": "挂车轮胎名义断面宽度",
    "drive_tyre_width_mm": "驱动轴轮胎名义断面宽度",
}

Layout = tuple[int, ...]
"""Axle groups front to back: ``(1, 1, 3)`` is steering axle, drive axle, tri-axle group."""


def parse_layout(text: str) -> Layout:
    """Read ``"1+1+3"`` as ``(1, 1, 3)``; blanks and full-width signs are tolerated.

    Raises InvalidVehicle when the text is anything else.
    """
    parts = text.replace("＋", "+").split("+")
    groups = []
    for part in parts:
        digits = part.strip()
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 2 and int(digits) > 0):
            raise InvalidVehicle(
                f"layout {_shown(text)} is not axle groups joined by '+', front to back; "
                "write it like 1+1+3",
                f"轴组布置 {_shown(text)} 写法不对：应从前到后用“+”连接各轴组的轴数，如 1+1+3",
            )
        groups.append(int(digits))
    return tuple(groups)


def format_layout(layout: Layout) -> str:
    """Write ``(1, 1, 3)`` as ``"1+1+3"``, the inverse of :func:`parse_layout`."""
    return "+".join(str(axles) for axles in layout)


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One truck or train as the limit table sees it. ``None`` means: not known.

    - ``axles``: axle count, 2 to 40; lifted axles do not count.
    - ``combination``: rigid truck or the kind of train.
    - ``layout``: axle groups front to back, e.g. ``(1, 2, 3)``; they sum to ``axles``.
    - ``drive_axles``: driven axles of the truck or tractor.
    - ``dual_tyres``: the *drive axles* have dual tyres on each side (table note 4). The tyres of
      other axles are ``missing_tyres``.
    - ``air_suspension``: the drive axles are air-sprung (note 4).
    - ``trailer_axle_spacing_mm``: distance between the two axles of a semi-trailer (note 4).
    - ``licensed_total_kg``: total mass on the vehicle licence, 行驶证总质量 (note 1).
    - ``missing_tyres``: how many tyres fewer than dual there are on the axles that note 2 names:
      tandem and tri-axle groups without their drive axles, and all axles of semi-trailers and
      full trailers. A single-tyred axle is two tyres short, so the number is even. Nought means
      that no missing tyre is known of.
    - ``trailer_tyre_width_mm``, ``drive_tyre_width_mm``: nominal section width of the tyres on
      the trailer and on the drive axles (note 3: from 425 mm and from 445 mm on, no deduction).

    Raises InvalidVehicle (a ValueError), with the fact and the remedy named, when facts are
    impossible or contradict each other.
    """

    axles: int
    combination: Combination | None = None
    layout: Layout | None = None
    drive_axles: int | None = None
    dual_tyres: bool | None = None
    air_suspension: bool | None = None
    trailer_axle_spacing_mm: int | None = None
    licensed_total_kg: int | None = None
    missing_tyres: int = 0
    trailer_tyre_width_mm: int | None = None
    drive_tyre_width_mm: int | None = None

    def __post_init__(self) -> None:
        _require_whole("axles", self.axles)
        if not MIN_AXLES <= self.axles <= MAX_AXLES:
            raise InvalidVehicle(
                f"axles must be {MIN_AXLES} to {MAX_AXLES}, got {self.axles}; "
                "count the axles again",
                f"轴数应为 {MIN_AXLES} 至 {MAX_AXLES}，收到 {self.axles}；请重新清点",
            )
        if self.combination is not None:
            object.__setattr__(self, "combination", Combination(self.combination))
        self._check_layout()
        self._check_drive_axles()
        self._check_missing_tyres()
        for name in (
            "trailer_axle_spacing_mm",
            "licensed_total_kg",
            "trailer_tyre_width_mm",
            "drive_tyre_width_mm",
        ):
            value = getattr(self, name)
            if value is not None:
                _require_whole(name, value)
                if value <= 0:
                    raise InvalidVehicle(
                        f"{name} must be above 0, got {value}",
                        f"{_FACTS_ZH[name]}应大于 0，收到 {value}",
                    )
        self._check_trailer_facts()

    def _check_layout(self) -> None:
        if self.layout is None:
            return
        layout = tuple(self.layout)
        object.__setattr__(self, "layout", layout)
        for group in layout:
            _require_whole("layout", group)
            if group < 1:
                raise InvalidVehicle(
                    f"layout {format_layout(layout)} has a group without axles",
                    f"轴组布置 {format_layout(layout)} 中有轴数为 0 的轴组",
                )
        if sum(layout) != self.axles:
            raise InvalidVehicle(
                f"layout {format_layout(layout)} has {sum(layout)} axles, "
                f"but {self.axles} axles were given; correct one of the two",
                f"轴组布置 {format_layout(layout)} 合计 {sum(layout)} 轴，与轴数 {self.axles} "
                "不符；请更正其中之一",
            )

    def _check_drive_axles(self) -> None:
        if self.drive_axles is None:
            return
        _require_whole("drive_axles", self.drive_axles)
        if not 1 <= self.drive_axles <= self.axles:
            raise InvalidVehicle(
                f"drive_axles must be 1 to {self.axles} on {self.axles} axles, "
                f"got {self.drive_axles}",
                f"{self.axles} 轴车辆的驱动轴数应为 1 至 {self.axles}，收到 {self.drive_axles}",
            )

    def _check_missing_tyres(self) -> None:
        _require_whole("missing_tyres", self.missing_tyres)
        # One steering and one drive axle at least are outside note 2.
        most = 2 * (self.axles - 2)
        if not 0 <= self.missing_tyres <= most:
            raise InvalidVehicle(
                f"missing_tyres must be 0 to {most} on {self.axles} axles, "
                f"got {self.missing_tyres}; steering and drive axles do not count",
                f"{self.axles} 轴车辆减少的轮胎数应为 0 至 {most}，收到 {self.missing_tyres}；"
                "转向轴和驱动轴不计",
            )
        if self.missing_tyres % 2:
            raise InvalidVehicle(
                f"missing_tyres must be even, got {self.missing_tyres}: "
                "an axle on single tyres is two tyres short of dual",
                f"减少的轮胎数应为偶数，收到 {self.missing_tyres}：每根单胎轴减少两个轮胎",
            )

    def _check_trailer_facts(self) -> None:
        if self.combination is not Combination.RIGID:
            return
        for name in ("trailer_axle_spacing_mm", "trailer_tyre_width_mm"):
            if getattr(self, name) is not None:
                raise InvalidVehicle(
                    f"{name} was given, but a rigid truck has no trailer",
                    f"给出了{_FACTS_ZH[name]}，但载货汽车没有挂车",
                )


def _require_whole(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidVehicle(
            f"{name} must be a whole number, got {_shown(value)}",
            f"{_FACTS_ZH[name]}应为整数，收到 {_shown(value)}",
        )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
