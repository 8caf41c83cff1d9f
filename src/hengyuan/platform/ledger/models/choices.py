"""What the fields of the ledger may say."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class UnitKind(models.TextChoices):
    """The kinds of `hengyuan.law.codes.SourceUnitKind`, with the names shown on screen."""

    COAL = "coal", _("Coal")
    STEEL = "steel", _("Steel")
    CEMENT = "cement", _("Cement")
    SAND_STONE = "sand-stone", _("Sand and stone")
    COKE = "coke", _("Coke")
    COMMERCIAL_VEHICLES = "commercial-vehicles", _("Commercial vehicles")
    FREIGHT_STATION = "freight-station", _("Freight station")
    LOGISTICS_PARK = "logistics-park", _("Logistics park")
    OTHER = "other", _("Other")


class Grade(models.TextChoices):
    """How closely a unit is watched; suggested by what it moves in a year."""

    KEY = "key", _("Key")
    NEXT = "next", _("Next to key")
    GENERAL = "general", _("General")


class WorkingState(models.TextChoices):
    BUILDING = "building", _("Under construction")
    WORKING = "working", _("Working")
    PAUSED = "paused", _("Production paused")
    CLOSED = "closed", _("Closed")


class SupervisionMode(models.TextChoices):
    """The modes of `hengyuan.law.codes.SupervisionMode`: what the survey suggests for a unit."""

    STATIONED = "stationed", _("Stationed officers")
    PATROL = "patrol", _("Patrol")
    ELECTRONIC = "electronic", _("Electronic supervision")


class Direction(models.TextChoices):
    IN = "in", _("Inward")
    OUT = "out", _("Outward")
    BOTH = "both", _("Both ways")


class AccuracyClass(models.TextChoices):
    """III and IIII of static scales (OIML R 76), the others of weighing in motion (OIML R 134)."""

    III = "III", _("III (medium)")
    IIII = "IIII", _("IIII (ordinary)")
    WIM_0_2 = "0.2", _("0.2 (in motion)")
    WIM_0_5 = "0.5", _("0.5 (in motion)")
    WIM_1 = "1", _("1 (in motion)")
    WIM_2 = "2", _("2 (in motion)")
    WIM_5 = "5", _("5 (in motion)")
    WIM_10 = "10", _("10 (in motion)")

    @property
    def is_static(self) -> bool:
        return self in {AccuracyClass.III, AccuracyClass.IIII}


class EquipmentKind(models.TextChoices):
    PLATE_CAMERA = "plate-camera", _("Plate camera")
    CAMERA = "camera", _("Surveillance camera")
    DISPLAY = "display", _("Electronic display")
    AXLE_IDENTIFIER = "axle-identifier", _("Axle identifier")
    POSITION_SENSOR = "position-sensor", _("Position sensor")
    BARRIER = "barrier", _("Barrier")
    LANE_CONTROLLER = "lane-controller", _("Lane controller")
    UPS = "ups", _("Uninterruptible power supply")
    OTHER = "other", _("Other equipment")


CAMERAS = frozenset({EquipmentKind.PLATE_CAMERA, EquipmentKind.CAMERA})
"""Either counts as video surveillance (视频监控) of the work plan."""
