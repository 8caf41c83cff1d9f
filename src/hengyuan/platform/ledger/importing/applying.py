"""A plan written to the ledger in one transaction, if it still is what was looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from hengyuan.platform.ledger.importing.known import known_to
from hengyuan.platform.ledger.importing.plan import Plan, Writes
from hengyuan.platform.ledger.importing.planning import plan_import
from hengyuan.platform.ledger.importing.sheets import ReadBook
from hengyuan.platform.ledger.models import SourceUnit
from hengyuan.platform.ledger.services import next_codes
from hengyuan.platform.ledger.signing import REASON_CHARS

if TYPE_CHECKING:
    from hengyuan.platform.accounts.models import User

_AT_ONCE = 500

Tell = Callable[[int, int], None]


class LedgerChanged(Exception):
    """The ledger is no longer the one that was looked at: `plan` says what would be done now."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("the plan has another fingerprint than the one that was confirmed")
        self.plan = plan


@transaction.atomic
def import_book(
    by: User | None, book: ReadBook, file_name: str, fingerprint: str, tell: Tell | None = None
) -> Plan:
    """Plan once more with everything locked, and write it if it is the plan that was confirmed.

    Raises LedgerChanged, and then nothing is written.
    """
    plan = plan_import(book, known_to(by, lock=True))
    if plan.fingerprint() != fingerprint:
        raise LedgerChanged(plan)
    apply_plan(by, plan, file_name, tell)
    return plan


def apply_plan(by: User | None, plan: Plan, file_name: str, tell: Tell | None = None) -> None:
    """Write all that the plan has, table by table. The caller holds the locks (`known_to`).

    The history names the file as the reason of every row. LedgerFull where a county has no codes
    left.
    """
    reason = (_("import of %s") % file_name)[:REASON_CHARS]
    total = sum(len(writes.new) + len(writes.changed) for writes in plan.writes.values())
    done = 0
    _give_codes(plan.writes[SourceUnit].new)
    for model, writes in plan.writes.items():
        for portion in _portions(writes.new):
            bulk_create_with_history(portion, model, default_user=by, default_change_reason=reason)
            done += len(portion)
            if tell is not None:
                tell(done, total)
        for fields, records in _by_fields(model, writes).items():
            for portion in _portions(records):
                bulk_update_with_history(
                    portion, model, list(fields), default_user=by, default_change_reason=reason
                )
                done += len(portion)
                if tell is not None:
                    tell(done, total)


def _give_codes(units: list[SourceUnit]) -> None:
    by_county: dict[Any, list[SourceUnit]] = defaultdict(list)
    for unit in units:
        by_county[unit.region].append(unit)
    for county in sorted(by_county, key=lambda county: county.pk):
        codes = next_codes(county, len(by_county[county]))
        for unit, code in zip(by_county[county], codes, strict=True):
            unit.code = code


def _by_fields(model: Any, writes: Writes) -> dict[tuple[str, ...], list[Any]]:
    """Records to change by the fields that change, so that each statement writes those alone."""
    by_fields: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    now = timezone.now()
    for record, fields in writes.changed.values():
        if model is SourceUnit:
            record.updated_at = now
            fields = fields | {"updated_at"}
        by_fields[tuple(sorted(fields))].append(record)
    return by_fields


def _portions(records: list[Any]) -> list[list[Any]]:
    return [records[start : start + _AT_ONCE] for start in range(0, len(records), _AT_ONCE)]
