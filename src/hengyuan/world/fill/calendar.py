"""How busy a source unit is: by the day of the year, the weekday, holidays, and the hour.

Assumed, not measured: mines and coking plants work day and night and most in the heating season,
quarries and cement works by day and little in winter; everything rests at the Spring Festival.
"""

from __future__ import annotations

import math
import random
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache

CHINA = timezone(timedelta(hours=8))
DAY_BEGINS = time(4)
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
FIRST_DAY = date(2016, 9, 22)
"""The limit table in force begins the day before; without one nothing can be judged."""

_HEATED = frozenset({"coal", "coke"})
_OUTDOOR = frozenset({"sand-stone", "cement"})
_BY_DAY = frozenset({"sand-stone", "cement", "commercial-vehicles"})

# first day of the year of the lunar calendar
_SPRING_FESTIVALS = {
    2017: (1, 28), 2018: (2, 16), 2019: (2, 5), 2020: (1, 25), 2021: (2, 12), 2022: (2, 1),
    2023: (1, 22), 2024: (2, 10), 2025: (1, 29), 2026: (2, 17), 2027: (2, 6), 2028: (1, 26),
    2029: (2, 13), 2030: (2, 3), 2031: (1, 23), 2032: (2, 11), 2033: (1, 31), 2034: (2, 19),
    2035: (2, 8),
}  # fmt: skip
# month and day of the first and last free day, and what is left of an ordinary day
_HOLIDAYS = (((1, 1), (1, 1), 0.8), ((4, 4), (4, 6), 0.8), ((5, 1), (5, 5), 0.75),
             ((10, 1), (10, 7), 0.65))  # fmt: skip
_WEEKDAYS = (1.02, 1.03, 1.04, 1.04, 1.04, 1.0, 0.83)
_ALERT_SHARE = 0.08
"""Of the winter's days, those on which an alert for polluted air closes gates."""

# by the hour of the Chinese clock, from midnight on
_ROUND_THE_CLOCK = (
    2.6, 2.0, 1.5, 0.0, 1.2, 1.8, 3.0, 4.6, 6.2, 6.8, 6.4, 5.0,
    3.4, 4.6, 6.0, 6.4, 6.0, 5.0, 3.6, 4.2, 5.0, 5.0, 4.4, 3.4,
)  # fmt: skip
_DAYTIME = (
    0.1, 0.05, 0.02, 0.0, 0.1, 0.8, 3.5, 7.0, 9.0, 9.4, 9.0, 6.2,
    4.0, 6.6, 9.0, 9.2, 8.4, 6.4, 3.6, 1.6, 0.9, 0.5, 0.3, 0.2,
)  # fmt: skip


def begin_ms(day: date) -> int:
    """When a day of the fill begins, in ms since 1970."""
    return int(datetime.combine(day, DAY_BEGINS, CHINA).timestamp()) * 1000


def end_ms(day: date) -> int:
    """When it ends, and what it held is uploaded."""
    return begin_ms(day) + DAY_MS


def last_whole_day(now: datetime) -> date:
    """The newest day of the fill that is over at that instant."""
    return (now.astimezone(CHINA) - timedelta(days=1, hours=DAY_BEGINS.hour)).date()


@lru_cache(maxsize=4096)
def traffic(kind: str, day: date, seed: int) -> float:
    """How much passes a unit of that kind on that day, an ordinary day being 1."""
    factor = _WEEKDAYS[day.weekday()] * _season(kind, day)
    factor *= min(_festival(day), _holiday(day))
    if day.month in (11, 12, 1, 2) and kind != "freight-station":
        alert = random.Random(f"{seed}/alert/{day}").random() < _ALERT_SHARE
        factor *= 0.55 if alert else 1.0
    return factor


def hours(kind: str) -> tuple[float, ...]:
    """How the arrivals of a day spread over its 24 hours, the first being that from four on."""
    profile = _DAYTIME if kind in _BY_DAY else _ROUND_THE_CLOCK
    begin = DAY_BEGINS.hour
    return profile[begin:] + profile[:begin]


def _season(kind: str, day: date) -> float:
    # 1 in the middle of January, -1 in the middle of July
    winter = math.cos(2 * math.pi * (day.timetuple().tm_yday - 15) / 365.25)
    if kind in _HEATED:
        return 1 + 0.16 * winter
    if kind in _OUTDOOR:
        return 1 - 0.32 * winter
    return 1 - 0.05 * winter


def _festival(day: date) -> float:
    """Gates empty in the week before the Spring Festival and fill again in two weeks."""
    found = _SPRING_FESTIVALS.get(day.year)
    if found is None:
        return 1.0
    apart = (day - date(day.year, *found)).days
    if -1 <= apart <= 5:
        return 0.12
    if -8 <= apart < -1:
        return 0.35 + 0.08 * (-2 - apart)
    if 5 < apart <= 18:
        return 0.2 + 0.06 * (apart - 5)
    return 1.0


def _holiday(day: date) -> float:
    for first, last, factor in _HOLIDAYS:
        if first <= (day.month, day.day) <= last:
            return factor
    return 1.0
