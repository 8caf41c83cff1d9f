"""What grade a unit's yearly tonnage suggests; the thresholds are settings."""

from __future__ import annotations

from django.conf import settings

from hengyuan.platform.ledger.models import Grade


def suggested_grade(throughput_t: int | None) -> Grade | None:
    """The grade by what a unit moves in a year (t); None where that is not known."""
    if throughput_t is None:
        return None
    if throughput_t >= settings.LEDGER_KEY_FROM_T:
        return Grade.KEY
    return Grade.NEXT if throughput_t >= settings.LEDGER_NEXT_FROM_T else Grade.GENERAL
