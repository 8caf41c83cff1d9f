"""The ledger of the city: every county's clerk imports the survey of the county.

The workbooks go the way of any other, through the dry run and the confirmation, so that the
ledger, its history and the list of imports are what they would be in earnest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from hengyuan.world.city.plan import COUNTIES, HONGTONG, PlannedUnit, units_of
from hengyuan.world.city.workbook import survey

if TYPE_CHECKING:
    from hengyuan.platform.accounts.models import User

_LEADS = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张"
_WITHOUT_LEAD = 2


class CityFailed(RuntimeError):
    """The city could not be entered; the text says what the platform said."""


def enter_units(by: dict[str, User], more: Sequence[PlannedUnit] = ()) -> None:
    """Import the survey of every county whose units are not all in the ledger.

    `more` are units beyond those of the plan.
    """
    from django.utils.timezone import localdate

    from hengyuan.platform.ledger.models import SourceUnit

    today = localdate()
    known = set(SourceUnit.objects.values_list("name", flat=True))
    for county in COUNTIES:
        planned = (*units_of(county.code), *(unit for unit in more if unit.county is county))
        if all(unit.name in known for unit in planned):
            continue
        _import(by[county.pinyin], f"{county.name}摸底排查表.xlsx", survey(planned, today))
        if county.code == HONGTONG:
            _leave_one_waiting(by["hongtong"], units_of(county.code), today)


def enter_leads(by: dict[str, User]) -> None:
    """Name who is responsible in the townships, of a county that has named nobody yet.

    In each bigger county two townships are left, for which somebody is to be named.
    """
    from hengyuan.platform.accounts.models import TownshipLead
    from hengyuan.platform.regions.models import Level, Region

    named = set(TownshipLead.objects.values_list("township__parent", flat=True))
    townships: dict[str, list[Any]] = {}
    for township in Region.objects.filter(level=Level.TOWNSHIP).order_by("code"):
        townships.setdefault(str(township.parent_id), []).append(township)
    for county in COUNTIES:
        if county.code not in named and county.code in townships:
            _name_leads(by[county.pinyin], townships[county.code])


def _name_leads(by: User, townships: list[Any]) -> None:
    """As `services.appoint_lead` would, in one statement."""
    from django.utils.timezone import localdate
    from django.utils.translation import gettext
    from simple_history.utils import bulk_create_with_history

    from hengyuan.platform.accounts.models import TownshipLead

    today = localdate()
    left = _WITHOUT_LEAD if len(townships) > 10 else 0
    leads = []
    for number, township in enumerate(townships[: len(townships) - left]):
        surname = _LEADS[(number + int(township.code[4:6])) % len(_LEADS)]
        lead = TownshipLead(
            township=township,
            name=f"{surname}演示",
            position="分管负责人",
            duty_phone=f"0357-00001{number:02d}",
            since=today - timedelta(days=200 + number * 11),
        )
        lead.clean_fields(exclude=["township"])
        lead.clean()
        leads.append(lead)
    bulk_create_with_history(
        leads, TownshipLead, default_user=by, default_change_reason=str(gettext("appointed"))
    )


def _import(by: User, file_name: str, content: bytes) -> None:
    from hengyuan.platform.ledger.importing import sessions
    from hengyuan.platform.ledger.models import ImportState

    session = sessions.upload(by, file_name, content)
    if session.state == ImportState.READY and not session.report["error_count"]:
        sessions.confirm(by, session)
        session.refresh_from_db()
    if session.state != ImportState.DONE:
        raise CityFailed(f"{file_name}: {session.state} {session.report.get('errors')}")


def _leave_one_waiting(by: User, planned: tuple[PlannedUnit, ...], today: date) -> None:
    """A workbook between its dry run and its confirmation: a change, a new unit, a wrong row."""
    from hengyuan.platform.ledger.importing import sessions

    last = planned[-1]
    rows = (
        replace(planned[5], throughput_t=planned[5].throughput_t + 50_000),
        replace(
            last,
            number=901,
            name="洪洞县示例补录物流园",
            credit_code="",
            longitude=last.longitude + 0.05,
        ),
        replace(last, number=902, name="洪洞县示例补录货运站", credit_code="91141024MA0HY"),
    )
    sessions.upload(by, "洪洞县补充排查表.xlsx", survey(rows, today))
