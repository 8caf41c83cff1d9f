"""The ledger (企业信息台账): source units, their gates and lanes, what stands at these."""

from hengyuan.platform.ledger.models.choices import (
    AccuracyClass,
    Direction,
    EquipmentKind,
    Grade,
    SupervisionMode,
    UnitKind,
    WorkingState,
)
from hengyuan.platform.ledger.models.duplicates import NotDuplicate
from hengyuan.platform.ledger.models.equipment import Equipment, Scale, UnitDevice
from hengyuan.platform.ledger.models.gates import Gate, Lane
from hengyuan.platform.ledger.models.imports import ImportSession, ImportState
from hengyuan.platform.ledger.models.units import SourceUnit, SourceUnitQuerySet

__all__ = [
    "AccuracyClass",
    "Direction",
    "Equipment",
    "EquipmentKind",
    "Gate",
    "Grade",
    "ImportSession",
    "ImportState",
    "Lane",
    "NotDuplicate",
    "Scale",
    "SourceUnit",
    "SourceUnitQuerySet",
    "SupervisionMode",
    "UnitDevice",
    "UnitKind",
    "WorkingState",
]
