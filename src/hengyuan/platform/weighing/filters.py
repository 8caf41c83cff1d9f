"""From what was asked for to a query of records. All of them keep the scope they are given."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import BigIntegerField, F, Q
from django.db.models.functions import Cast, ExtractHour
from django.db.models.lookups import Exact, GreaterThanOrEqual, LessThan
from django.utils.timezone import get_current_timezone

from hengyuan.law.bands import DEFAULT_BANDS, HEAVY_LISTS_KG, Band
from hengyuan.law.plates import PROVINCE_CHARACTERS, InvalidPlate, PlateKind, parse_plate
from hengyuan.law.regions import scope_prefix
from hengyuan.platform.weighing import columns, remarkable
from hengyuan.platform.weighing import search as searching
from hengyuan.platform.weighing.models import WeighingQuerySet, county_range
from hengyuan.platform.weighing.search import Search

_BANDS: dict[str, Band] = {band.id: band for band in DEFAULT_BANDS}
_SEPARATORS = re.compile(r"[\s.,·•・‧∙⋅●。_\-–—]+")


def matching(records: WeighingQuerySet, wanted: dict[str, Any]) -> WeighingQuerySet:
    """The records that fit every wish; `wanted` is what the filter form found valid."""
    condition = _period(wanted)
    for name, value in wanted.items():
        if name in _CONDITIONS:
            condition &= _CONDITIONS[name](value)
    return records.filter(condition)


def search_for(
    records: WeighingQuerySet, wanted: dict[str, Any], of_one_unit: bool = False
) -> Search:
    """The same as a search in the order of time, which knows its bounds and its index.

    The index of remarkable records is led by the county. A unit (`of_one_unit` where the scope is
    one), a terminal and a whole plate have few records, and are looked through by their own.
    """
    begin, end = wanted.get("from_day"), wanted.get("to_day")
    few = of_one_unit or bool({"unit", "terminal"} & set(wanted))
    few = few or is_whole_plate(wanted.get("plate", ""))
    by_index = remarkable.is_asked_for(wanted) and not few
    return Search(
        matching(records, wanted),
        index=_by_index(records, wanted) if by_index else None,
        index_decides=set(wanted) <= _COVERED,
        first_width=searching.MONTH if few else searching.DAYS if by_index else searching.DAY,
        begin=None if begin is None else day_begins(begin),
        end=None if end is None else day_begins(end + timedelta(days=1)),
    )


def _by_index(records: WeighingQuerySet, wanted: dict[str, Any]) -> WeighingQuerySet:
    """What the index of remarkable records can say of a filter: these and perhaps some more."""
    covered = {name: value for name, value in wanted.items() if name in _COVERED}
    return matching(records.filter(remarkable.IS_REMARKABLE), covered)


def is_whole_plate(text: str) -> bool:
    """True for a plate that the indexes of plates find: not a part of one."""
    try:
        return bool(text) and bool(parse_plate(text))
    except InvalidPlate:
        return False


def day_begins(day: date) -> datetime:
    """Midnight of a local day."""
    return datetime.combine(day, time.min, tzinfo=get_current_timezone())


def normal_plate(text: str) -> str:
    """A plate or a part of one as it is stored: no separators, capital letters, half-width."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()


def plate_matches(text: str) -> Q:
    """Records of a plate, or of all that begin with or hold a part of one.

    A whole plate is looked up in the index of its column. A trailer's plate stands in a column of
    its own, a part may stand in either.
    """
    try:
        plate = parse_plate(text)
    except InvalidPlate:
        part = normal_plate(text)
        if not part:
            return Q()
        how = "startswith" if part[0] in PROVINCE_CHARACTERS else "contains"
        return Q(**{f"plate__{how}": part}) | Q(**{f"trailer_plate__{how}": part})
    if plate.kind is PlateKind.TRAILER:
        return Q(plate=plate.text) | Q(trailer_plate=plate.text)
    return Q(plate=plate.text)


