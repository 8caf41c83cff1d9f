"""`[upkeep]` of the configuration: when a device counts as failed, what a scale's zero may be, and
which emergency plans there are. Every key is written up in docs/terminal.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from msgspec import Meta

from hengyuan.terminal.config_base import Seconds, Table

PlanCause = Literal[
    "scale", "axle", "camera", "display", "voice", "barrier", "lamp", "sensor", "terminal"
]
"""The kind of device at whose failure a plan begins by itself; `terminal` is the terminal's own
trouble: its store, its uplink."""


class PlanTable(Table, frozen=True, kw_only=True):
    """`[[upkeep.plans]]`: one emergency plan, a checklist."""

    title: Annotated[str, Meta(min_length=1, max_length=60)]
    begins_with: list[PlanCause] = []
    """Kinds of devices; none: it is begun by hand only."""
    steps: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=300)]], Meta(min_length=1, max_length=30)
    ]


class UpkeepTable(Table, frozen=True, kw_only=True):
    """`[upkeep]`"""

    failed_after_s: Seconds = 30.0
    """A device that is out of order for so long has failed; what is shorter is not written down."""
    sound_after_s: Seconds = 30.0
    """A device that is in order for so long is sound again."""
    plan_after_s: Seconds = 60.0
    """A device that is out of order for so long begins the emergency plans for its kind."""
    ticket_after_s: Seconds = 600.0
    """A device that is out of order for so long asks for its repair by itself."""
    zero_bound_kg: Annotated[int, Meta(ge=1, le=2_000)] = 60
    """What a free scale may show, above zero or below."""
    zero_free_s: Seconds = 60.0
    """A scale that is free for so long has its reading counted."""
    zero_every_s: Seconds = 3_600.0
    """So often the reading is written down."""
    plans: list[PlanTable] | None = None
    """None: the plans that come along; an empty list: none at all."""


def plans_of(settings: UpkeepTable, gettext: Callable[[str], str]) -> tuple[PlanTable, ...]:
    """The gate's emergency plans: its own, or those that come along."""
    return default_plans(gettext) if settings.plans is None else tuple(settings.plans)


def default_plans(gettext: Callable[[str], str]) -> tuple[PlanTable, ...]:
    """Plans that suit most gates, in the language of the gate."""
    _ = gettext
    scale = PlanTable(
        title=_("Scale out of order"),
        begins_with=["scale"],
        steps=[
            _("Stop the trucks in front of the scale; put up the notice, close the lane"),
            _("Look at power, cable and indicator; switch the indicator off and on once"),
            _("Send the trucks over the second scale, if the gate has one that is verified"),
            _(
                "No second scale: weigh by hand with two persons, each signing with their PIN; "
                "take a picture of plate and indicator"
            ),
            _("Neither is possible: stop loading, let no truck out, tell the county office"),
            _("Tell the firm that repairs it, and see that a maintenance ticket is open"),
            _("After the repair: weigh a truck of known weight twice, write the result down"),
        ],
    )
    camera = PlanTable(
        title=_("Camera out of order"),
        begins_with=["camera"],
        steps=[
            _("Look at power, network cable and lens of the camera"),
            _("Type the plates by hand; every truck's plate is photographed"),
            _("Tell the firm that repairs it, and see that a maintenance ticket is open"),
            _("After the repair: let a truck pass and compare its plate"),
        ],
    )
    display = PlanTable(
        title=_("Display out of order"),
        begins_with=["display"],
        steps=[
            _("Tell each driver the verdict by word of mouth; over the limit: no way out"),
            _("Look at power and cable of the display"),
            _("Tell the firm that repairs it, and see that a maintenance ticket is open"),
            _("After the repair: let the display show a verdict"),
        ],
    )
    power = PlanTable(
        title=_("Power or network lost"),
        steps=[
            _("Power: start the spare supply; without it let no truck out"),
            _("Network: go on weighing; everything is kept and goes up by itself later"),
            _("Network away for more than a day: tell the county office by telephone"),
            _("When it is back: see on the weighing page that the queue becomes empty"),
        ],
    )
    return scale, camera, display, power
