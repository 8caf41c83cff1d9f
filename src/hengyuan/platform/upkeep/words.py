"""What the codes of a journal, and the members of their details, are called on a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.functional import Promise
from django.utils.timezone import localdate
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hengyuan.platform.terminals.models import DEVICE_STATES
from hengyuan.platform.upkeep.standing import detail_of

Words = dict[str, str | Promise]

WHATS: Words = {
    "left_unweighed": _("Truck left unweighed"),
    "record_impossible": _("Record could not be made"),
    "device_failed": _("Device failed"),
    "device_recovered": _("Device sound again"),
    "clock_off": _("Clock off"),
    "clock_right": _("Clock right again"),
    "zero_daily": _("Zero of the day"),
    "zero_drifted": _("Zero drifted"),
    "zero_returned": _("Zero right again"),
    "scale_verified": _("Scale verified"),
    "verification_due": _("Verification ends soon"),
    "verification_expired": _("Verification expired"),
    "ticket_opened": _("Repair asked for"),
    "ticket_noted": _("Repair in progress"),
    "ticket_closed": _("Repair finished"),
    "device_swapped": _("Device swapped"),
    "part_stocked": _("Spare part stocked"),
    "part_taken": _("Spare part used"),
    "part_low": _("Spare part below its minimum"),
    "part_restocked": _("Spare part enough again"),
    "plan_begun": _("Emergency plan begun"),
    "plan_step": _("Emergency plan: step done"),
    "plan_ended": _("Emergency plan ended"),
    "other": _("Other"),
}
"""By the code; one that is not here is shown as it is."""

MEMBERS: Words = {
    "bound_kg": pgettext_lazy("journal", "bound (kg)"),
    "by": pgettext_lazy("journal", "by"),
    "cause": pgettext_lazy("journal", "cause"),
    "certificate": pgettext_lazy("journal", "certificate"),
    "count": pgettext_lazy("journal", "count"),
    "device": pgettext_lazy("journal", "device"),
    "done": pgettext_lazy("journal", "done"),
    "for_s": pgettext_lazy("journal", "lasted (s)"),
    "high_kg": pgettext_lazy("journal", "highest (kg)"),
    "kg": pgettext_lazy("journal", "zero (kg)"),
    "left": pgettext_lazy("journal", "left in stock"),
    "low_kg": pgettext_lazy("journal", "lowest (kg)"),
    "minimum": pgettext_lazy("journal", "minimum"),
    "new": pgettext_lazy("journal", "new number"),
    "note": pgettext_lazy("journal", "note"),
    "offset_ms": pgettext_lazy("journal", "offset (ms)"),
    "old": pgettext_lazy("journal", "old number"),
    "outcome": pgettext_lazy("journal", "outcome"),
    "part": pgettext_lazy("journal", "spare part"),
    "plan": pgettext_lazy("journal", "plan No."),
    "problem": pgettext_lazy("journal", "problem"),
    "readings": pgettext_lazy("journal", "readings"),
    "reason": pgettext_lazy("journal", "reason"),
    "scale": pgettext_lazy("journal", "scale"),
    "state": pgettext_lazy("journal", "state"),
    "step": pgettext_lazy("journal", "step No."),
    "steps": pgettext_lazy("journal", "steps"),
    "test": pgettext_lazy("journal", "test"),
    "ticket": pgettext_lazy("journal", "ticket No."),
    "title": pgettext_lazy("journal", "what"),
    "valid_until": pgettext_lazy("journal", "valid until"),
    "verified_by": pgettext_lazy("journal", "verified by"),
}

REASONS: Words = {
    "backed_off": _("backed off"),
    "too_quick": _("drove on before the weight stood"),
}
"""Details that are a short code themselves."""


def what_words(what: str) -> str:
    """A code in words, or as it is."""
    return str(WHATS.get(what, what))


def detail_words(text: str) -> str:
    """A detail in words: the members of an object one after the other, a text as it is."""
    detail = detail_of(text)
    if detail is None:
        return str(REASONS.get(text, text))
    return _now("; ").join(_members(detail))


def _members(detail: dict[str, Any]) -> Iterator[str]:
    for name, value in detail.items():
        if value in (None, "", []):
            continue
        yield f"{MEMBERS.get(name, name)}: {_value(name, value)}"


def _value(name: str, value: Any) -> str:
    if name == "state" and isinstance(value, str):
        return str(DEVICE_STATES.get(value, value))
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return str(value)


def matter_words(matter: Any) -> str:
    """What a standing matter is about, for its row: names, state, mass or day."""
    match matter.kind:
        case "device":
            return f"{matter.key}: {DEVICE_STATES.get(matter.title, matter.title)}"
        case "ticket":
            return _now("No. %(number)s: %(what)s") % {"number": matter.key, "what": matter.title}
        case "zero":
            return f"{matter.key}: {matter.kg} kg"
        case "part":
            left, _sign, minimum = matter.title.partition(" · ")
            return _now("%(part)s: %(left)s left, should be %(minimum)s") % {
                "part": matter.key,
                "left": left,
                "minimum": minimum,
            }
        case "verification":
            return f"{matter.key} {matter.title}".strip()
        case _:
            return str(matter.title)


def due_words(matter: Any) -> str:
    """How long a verification still holds; empty for other matters."""
    if matter.due is None:
        return ""
    days = (matter.due - localdate()).days
    if days < 0:
        return _now("expired %(days)d days ago") % {"days": -days}
    return _now("%(days)d days left") % {"days": days}
