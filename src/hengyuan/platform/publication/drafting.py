"""Drafting a list from the ledger, and editing the draft."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from hengyuan.platform.accounts.models import User
from hengyuan.platform.ledger.models import Grade, SourceUnit, SupervisionMode, WorkingState
from hengyuan.platform.publication.locking import (
    Conflict,
    check_version,
    locked_draft,
    save,
    sign,
)
from hengyuan.platform.publication.models import (
    LeftOut,
    ListState,
    PublicationList,
    PublishedUnit,
)
from hengyuan.platform.regions.models import Level, Region
from hengyuan.platform.terminals.models import Terminal

# what a clerk decides of a unit; everything else comes from the ledger
DECIDED = ("mode", "supervisor_name", "supervisor_office", "duty_telephone", "department")
_SNAPSHOT = (
    "unit_code",
    "name",
    "credit_code",
    "address",
    "township_name",
    "kind",
    "grade",
)


class AlreadyInPreparation(ValueError):
    """The county has a draft, or a list in review, already."""


def suggested_mode(unit: SourceUnit, has_terminal: bool) -> SupervisionMode:
    """What the survey proposed; else after decree 301: electronic with equipment, stationed for
    key units, patrol for others. A suggestion: the county decides.
    """
    if unit.supervision_mode:
        return SupervisionMode(unit.supervision_mode)
    if has_terminal:
        return SupervisionMode.ELECTRONIC
    return SupervisionMode.STATIONED if unit.grade == Grade.KEY else SupervisionMode.PATROL


def snapshot(unit: SourceUnit) -> dict[str, Any]:
    """What a list says of a unit; the ledger's entry at this moment."""
    return {
        "unit_code": unit.code,
        "name": unit.name,
        "credit_code": unit.credit_code,
        "address": unit.address,
        "township_name": unit.township.name if unit.township else "",
        "kind": unit.kind,
        "grade": unit.grade,
    }


def ledger_units(region: Region) -> QuerySet[SourceUnit]:
    """The county's units that are not closed, each with `has_terminal`."""
    enrolled = Terminal.objects.enrolled().filter(unit=OuterRef("pk"))
    return (
        SourceUnit.objects.filter(region=region)
        .exclude(state=WorkingState.CLOSED)
        .select_related("township")
        .annotate(has_terminal=Exists(enrolled))
    )


def in_force(region: Region) -> PublicationList | None:
    """The county's newest list in public: the one open to objections, else the final one."""
    standing = PublicationList.objects.filter(
        region=region, state__in=[ListState.PUBLISHED, ListState.FINAL]
    )
    return standing.order_by("-published_on", "-pk").first()


@transaction.atomic
def draft_from_ledger(by: User, region: Region, title: str = "") -> PublicationList:
    """A draft with every working unit of the county; what was decided before is carried over.

    Units that do not work, or were taken off the previous list after an objection, are left out
    with that as the reason. Raises AlreadyInPreparation while another one is under way.
    """
    if region.level != Level.COUNTY:
        raise ValueError(f"{region} is no county")
    previous = in_force(region)
    drafted = PublicationList(
        region=region, title=title or default_title(region), supersedes=previous, drafted_by=by
    )
    try:
        with transaction.atomic():
            save(drafted, by, gettext_lazy("drafted from the ledger"))
    except IntegrityError as error:
        raise AlreadyInPreparation(
            _("A list of this county is in preparation already: finish or discard it first.")
        ) from error
    decided = _decided_before(previous)
    struck = _struck_before(previous)
    units = list(ledger_units(region))
    listed = [
        unit for unit in units if unit.state == WorkingState.WORKING and unit.pk not in struck
    ]
    others = [unit for unit in units if unit not in listed]
    reason = str(gettext_lazy("drafted from the ledger"))
    bulk_create_with_history(
        [_entry(drafted, unit, decided.get(unit.pk)) for unit in listed],
        PublishedUnit,
        default_user=by,
        default_change_reason=reason,
    )
    bulk_create_with_history(
        [_left_out(drafted, unit, struck.get(unit.pk)) for unit in others],
        LeftOut,
        default_user=by,
        default_change_reason=reason,
    )
    return drafted