def _period(wanted: dict[str, Any]) -> Q:
    begin, end, hour = wanted.get("from_day"), wanted.get("to_day"), wanted.get("hour")
    if hour is not None and begin is not None and begin == end:
        start = day_begins(begin) + timedelta(hours=hour)
        return Q(weighed_at__gte=start, weighed_at__lt=start + timedelta(hours=1))
    condition = Q()
    if begin is not None:
        condition &= Q(weighed_at__gte=day_begins(begin))
    if end is not None:
        condition &= Q(weighed_at__lt=day_begins(end + timedelta(days=1)))
    if hour is not None:
        condition &= Q(Exact(ExtractHour("weighed_at"), hour))
    return condition


def _band(band_id: str) -> Q:
    """The band by the platform's limit, in the same whole-number arithmetic as the law room's."""
    band = _BANDS[band_id]
    overload = Cast(F("gross_kg"), BigIntegerField()) - F("platform_limit_kg")
    # rate_bp = (20000·o + l) // 2l; a bound b on it is a bound on 20000·o + l without a division
    scaled = overload * 20_000 + F("platform_limit_kg")
    double = Cast(F("platform_limit_kg"), BigIntegerField()) * 2
    condition = Q(gross_kg__gt=F("platform_limit_kg"))
    if band.above_bp:
        condition &= Q(GreaterThanOrEqual(scaled, double * (band.above_bp + 1)))
    if band.upto_bp is not None:
        condition &= Q(LessThan(scaled, double * (band.upto_bp + 1)))
    return condition


def _differs(which: str) -> Q:
    either = {
        "verdict": _unequal("verdict", "platform_verdict"),
        "limit": _unequal("limit_kg", "platform_limit_kg"),
    }
    either["any"] = either["verdict"] | either["limit"]
    return Q(verdict__isnull=False) & either[which]


def _unequal(one: str, other: str) -> Q:
    """Unequal, or one of the two missing; both missing is equal."""
    return (
        Q(**{f"{one}__lt": F(other)})
        | Q(**{f"{one}__gt": F(other)})
        | Q(**{f"{one}__isnull": True, f"{other}__isnull": False})
        | Q(**{f"{one}__isnull": False, f"{other}__isnull": True})
    )


def _heavy(name: str) -> Q:
    least = int(name.removesuffix("t")) * 1000
    above = [kg for kg in HEAVY_LISTS_KG if kg > least]
    condition = Q(gross_kg__gte=least)
    return condition & Q(gross_kg__lt=min(above)) if above else condition


def _kind(name: str) -> Q:
    """A kind of weighing as trucks are counted: an entry or exit that corrects another is not a
    truck of its own."""
    if name == "correction":
        return Q(kind__in=columns.REPLACING, corrects__isnull=False)
    kind = columns.kind_no(name)
    return Q(kind=kind, corrects__isnull=True) if kind in columns.REPLACING else Q(kind=kind)


def _flag(name: str) -> Q:
    if name == "any":
        return ~Q(flags=0)
    return Q(Exact(F("flags").bitand(columns.flag_bit(name)), columns.flag_bit(name)))


def _region(code: str) -> Q:
    first, last = county_range(scope_prefix(code))
    return Q(county=first) if first == last else Q(county__range=(first, last))


def _search(text: str) -> Q:
    condition = Q()
    for name in ("note_no", "carrier", "destination", "operator"):
        condition |= Q(**{f"{name}__icontains": text})
    return condition


# decided by the columns that the index of remarkable records holds
_COVERED = {"from_day", "to_day", "hour", "region", "unit", "verdict", "band", "flag", "differs",
            "heavy", "kind"}  # fmt: skip

_CONDITIONS: dict[str, Any] = {
    "region": _region,
    "unit": lambda unit: Q(unit_id=unit.pk),
    "terminal": lambda terminal: Q(terminal_id=terminal.pk),
    "plate": plate_matches,
    # the platform's verdict: the one that counts and reports use
    "verdict": lambda name: Q(platform_verdict=columns.verdict_no(name)),
    "band": _band,
    "kind": _kind,
    "flag": _flag,
    "differs": _differs,
    "heavy": _heavy,
    "cargo": lambda code: Q(cargo=code),
    "q": _search,
}
