"""What an order has to bring along: who gives it, why, and figures that can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hengyuan.law.codes import CARGO_TYPES
from hengyuan.law.plates import InvalidPlate, Plate, PlateColour, PlateKind, parse_plate
from hengyuan.law.vehicles import InvalidVehicle, parse_layout
from hengyuan.record.model import MAX_MASS_KG
from hengyuan.terminal.judging import MAX_AXLES, MIN_AXLES
from hengyuan.terminal.lane.sightings import AxlesSeen
from hengyuan.terminal.people import Person

MAX_REASON = 200
MAX_TEXT = 64

_GREEN = frozenset({PlateColour.GREEN, PlateColour.GRADIENT_GREEN, PlateColour.YELLOW_GREEN})
_COLOURS: dict[PlateKind, frozenset[PlateColour]] = {
    PlateKind.ORDINARY: frozenset(PlateColour) - _GREEN,
    PlateKind.NEW_ENERGY_SMALL: _GREEN | {PlateColour.UNKNOWN},
    PlateKind.NEW_ENERGY_LARGE: _GREEN | {PlateColour.UNKNOWN},
    PlateKind.TRAILER: frozenset(),
}


class OrderRefused(Exception):
    """The order was not carried out; the text says why and what to do, in the gate's language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """What the ticket needs beside the weight. None is: not known."""

    cargo: str | None = None
    """A code of `law.codes.CARGO_TYPES`."""
    note_no: str | None = None
    """Number of the loading note (货物装载单)."""
    destination: str | None = None
    carrier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """A weight that two people read off another scale, and what they know of the truck."""

    gross_kg: int
    plate: str
    colour: str | None = None
    """A name of `PlateColour`."""
    axles: int | None = None
    layout: str | None = None
    """Like 1+2+3. Without it and without `axles` there is no verdict."""
    tare_kg: int | None = None
    kind: Literal["entry", "exit"] | None = None
    """None for what the lane is; a lane for both has to be told."""
    loading: Loading = Loading()


class Checks:
    """Refuses what an order must not be; the texts are in the language of the gate."""

    def __init__(self, gettext: Callable[[str], str]) -> None:
        self._ = gettext

    def two(self, operator: Person | None, witness: Person | None) -> tuple[str, str]:
        """The names of two people, of whom the second is a supervisor."""
        _ = self._
        if operator is None or witness is None:
            raise OrderRefused(_("This needs people with names and PINs in the configuration"))
        if operator.name == witness.name:
            raise OrderRefused(_("The second person has to be another one"))
        if not witness.is_supervisor:
            raise OrderRefused(_("The second person has to be a supervisor"))
        return operator.name, witness.name

    def reason(self, text: str) -> str:
        """Why, in one line."""
        _ = self._
        reason = " ".join(text.split())
        if not reason:
            raise OrderRefused(_("A reason is needed"))
        if len(reason) > MAX_REASON or not reason.isprintable():
            raise OrderRefused(_("At most {count} characters").format(count=MAX_REASON))
        return reason

    def plate(self, text: str, colour: str | None) -> tuple[str, PlateColour | None]:
        """A truck's plate and its colour, which have to fit."""
        _ = self._
        try:
            plate = parse_plate(text)
        except InvalidPlate:
            raise OrderRefused(_("{plate} is no plate").format(plate=text[:20])) from None
        if plate.kind is PlateKind.TRAILER:
            raise OrderRefused(_("{plate} is a trailer's plate").format(plate=plate.text))
        return plate.text, self._colour(plate, colour)

    def _colour(self, plate: Plate, name: str | None) -> PlateColour | None:
        _ = self._
        try:
            colour = PlateColour(name) if name else plate.colour
        except ValueError:
            raise OrderRefused(_("{colour} is no plate colour").format(colour=name)) from None
        if colour is not None and colour not in _COLOURS[plate.kind]:
            what = _("{plate} cannot have the colour {colour}")
            raise OrderRefused(what.format(plate=plate.text, colour=colour.zh))
        return colour

    def loading(self, loading: Loading) -> None:
        """What the ticket needs."""
        _ = self._
        if loading.cargo is not None and loading.cargo not in CARGO_TYPES:
            raise OrderRefused(_("{code} is no kind of cargo").format(code=loading.cargo))
        for text in (loading.note_no, loading.destination, loading.carrier):
            if text is not None and (not 1 <= len(text) <= MAX_TEXT or not text.isprintable()):
                raise OrderRefused(_("At most {count} characters").format(count=MAX_TEXT))

    def masses(self, weight: ByHand) -> None:
        """Gross and tare of a weight that was read off."""
        _ = self._
        if not 1 <= weight.gross_kg <= MAX_MASS_KG:
            what = _("The gross mass is between 1 and {most} kg")
            raise OrderRefused(what.format(most=MAX_MASS_KG))
        if weight.tare_kg is not None and not 0 <= weight.tare_kg < weight.gross_kg:
            raise OrderRefused(_("The tare has to be below the gross mass"))

    def axles(self, weight: ByHand) -> AxlesSeen | None:
        """The axles as an identifier would have reported them."""
        _ = self._
        layout: tuple[int, ...] = ()
        if weight.layout:
            try:
                layout = parse_layout(weight.layout)
            except InvalidVehicle:
                what = _("{layout} is no layout: write it like 1+2+3")
                raise OrderRefused(what.format(layout=weight.layout[:20])) from None
        count = weight.axles if weight.axles is not None else sum(layout) or None
        if count is None:
            return None
        if layout and sum(layout) != count:
            raise OrderRefused(_("The layout has another number of axles"))
        if not MIN_AXLES <= count <= MAX_AXLES:
            what = _("A truck has {least} to {most} axles")
            raise OrderRefused(what.format(least=MIN_AXLES, most=MAX_AXLES))
        return AxlesSeen(axles=count, layout=layout)
