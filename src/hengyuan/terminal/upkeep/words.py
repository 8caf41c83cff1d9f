"""What the codes of the journal are called at the gate, and how a detail reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from gettext import NullTranslations
from typing import Any

import msgspec

from hengyuan.record.model import MAX_TIME_MS
from hengyuan.terminal.judging import CHINA

_TIMES = {"began_ms", "from_ms", "to_ms"}


class JournalWords:
    """In the language of the gate; a code that is not known is shown as it is."""

    def __init__(self, words: NullTranslations) -> None:
        _ = words.gettext
        self.whats = _whats(_)
        self._members = _members(_)
        self._values = _values(_)
        self._leaving = _("plate seen leaving")
        self.results = {"done": _("done"), "impossible": _("not possible")}
        self.outcomes = {
            "repaired": _("Repaired, weighing as before"),
            "second_scale": _("Weighing on the second scale"),
            "by_hand": _("Weighing by hand with two persons"),
            "stopped": _("Stopped: no truck leaves"),
            "false_alarm": _("False alarm"),
        }

    def what(self, code: str) -> str:
        """What happened."""
        return self.whats.get(code, code)

    def detail(self, text: str) -> str:
        """A detail that is an object: its members in words; a text as it is."""
        detail: Any = None
        if text.startswith("{"):
            try:
                detail = msgspec.json.decode(text)
            except msgspec.MsgspecError:
                detail = None
        return self._said(detail) if isinstance(detail, dict) else self._values.get(text, text)

    def _said(self, detail: dict[str, Any]) -> str:
        return " · ".join(
            f"{self._member(name, value)} {self._value(name, value)}"
            for name, value in detail.items()
            if value not in (None, "", [], {})
        )

    def _member(self, name: str, value: Any) -> str:
        if name == "left" and isinstance(value, str):  # at an exit camera, not of a stock
            return self._leaving
        return self._members.get(name, name)

    def _value(self, name: str, value: Any) -> str:
        if name in _TIMES and isinstance(value, int) and 0 <= value <= MAX_TIME_MS:
            return datetime.fromtimestamp(value / 1000, CHINA).strftime("%Y-%m-%d %H:%M:%S")
        if isinstance(value, dict):
            return self._said(value)
        if isinstance(value, list):
            return ", ".join(str(each) for each in value)
        return self._values.get(value, value) if isinstance(value, str) else str(value)


def _whats(gettext: Callable[[str], str]) -> dict[str, str]:
    _ = gettext
    return {
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


def _members(gettext: Callable[[str], str]) -> dict[str, str]:
    _ = gettext
    return {
        "above_seq": _("after record No."),
        "back": _("back again"),
        "back_seq": _("re-weighed as record No."),
        "barrier": _("barrier"),
        "began_ms": _("begun at"),
        "both_kg": _("both together (kg)"),
        "bound_kg": _("bound (kg)"),
        "by": _("by"),
        "by_hand": _("weighed by hand"),
        "camera": _("camera"),
        "cause": _("cause"),
        "certificate": _("certificate"),
        "count": _("count"),
        "device": _("device"),
        "done": _("what was done"),
        "during": _("during"),
        "error": _("error"),
        "first_kg": _("first truck (kg)"),
        "for_s": _("lasted (s)"),
        "from_ms": _("from time"),
        "gave": _("who gave"),
        "gross_kg": _("gross (kg)"),
        "high_kg": _("highest zero (kg)"),
        "highest_kg": _("highest weight (kg)"),
        "kg": _("zero (kg)"),
        "lamp": _("lamp"),
        "left": _("left"),
        "limit_kg": _("limit (kg)"),
        "lost": _("lost"),
        "low_kg": _("lowest zero (kg)"),
        "minimum": _("minimum"),
        "net_kg": _("net (kg)"),
        "new": _("new number"),
        "note": _("note"),
        "offset_ms": _("offset (ms)"),
        "old": _("old number"),
        "outcome": _("outcome"),
        "over": _("over the limit"),
        "over_kg": _("over by (kg)"),
        "overrides": _("overrides"),
        "part": _("spare part"),
        "phase": _("phase"),
        "place": _("place"),
        "plan": _("plan No."),
        "plate": _("plate"),
        "plates": _("plates"),
        "problem": _("problem"),
        "readings": _("readings"),
        "reason": _("reason"),
        "remarks": _("remarks"),
        "result": _("result"),
        "scale": _("scale"),
        "seconds": _("seconds"),
        "seq": _("record No."),
        "skipped": _("skipped the scale"),
        "stands": _("on the scale now"),
        "state": _("state"),
        "step": _("step No."),
        "steps": _("number of steps"),
        "stream": _("stream"),
        "stuck": _("stuck"),
        "tare_kg": _("tare (kg)"),
        "tare_seq": _("tare of record No."),
        "test": _("test"),
        "ticket": _("ticket No."),
        "title": _("title"),
        "to_ms": _("to time"),
        "took": _("who took over"),
        "totals": _("totals"),
        "trucks": _("trucks"),
        "typed": _("plates typed"),
        "unknown": _("no verdict"),
        "unload_kg": _("to unload (kg)"),
        "unloaded": _("unloaded"),
        "upto_seq": _("up to record No."),
        "valid_until": _("valid until"),
        "verified_by": _("verified by"),
        "void": _("void"),
        "wanted": _("wanted"),
        "weighed": _("plate weighed"),
        "weighed_meanwhile": _("weighed meanwhile"),
        "why": _("why"),
        "with_net": _("with net"),
        "witness": _("second person"),
    }


def _values(gettext: Callable[[str], str]) -> dict[str, str]:
    _ = gettext
    return {
        "backed_off": _("backed off"),
        "left while the scale gave no weight": _("left while the scale gave no weight"),
        "drove over without stopping": _("drove over without stopping"),
        "drove over behind another truck": _("drove over behind another truck"),
        "left before its weight stood still": _("left before its weight stood still"),
        "left while two trucks stood on the scale": _("left while two trucks stood on the scale"),
        "two trucks stood on the scale": _("two trucks stood on the scale"),
        "axle_mass": _("more weight than its axles bore"),
        "axles": _("two axle readings"),
        "plates": _("two plates"),
        "rear_edge": _("the rear edge was covered again"),
        "restart": _("so before the restart"),
        "first": _("the first truck"),
        "second": _("the second truck"),
        "none": _("nobody"),
        "order": _("one only, says the gatekeeper"),
        "ordered, but it did not move": _("ordered, but it did not move"),
        "moved by another hand": _("moved by another hand"),
        "not acknowledged": _("not acknowledged"),
        "the record could not be stored": _("the record could not be stored"),
        "done": _("done"),
        "impossible": _("not possible"),
        "over": _("over the limit"),
        "unknown": _("no verdict"),
        "open": _("open"),
        "close": _("close"),
        "ok": _("sound"),
        "stale": _("no data"),
        "offline": _("not connected"),
        "fault": _("faulty"),
    }
