"""What the stored names are called on a page: kinds, verdicts, flags, pictures, facts."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Words = dict[str, str | Promise]

KINDS: Words = {
    "entry": pgettext_lazy("kind of weighing", "Entry"),
    "exit": pgettext_lazy("kind of weighing", "Exit"),
    "reweigh": pgettext_lazy("kind of weighing", "Re-weigh"),
    "void": pgettext_lazy("kind of weighing", "Void"),
}

# What a list can be narrowed to: a correction is of no other truck than the record it replaces.
WANTED_KINDS: Words = KINDS | {"correction": pgettext_lazy("kind of weighing", "Correction")}

VERDICTS: Words = {
    "over": pgettext_lazy("verdict", "Over limit"),
    "pass": pgettext_lazy("verdict", "Pass"),
    "unknown": pgettext_lazy("verdict", "Unknown"),
}

COMBINATIONS: Words = {
    "rigid": _("Rigid truck"),
    "articulated": _("Articulated train"),
    "centre-axle": _("Centre-axle trailer train"),
    "full-trailer": _("Full-trailer train"),
}

PLATE_COLOURS: Words = {
    "unknown": pgettext_lazy("plate colour", "Unknown"),
    "blue": pgettext_lazy("plate colour", "Blue"),
    "yellow": pgettext_lazy("plate colour", "Yellow"),
    "black": pgettext_lazy("plate colour", "Black"),
    "white": pgettext_lazy("plate colour", "White"),
    "green": pgettext_lazy("plate colour", "Green"),
    "gradient_green": pgettext_lazy("plate colour", "Gradient green"),
    "yellow_green": pgettext_lazy("plate colour", "Yellow and green"),
    "blue_white": pgettext_lazy("plate colour", "Blue to white"),
    "agri_yellow": pgettext_lazy("plate colour", "Agricultural yellow"),
    "agri_green": pgettext_lazy("plate colour", "Agricultural green"),
    "red": pgettext_lazy("plate colour", "Red"),
    "other": pgettext_lazy("plate colour", "Other"),
}

FLAGS: Words = {
    "axles_disagree": _("Axle count does not fit the layout"),
    "axles_unknown": _("Axle count unknown"),
    "camera_late": _("Plate came after the verdict"),
    "camera_missing": _("No plate event came"),
    "clock_unsynced": _("Clock not synchronised"),
    "manual_weight": _("Weight written by hand"),
    "override": _("Let out against the verdict"),
    "plate_typed": _("Plate typed by hand"),
    "plate_unread": _("Plate not read"),
    "rear_plate_differs": _("Front and rear plate differ"),
    "resumed": _("Weighed on after a restart"),
    "skipped_scale": _("Left without being weighed"),
}

MARKS = frozenset({"manual_weight", "override", "plate_typed", "skipped_scale"})
"""Flags that a line of the live board has room for: what people did at the gate."""

# What each flag means for whoever reads the record; shown beside it on the record's page.
FLAG_MEANINGS: Words = {
    "axles_disagree": _("The axle identifier's count and the layout or length contradict."),
    "axles_unknown": _("Judged by the lowest limit, or not at all."),
    "camera_late": _("The plate was added once the camera had sent it."),
    "camera_missing": _("The camera sent nothing for this passage."),
    "clock_unsynced": _("The terminal could not vouch for its clock; mind the time."),
    "manual_weight": _("Entered under the emergency plan, not taken from the scale."),
    "override": _("A second person released the truck and gave a reason."),
    "plate_typed": _("The gatekeeper entered it; compare it with the picture."),
    "plate_unread": _("The camera saw a truck and read no plate."),
    "rear_plate_differs": _("They are not a known pair of tractor and trailer."),
    "resumed": _("The terminal was restarted while the truck stood on the scale."),
    "skipped_scale": _("Seen by the exit camera only: there is no weight."),
}

FILE_KINDS: Words = {
    "plate": pgettext_lazy("picture", "Plate"),
    "head": pgettext_lazy("picture", "Front"),
    "tail": pgettext_lazy("picture", "Rear"),
    "front_side": pgettext_lazy("picture", "Front side"),
    "rear_side": pgettext_lazy("picture", "Rear side"),
    "cab": pgettext_lazy("picture", "Cab"),
    "weigh_room": pgettext_lazy("picture", "Weigh room"),
    "head_clip": pgettext_lazy("picture", "Clip, front"),
    "tail_clip": pgettext_lazy("picture", "Clip, rear"),
    "front_side_clip": pgettext_lazy("picture", "Clip, front side"),
    "rear_side_clip": pgettext_lazy("picture", "Clip, rear side"),
    "panorama_clip": pgettext_lazy("picture", "Clip, panorama"),
}

# Facts that the limit depends on, as the limit table's assumptions name them.
FACTS: Words = {
    "combination": _("combination"),
    "layout": _("axle layout"),
    "drive_axles": _("number of drive axles"),
}


def band_words(above_bp: int | None, upto_bp: int | None) -> str:
    """A band of the overload rate in words: "over 10% to 30%"; bounds in 1/100 %."""
    if above_bp is None:
        return str(_("not over"))
    if upto_bp is None:
        return str(_("above %(above)s%%")) % {"above": f"{above_bp / 100:g}"}
    return str(_("%(above)s%% to %(upto)s%%")) % {
        "above": f"{above_bp / 100:g}",
        "upto": f"{upto_bp / 100:g}",
    }
