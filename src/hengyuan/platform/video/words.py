"""What a terminal answers to a demand for pictures, in words that say what to do."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FAILURES: dict[str, str | Promise] = {
    "no_camera": _("The terminal has no camera of this name any more. Load the page again."),
    "no_picture": _(
        "The camera sends no picture: it is off or its network is broken. Ask the source unit to "
        "look to it."
    ),
    "no_footage": _(
        "The terminal has no recording of this camera from that time: it is older than what is "
        "kept, or the camera was off."
    ),
    "bad_span": _("The terminal does not give out clips of that length. Ask for a shorter one."),
    "too_many": _("The terminal is sending as many pictures as its line allows. Try again later."),
    "too_large": _("The clip is larger than what may be sent. Ask for a shorter one."),
    "disk": _("The terminal's disk did not take the clip. Ask the source unit to look to it."),
    "unknown_command": _("The terminal's software is too old for this. Have it updated."),
    "no_video": _("No camera stream is set up at this terminal."),
    "line": _("The pictures found no way through the terminal's line. Try again later."),
    "refused": _("The platform did not take what the terminal sent. Its log says more."),
    "fault": _("The terminal could not do it because of a fault. Its log says more."),
}
"""By the code before the colon of a failed command's answer; see docs/protocol.md."""


PLACES: dict[str, str | Promise] = {
    "front": _("Front"),
    "rear": _("Rear"),
    "front_side": _("Front and side"),
    "rear_side": _("Rear and side"),
    "panorama": _("Whole scale"),
    "cab": _("Cab"),
    "weigh_room": _("Weigh room"),
}
"""What a camera sees; a terminal may also send words of its own."""


def place(name: str) -> str | Promise:
    """What a camera sees, in words."""
    return PLACES.get(name, name)


def failure(answer: str) -> str | Promise:
    """Why a terminal failed, for people; its own words where the code is unknown."""
    code = answer.partition(":")[0]
    return FAILURES.get(code, answer or _("The terminal gave no reason."))
