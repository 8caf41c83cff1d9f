"""What a display says to the driver: few words, big figures, the same on every display.

A verdict has four lines: plate, gross mass, limit, and what to do. Masses are in tonnes, to the
kilogram where the scale shows single kilograms, so that gross, limit and excess add up.
"""

from __future__ import annotations

from gettext import NullTranslations

from hengyuan.record.model import Record
from hengyuan.terminal.devices import Message
from hengyuan.terminal.judging import Finding


def tonnes(mass_kg: int) -> str:
    """Kilograms as tonnes, exactly: 49000 is "49.00", 49005 is "49.005"."""
    sign = "-" if mass_kg < 0 else ""
    whole, rest = divmod(abs(mass_kg), 1000)
    return f"{sign}{whole}.{rest:03d}" if rest % 10 else f"{sign}{whole}.{rest // 10:02d}"


class Messages:
    """The messages in one language."""

    def __init__(self, words: NullTranslations) -> None:
        self._ = self.gettext = words.gettext

    def idle(self) -> Message:
        """The scale is free."""
        _ = self._
        return Message((_("Welcome"), _("Drive onto the scale")), "idle")

    def wait(self) -> Message:
        """A truck is on the scale and not at rest."""
        _ = self._
        return Message((_("Please stop"), _("Weighing")), "wait")

    def move_forward(self) -> Message:
        """The truck's tail is not on the scale yet."""
        _ = self._
        return Message((_("Not wholly on the scale"), _("Drive forward a little")), "wait")

    def move_back(self) -> Message:
        """The truck's nose is off the scale already."""
        _ = self._
        return Message((_("Not wholly on the scale"), _("Back up a little")), "wait")

    def too_long(self) -> Message:
        """The truck sticks out at both ends."""
        _ = self._
        return Message((_("Not wholly on the scale"), _("Wait for the gatekeeper")), "wait")

    def two_trucks(self) -> Message:
        """Two trucks stand on the scale together: neither is weighed."""
        _ = self._
        return Message((_("Two trucks on the scale"), _("Second truck: back off")), "wait")

    def scale_fault(self) -> Message:
        """No weight can be had."""
        _ = self._
        return Message((_("Scale fault"), _("Wait for the gatekeeper")), "fault")

    def store_fault(self) -> Message:
        """A weight was taken and cannot be written down."""
        _ = self._
        return Message((_("System fault"), _("Wait for the gatekeeper")), "fault")

    def weighed(self, record: Record, finding: Finding | None) -> Message:
        """What was recorded of a truck, and what it is to do."""
        _ = self._
        name = record.plate or _("Plate not read")
        if record.kind == "void":
            return Message((name, _("Weighing void"), _("Wait for the gatekeeper")), "wait")
        if "override" in record.flags:
            gross = _("Gross {mass} t").format(mass=tonnes(record.gross_kg or 0))
            return Message((name, gross, _("Released, drive on")), "ok")
        return self.verdict(record.plate, record.gross_kg or 0, finding)

    def unload(self, record: Record, finding: Finding) -> Message:
        """How much a truck that is held has to unload; shown after its verdict."""
        _ = self._
        return Message(
            (
                record.plate or _("Plate not read"),
                _("Gross {mass} t").format(mass=tonnes(record.gross_kg or 0)),
                _("Over by {mass} t").format(mass=tonnes(finding.overload_kg)),
                _("Unload at least {mass} t").format(mass=tonnes(finding.unload_kg)),
            ),
            "over",
        )

    def verdict(self, plate: str | None, gross_kg: int, finding: Finding | None) -> Message:
        """What was found; None for an entering truck, which is only weighed."""
        _ = self._
        name = plate or _("Plate not read")
        gross = _("Gross {mass} t").format(mass=tonnes(gross_kg))
        if finding is None:
            return Message((name, gross, _("Weighed, drive on")), "ok")
        if finding.limit_kg is None:
            return Message((name, gross, _("Limit unknown"), _("Wait for the gatekeeper")), "wait")
        limit = _("Limit {mass} t").format(mass=tonnes(finding.limit_kg))
        if finding.verdict == "over":
            over = _("Over by {mass} t").format(mass=tonnes(finding.overload_kg))
            return Message((name, gross, limit, over), "over")
        return Message((name, gross, limit, _("Within the limit, drive on")), "ok")
