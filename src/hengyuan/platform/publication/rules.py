"""What holds for publications: periods, deadlines, document numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from hengyuan.platform.publication.models import DayCounting

# T2 of the work plan: published and reported by this day unless the city sets another
DEFAULT_PUBLISH_BY = date(2024, 5, 15)
_SATURDAY = 5
_BRACKETS = str.maketrans(dict.fromkeys("[［(（【〖<", "〔") | dict.fromkeys("]］)）】〗>", "〕"))
_NUMBER = re.compile(r"^(?P<issuer>[\u4e00-\u9fff]{2,12})〔(?P<year>\d{4})〕(?P<serial>\d+)号$")
_SERIAL_MAX_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that hold for a county."""

    objection_days: int = 7
    counting: DayCounting = DayCounting.CALENDAR
    own_review: bool = False
    publish_by: date = DEFAULT_PUBLISH_BY

    def earliest_end(self, published_on: date) -> date:
        """The last day of the shortest objection period; the first day is not counted."""
        if self.counting == DayCounting.CALENDAR:
            return published_on + timedelta(days=self.objection_days)
        day, left = published_on, self.objection_days
        while left:
            day += timedelta(days=1)
            if day.weekday() < _SATURDAY:
                left -= 1
        return day


DEFAULT_RULES = Rules()


def normal_document_no(text: str) -> str:
    """A document number as GB/T 9704 writes it: six-cornered brackets, no spaces."""
    return "".join(text.split()).translate(_BRACKETS)


def check_document_no(number: str, issued_on: date) -> str | None:
    """What is wrong with a document number like 洪政公告〔2026〕3号; None for a good one."""
    found = _NUMBER.match(number)
    if "第" in number:
        return _("The serial number stands without 第: 洪政公告〔2026〕3号.")
    if found is None:
        return _("A document number reads like 洪政公告〔2026〕3号.")
    if found["serial"].startswith("0"):
        return _("The serial number has no leading zeros.")
    if len(found["serial"]) > _SERIAL_MAX_DIGITS:
        return _("The serial number is too long.")
    if int(found["year"]) != issued_on.year:
        return _("The year in the number (%(number)s) is not that of the date (%(date)s).") % {
            "number": found["year"],
            "date": issued_on.year,
        }
    return None
