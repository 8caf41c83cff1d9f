"""One truck's way over the scale, as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass, field

from hengyuan.terminal.lane.sightings import AxlesSeen, PlateSeen, Sighting


@dataclass(slots=True, eq=False)
class Passage:
    """One truck on the scale. Times are on the monotonic clock."""

    arrived_at: float
    resumed: bool = False
    """It was found on the scale when the terminal started."""
    follows: Passage | None = None
    """The weight changed without the scale having been free: the passage it may belong to."""
    after_gap: bool = False
    """Since it arrived, or between `follows` and this one, the scale gave no weight for a while."""
    corrects: int | None = None
    """Seq of the record that this passage weighs anew."""
    settled_at: float | None = None
    mass_kg: int | None = None
    sightings: dict[str, Sighting] = field(default_factory=dict)
    """What was joined to it, by device."""
    seq: int | None = None
    """Its record, once stored."""
    gone_at: float | None = None
    whole: bool = False
    """Sensors saw it stand wholly on the scale when its weight stood."""
    asked: bool = False
    """Its pictures were asked for."""
    expected: set[str] = field(default_factory=set)
    """Cameras that were asked for a picture and have not answered yet."""
    stood_kg: int | None = None
    """The weight that stood before, while its plate or axles were waited for, and then rose."""
    dipped_kg: int | None = None
    """The least that was left of `follows` when the weight rose again; None where it had not gone
    down."""
    surely_one: bool = False
    """It is known not to be two trucks that stand together."""
    pictures_late: list[tuple[Sighting, bool]] = field(default_factory=list)
    """Pictures that came while its record was being stored, and whether it stood there then."""
    highest_kg: int = 0
    """The largest mass that was seen of it."""

    @property
    def plates(self) -> list[PlateSeen]:
        """Its plate events, those of front cameras first, and before them what a person typed."""
        bodies = [s.body for s in self.sightings.values() if isinstance(s.body, PlateSeen)]
        return sorted(
            (body for body in bodies if not body.only_pictures),
            key=lambda body: (not body.typed, body.rear),
        )

    @property
    def direction(self) -> str | None:
        """How it drove, as the first camera that says so saw it."""
        return next((body.direction for body in self.plates if body.direction), None)

    @property
    def pictured(self) -> list[PlateSeen]:
        """Everything with pictures of it: its plate events, and what cameras without plates saw."""
        bodies = [s.body for s in self.sightings.values() if isinstance(s.body, PlateSeen)]
        return sorted(bodies, key=lambda body: (body.only_pictures, body.rear))

    @property
    def axles(self) -> AxlesSeen | None:
        """Its axle reading."""
        for sighting in self.sightings.values():
            if isinstance(sighting.body, AxlesSeen):
                return sighting.body
        return None

    @property
    def plate(self) -> str | None:
        """The plate of the truck or tractor, from a front camera, if one was read."""
        return next((body.plate for body in self.plates if body.plate and not body.rear), None)
