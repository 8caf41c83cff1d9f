"""The record of a weight that people read off another scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hengyuan.law.plates import PlateColour
from hengyuan.record.model import Record
from hengyuan.terminal.judging import Finding, VehicleFacts
from hengyuan.terminal.lane.order_checks import ByHand


def by_hand_record(
    weight: ByHand,
    plate: str,
    colour: PlateColour | None,
    facts: VehicleFacts,
    finding: Finding | None,
    **known: Any,
) -> Callable[[int], Record]:
    """How the record is made once its number is known; `known` are the fields that are ready.

    It has no raw weight: no indicator of this terminal showed one.
    """

    def make(seq: int) -> Record:
        return Record(
            v=1,
            seq=seq,
            gross_kg=weight.gross_kg,
            tare_kg=weight.tare_kg,
            net_kg=None if weight.tare_kg is None else weight.gross_kg - weight.tare_kg,
            axles=facts.axles,
            layout=facts.layout_text,
            combination=None if facts.combination is None else facts.combination.value,
            drive_axles=facts.drive_axles,
            limit_kg=finding.limit_kg if finding else None,
            verdict=finding.verdict if finding else None,
            rule_pack=finding.rule_pack if finding else None,
            assumed=finding.assumed if finding else False,
            plate=plate,
            plate_colour=None if colour is None else colour.value,
            cargo=weight.loading.cargo,
            note_no=weight.loading.note_no,
            destination=weight.loading.destination,
            carrier=weight.loading.carrier,
            **known,
        )

    return make