def default_title(region: Region) -> str:
    """Data, hence Chinese whatever the language on screen."""
    return f"{region.name}道路货物运输源头单位名单（{timezone.localdate().year}年）"


@transaction.atomic
def retitle(by: User, pk: int, version: int, title: str) -> PublicationList:
    """Give a draft another title."""
    found = locked_draft(pk, version)
    found.title = title
    found.full_clean(validate_constraints=False)
    return save(found, by, gettext_lazy("title changed"))


@transaction.atomic
def set_unit(by: User, row_pk: int, version: int, decided: Mapping[str, str]) -> PublishedUnit:
    """Change what is decided of one unit. WrongState, Conflict, ValidationError."""
    row = _locked_row(row_pk, version)
    _decide(row, decided)
    return save(row, by, gettext_lazy("supervision changed"))


@transaction.atomic
def set_units(
    by: User,
    list_pk: int,
    versions: Mapping[int, int],
    decided: Mapping[str, str],
    only_empty: bool = False,
) -> int:
    """The same for many units at once, all or none; how many were changed.

    `versions` are those that were looked at, by the row's key; with `only_empty` nothing that was
    decided before is written over.
    """
    locked_draft(list_pk)
    rows = list(PublishedUnit.objects.select_for_update().filter(list=list_pk, pk__in=versions))
    if len(rows) != len(versions):
        raise Conflict(_("Some of these units are no longer on the list. Look at it once more."))
    changed = []
    for row in rows:
        check_version(row, versions[row.pk])
        new = {
            name: value
            for name, value in decided.items()
            if getattr(row, name) != value and not (only_empty and getattr(row, name))
        }
        if new:
            _decide(row, new)
            row.version += 1
            changed.append(row)
    if not changed:
        return 0
    bulk_update_with_history(
        changed,
        PublishedUnit,
        [*decided, "version"],
        default_user=by,
        default_change_reason=str(gettext_lazy("supervision changed for several units")),
    )
    return len(changed)


@transaction.atomic
def leave_out(by: User, row_pk: int, version: int, reason: str) -> LeftOut:
    """Take a unit off the draft and say why."""
    row = _locked_row(row_pk, version)
    left = LeftOut(
        list=row.list, unit=row.unit, unit_code=row.unit_code, name=row.name, reason=reason.strip()
    )
    left.full_clean(validate_unique=False, validate_constraints=False)
    sign(row, by, reason)
    row.delete()
    return save(left, by, gettext_lazy("left out"))


@transaction.atomic
def give_reason(
    by: User, list_pk: int, unit: SourceUnit, reason: str, version: int | None = None
) -> LeftOut:
    """Say why a unit of the ledger is not on the draft; `version` None where nothing was said."""
    drafted = locked_draft(list_pk)
    left = LeftOut.objects.filter(list=drafted, unit=unit).first()
    if (left.version if left else None) != version:
        raise Conflict(_("Somebody else has given a reason meanwhile. Look at it once more."))
    if PublishedUnit.objects.filter(list=drafted, unit=unit).exists():
        raise Conflict(_("The unit has been put on the list meanwhile."))
    left = left or LeftOut(list=drafted, unit=unit)
    left.unit_code, left.name, left.reason = unit.code, unit.name, reason.strip()
    left.full_clean(validate_unique=False, validate_constraints=False)
    return save(left, by, gettext_lazy("reason given"))


