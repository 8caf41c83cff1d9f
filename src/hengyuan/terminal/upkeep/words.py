"""What the codes of the journal are called at the gate, and how a detail reads."""

from __future__ import annotations

from gettext import NullTranslations
from typing import Any

import msgspec


class JournalWords:
    """In the language of the gate; a code that is not known is shown as it is."""

    def __init__(self, words: NullTranslations) -> None:
        _ = words.gettext
        self.whats = {
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
        }
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

    @staticmethod
    def detail(text: str) -> str:
        """A detail that is an object: its values one after the other; a text as it is."""
        if not text.startswith("{"):
            return text
        try:
            detail: Any = msgspec.json.decode(text)
        except msgspec.MsgspecError:
            return text
        if not isinstance(detail, dict):
            return text
        return " · ".join(str(value) for value in detail.values() if value not in (None, ""))
