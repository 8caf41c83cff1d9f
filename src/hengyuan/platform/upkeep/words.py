"""What the codes of a journal, and the members of their details, are called on a page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.terminals.models import DEVICE_STATES
from hengyuan.platform.upkeep.standing import detail_of
from hengyuan.record.model import MAX_TIME_MS

Words = dict[str, str | Promise]
_TIMES = {"began_ms", "from_ms", "to_ms"}

WHATS: Words = {
    "left_unweighed": _("Truck left unweighed"),
    "two_trucks": _("Two trucks on the scale"),
    "two_trucks_over": _("Two trucks on the scale: over"),
    "entered_twice": _("Truck came in twice"),
    "entered_loaded": _("Truck came in loaded, as it seems"),
    "left_unentered": _("Truck drove out that had not come in"),
    "left_held": _("Held truck left the scale"),
    "left_unreleased": _("Held truck left the gate"),
    "hold_ended": _("Hold ended by time"),
    "hold_came_back": _("Held truck came back, plate known later"),
    "hold_linked": _("Held truck came back, re-weighing linked"),
    "skipped_scale": _("Truck skipped the scale"),
    "exit_misread": _("Exit plate differs by a sign"),
    "exit_unread": _("Exit plate not read"),
    "exit_undated": _("Exit camera's time unusable"),
    "manual_unplanned": _("Weighed by hand without emergency plan"),
    "override": _("Released by override"),
    "void": _("Record made void"),
    "barrier_opened": _("Barrier opened by hand"),
    "barrier_failed": _("Barrier does not obey"),
    "barrier_moved_by_hand": _("Barrier moved by another hand"),
    "lamp_failed": _("Lamp does not obey"),
    "sensor_lost": _("Position sensor lost"),
    "sensor_back": _("Position sensor back"),
    "tare_remembered": _("Tare taken from the store"),
    "tare_implausible": _("Tare not plausible"),
    "clips_missing": _("Clips missing"),
    "picture_late": _("Picture came too late"),
    "record_impossible": _("Record could not be made"),
    "store_refused": _("Store refused a record"),
    "lane_error": _("Fault of the lane's program"),
    "shift_handover": _("Shift handed over"),
    "configuration_applied": _("Configuration applied"),
    "configuration_kept": _("Configuration kept"),
    "configuration_rolled_back": _("Configuration rolled back"),
    "rule_pack_applied": _("Rule pack applied"),
    "software_updated": _("Software updated"),
    "update_failed": _("Update failed"),
    "test_weighing": _("Test weighing"),
    "disk_full": _("Disk full"),
    "disk_room": _("Disk has room again"),
    "video_disk_full": _("Too little disk for video"),
    "video_disk_room": _("Disk has room for video again"),
    "county_watched": _("County watched a camera"),
    "county_took_clip": _("County took a clip"),
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
    "above_seq": pgettext_lazy("journal", "after record No."),
    "back": pgettext_lazy("journal", "back again"),
    "back_seq": pgettext_lazy("journal", "re-weighed as record No."),
    "barrier": pgettext_lazy("journal", "barrier"),
    "began_ms": pgettext_lazy("journal", "begun at"),
    "both_kg": pgettext_lazy("journal", "both together (kg)"),
    "bound_kg": pgettext_lazy("journal", "bound (kg)"),
    "by": pgettext_lazy("journal", "by"),
    "by_hand": pgettext_lazy("journal", "weighed by hand"),
    "camera": pgettext_lazy("journal", "camera"),
    "cause": pgettext_lazy("journal", "cause"),
    "certificate": pgettext_lazy("journal", "certificate"),
    "count": pgettext_lazy("journal", "count"),
    "device": pgettext_lazy("journal", "device"),
    "done": pgettext_lazy("journal", "what was done"),
    "during": pgettext_lazy("journal", "during"),
    "error": pgettext_lazy("journal", "error"),
    "first_kg": pgettext_lazy("journal", "first truck (kg)"),
    "for_s": pgettext_lazy("journal", "lasted (s)"),
    "from_ms": pgettext_lazy("journal", "from time"),
    "gave": pgettext_lazy("journal", "who gave"),
    "gross_kg": pgettext_lazy("journal", "gross (kg)"),
    "high_kg": pgettext_lazy("journal", "highest zero (kg)"),
    "highest_kg": pgettext_lazy("journal", "highest weight (kg)"),
    "kg": pgettext_lazy("journal", "zero (kg)"),
    "lamp": pgettext_lazy("journal", "lamp"),
    "left": pgettext_lazy("journal", "left"),
    "limit_kg": pgettext_lazy("journal", "limit (kg)"),
    "lost": pgettext_lazy("journal", "lost"),
    "low_kg": pgettext_lazy("journal", "lowest zero (kg)"),
    "minimum": pgettext_lazy("journal", "minimum"),
    "net_kg": pgettext_lazy("journal", "net (kg)"),
    "new": pgettext_lazy("journal", "new number"),
    "note": pgettext_lazy("journal", "note"),
    "offset_ms": pgettext_lazy("journal", "offset (ms)"),
    "old": pgettext_lazy("journal", "old number"),
    "outcome": pgettext_lazy("journal", "outcome"),
    "over": pgettext_lazy("journal", "over the limit"),
    "over_kg": pgettext_lazy("journal", "over by (kg)"),
    "overrides": pgettext_lazy("journal", "overrides"),
    "part": pgettext_lazy("journal", "spare part"),
    "phase": pgettext_lazy("journal", "phase"),
    "place": pgettext_lazy("journal", "place"),
    "plan": pgettext_lazy("journal", "plan No."),
    "plate": pgettext_lazy("journal", "plate"),
    "plates": pgettext_lazy("journal", "plates"),
    "problem": pgettext_lazy("journal", "problem"),
    "readings": pgettext_lazy("journal", "readings"),
    "reason": pgettext_lazy("journal", "reason"),
    "remarks": pgettext_lazy("journal", "remarks"),
    "result": pgettext_lazy("journal", "result"),
    "scale": pgettext_lazy("journal", "scale"),
    "seconds": pgettext_lazy("journal", "seconds"),
    "seq": pgettext_lazy("journal", "record No."),
    "skipped": pgettext_lazy("journal", "skipped the scale"),
    "stands": pgettext_lazy("journal", "on the scale now"),
    "state": pgettext_lazy("journal", "state"),
    "step": pgettext_lazy("journal", "step No."),
    "steps": pgettext_lazy("journal", "number of steps"),
    "stream": pgettext_lazy("journal", "stream"),
    "stuck": pgettext_lazy("journal", "stuck"),
    "tare_kg": pgettext_lazy("journal", "tare (kg)"),
    "tare_seq": pgettext_lazy("journal", "tare of record No."),
    "test": pgettext_lazy("journal", "test"),
    "ticket": pgettext_lazy("journal", "ticket No."),
    "title": pgettext_lazy("journal", "title"),
    "to_ms": pgettext_lazy("journal", "to time"),
    "took": pgettext_lazy("journal", "who took over"),
    "totals": pgettext_lazy("journal", "totals"),
    "trucks": pgettext_lazy("journal", "trucks"),
    "typed": pgettext_lazy("journal", "plates typed"),
    "unknown": pgettext_lazy("journal", "no verdict"),
    "unload_kg": pgettext_lazy("journal", "to unload (kg)"),
    "unloaded": pgettext_lazy("journal", "unloaded"),
    "upto_seq": pgettext_lazy("journal", "up to record No."),
    "valid_until": pgettext_lazy("journal", "valid until"),
    "verified_by": pgettext_lazy("journal", "verified by"),
    "void": pgettext_lazy("journal", "void"),
    "wanted": pgettext_lazy("journal", "wanted"),
    "weighed": pgettext_lazy("journal", "plate weighed"),
    "weighed_meanwhile": pgettext_lazy("journal", "weighed meanwhile"),
    "why": pgettext_lazy("journal", "why"),
    "with_net": pgettext_lazy("journal", "with net"),
    "witness": pgettext_lazy("journal", "second person"),
}

VALUES: Words = {
    "backed_off": pgettext_lazy("journal", "backed off"),
    "left while the scale gave no weight": pgettext_lazy(
        "journal", "left while the scale gave no weight"
    ),
    "drove over without stopping": pgettext_lazy("journal", "drove over without stopping"),
    "drove over behind another truck": pgettext_lazy("journal", "drove over behind another truck"),
    "left before its weight stood still": pgettext_lazy(
        "journal", "left before its weight stood still"
    ),
    "left while two trucks stood on the scale": pgettext_lazy(
        "journal", "left while two trucks stood on the scale"
    ),
    "two trucks stood on the scale": pgettext_lazy("journal", "two trucks stood on the scale"),
    "axle_mass": pgettext_lazy("journal", "more weight than its axles bore"),
    "axles": pgettext_lazy("journal", "two axle readings"),
    "plates": pgettext_lazy("journal", "two plates"),
    "rear_edge": pgettext_lazy("journal", "the rear edge was covered again"),
    "restart": pgettext_lazy("journal", "so before the restart"),
    "first": pgettext_lazy("journal", "the first truck"),
    "second": pgettext_lazy("journal", "the second truck"),
    "none": pgettext_lazy("journal", "nobody"),
    "order": pgettext_lazy("journal", "one only, says the gatekeeper"),
    "ordered, but it did not move": pgettext_lazy("journal", "ordered, but it did not move"),
    "moved by another hand": pgettext_lazy("journal", "moved by another hand"),
    "not acknowledged": pgettext_lazy("journal", "not acknowledged"),
    "the record could not be stored": pgettext_lazy("journal", "the record could not be stored"),
    "done": pgettext_lazy("journal", "done"),
    "impossible": pgettext_lazy("journal", "not possible"),
    "over": pgettext_lazy("journal", "over the limit"),
    "unknown": pgettext_lazy("journal", "no verdict"),
    "open": pgettext_lazy("journal", "open"),
    "close": pgettext_lazy("journal", "close"),
}
"""Texts and codes that terminals write as they are here."""


def what_words(what: str) -> str:
    """A code in words, or as it is."""
    return str(WHATS.get(what, what))


def detail_words(text: str) -> str:
    """A detail in words: the members of an object one after the other, a text as it is."""
    detail = detail_of(text)
    if detail is None:
        return str(VALUES.get(text, text))
    return _members(detail)


def _members(detail: dict[str, Any]) -> str:
    said = [
        f"{_member(name, value)}: {_value(name, value)}"
        for name, value in detail.items()
        if value not in (None, "", [], {})
    ]
    return gettext("; ").join(said)


def _member(name: str, value: Any) -> str:
    if name == "left" and isinstance(value, str):  # at an exit camera, not of a stock
        return str(pgettext("journal", "plate seen leaving"))
    return str(MEMBERS.get(name, name))


def _value(name: str, value: Any) -> str:
    if name == "state" and isinstance(value, str):
        return str(DEVICE_STATES.get(value, value))
    if name in _TIMES and isinstance(value, int) and 0 <= value <= MAX_TIME_MS:
        return f"{localtime(datetime.fromtimestamp(value / 1000, UTC)):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, dict):
        return _members(value)
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return str(VALUES.get(value, value)) if isinstance(value, str) else str(value)


def matter_words(matter: Any) -> str:
    """What a standing matter is about, for its row: names, state, mass or day."""
    match matter.kind:
        case "device":
            return f"{matter.key}: {DEVICE_STATES.get(matter.title, matter.title)}"
        case "ticket":
            return gettext("No. %(number)s: %(what)s") % {
                "number": matter.key,
                "what": matter.title,
            }
        case "zero":
            return f"{matter.key}: {matter.kg} kg"
        case "part":
            left, _sign, minimum = matter.title.partition(" · ")
            return gettext("%(part)s: %(left)s left, should be %(minimum)s") % {
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
        return gettext("expired %(days)d days ago") % {"days": -days}
    return gettext("%(days)d days left") % {"days": days}