@transaction.atomic
def put_on(by: User, list_pk: int, unit: SourceUnit) -> PublishedUnit:
    """Put a unit of the ledger on the draft; what the previous list decided is carried over."""
    drafted = locked_draft(list_pk)
    if unit.region_id != drafted.region_id:
        raise ValueError(f"{unit} is not of {drafted.region}")
    if PublishedUnit.objects.filter(list=drafted, unit=unit).exists():
        raise Conflict(_("The unit is on the list already."))
    for left in LeftOut.objects.filter(list=drafted, unit=unit):
        sign(left, by, gettext_lazy("put on the list"))
        left.delete()
    fresh = ledger_units(drafted.region).get(pk=unit.pk)
    before = _decided_before(drafted.supersedes).get(unit.pk)
    return save(_entry(drafted, fresh, before), by, gettext_lazy("put on the list"))


@transaction.atomic
def refresh(by: User, list_pk: int) -> int:
    """Take names, codes and addresses over from the ledger once more; how many rows changed."""
    locked_draft(list_pk)
    return _refresh_rows(by, list_pk)


def _refresh_rows(by: User, list_pk: int) -> int:
    rows = PublishedUnit.objects.filter(list=list_pk).select_related("unit__township")
    changed = []
    for row in rows:
        now = snapshot(row.unit)
        if any(getattr(row, name) != value for name, value in now.items()):
            for name, value in now.items():
                setattr(row, name, value)
            row.version += 1
            changed.append(row)
    if changed:
        bulk_update_with_history(
            changed,
            PublishedUnit,
            [*_SNAPSHOT, "version"],
            default_user=by,
            default_change_reason=str(gettext_lazy("taken over from the ledger")),
        )
    return len(changed)


def _entry(
    drafted: PublicationList, unit: SourceUnit, before: Mapping[str, str] | None
) -> PublishedUnit:
    mode = suggested_mode(unit, unit.has_terminal)  # type: ignore[attr-defined]
    decided = dict(before) if before else {"mode": mode.value}
    decided["mode"] = decided.get("mode") or mode.value
    return PublishedUnit(list=drafted, unit=unit, **snapshot(unit), **decided)


def _left_out(drafted: PublicationList, unit: SourceUnit, struck_by: str | None) -> LeftOut:
    with override("zh-hans"):
        reason = f"台账登记状态：{WorkingState(unit.state).label}"
    if struck_by is not None:
        reason = f"异议{struck_by}成立，已移出上一期名单"
    return LeftOut(list=drafted, unit=unit, unit_code=unit.code, name=unit.name, reason=reason)


def _decided_before(previous: PublicationList | None) -> dict[int, dict[str, str]]:
    if previous is None:
        return {}
    rows: Iterable[dict[str, Any]] = previous.units.values("unit_id", *DECIDED)
    return {row.pop("unit_id"): row for row in rows}


def _struck_before(previous: PublicationList | None) -> dict[int, str]:
    if previous is None:
        return {}
    struck = previous.units.filter(struck_by__isnull=False)
    return dict(struck.values_list("unit_id", "struck_by__receipt"))


def _decide(row: PublishedUnit, decided: Mapping[str, str]) -> None:
    if unknown := set(decided) - set(DECIDED):
        raise ValueError(f"not to be decided here: {', '.join(sorted(unknown))}")
    for name, value in decided.items():
        setattr(row, name, value.strip())
    row.clean_fields(exclude=[name for name in _field_names(row) if name not in decided])


def _field_names(row: PublishedUnit) -> list[str]:
    return [field.name for field in row._meta.fields]


def _locked_row(pk: int, version: int) -> PublishedUnit:
    """The row of a draft. The list is locked first, so that all writers queue in one order."""
    row = PublishedUnit.objects.filter(pk=pk).first()
    if row is None:
        raise Conflict(_("This unit is no longer on the list. Look at it once more."))
    locked_draft(row.list_id)
    fresh = PublishedUnit.objects.select_for_update(of=("self",)).select_related("list", "unit")
    row = fresh.filter(pk=pk).first()
    if row is None:
        raise Conflict(_("This unit is no longer on the list. Look at it once more."))
    check_version(row, version)
    return row
