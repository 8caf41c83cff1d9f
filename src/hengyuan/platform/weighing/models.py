"""The stored record. Written by intake only, never changed; everyone else reads.

The table itself is made by the migration in SQL (partitions); this model is how Django reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.scope import Scope, scope_of, scope_q
from hengyuan.platform.ledger.models import SourceUnit
from hengyuan.platform.terminals.models import Terminal
from hengyuan.platform.weighing import archived, columns, rule_pack_numbers
from hengyuan.record.canonical import write_line
from hengyuan.record.model import FileRef, Record


def county_range(prefix: str) -> tuple[int, int]:
    """First and last county number of a region prefix: "1410" gives 141000 and 141099."""
    return int(prefix[:6].ljust(6, "0")), int(prefix[:6].ljust(6, "9"))


class PackedNumbersField(models.BinaryField):
    """Numbers packed by `columns.pack_numbers`, read as a tuple."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> tuple[int, ...]:
        return columns.unpack_numbers(value)


if TYPE_CHECKING:
    _TextKeptAsNumber = models.Field[str | None, str | None]
else:
    _TextKeptAsNumber = models.Field


class CargoField(_TextKeptAsNumber):
    """The four digits of a class of cargo, kept as a small number."""

    def get_internal_type(self) -> str:
        return "SmallIntegerField"

    def from_db_value(self, value: int | None, expression: Any, connection: Any) -> str | None:
        return None if value is None else columns.cargo_code(value)

    def get_prep_value(self, value: str | None) -> int | None:
        return None if value is None else columns.cargo_no(value)


class RulePackField(_TextKeptAsNumber):
    """The name of a rule pack, kept as its number."""

    def get_internal_type(self) -> str:
        return "IntegerField"

    def from_db_value(self, value: int | None, expression: Any, connection: Any) -> str | None:
        return None if value is None else rule_pack_numbers.name_of(value)

    def get_prep_value(self, value: str | None) -> int | None:
        return None if value is None else rule_pack_numbers.stored_number(value)


class RulePackNumber(models.Model):
    """A rule pack that records name: the number stands in the record, the name here."""

    id = models.AutoField(primary_key=True)
    name = models.TextField(unique=True)

    class Meta:
        db_table = "weighing_rule_pack"

    def __str__(self) -> str:
        return self.name


class ScopedQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """What this user may see: by the county and unit that the record had at intake.

        The county stands in the record itself as a number, so that a scope is a range of it.
        """
        return self.in_scope(scope_of(user))

    def in_scope(self, scope: Scope) -> Self:
        """The same for a scope that was worked out before, such as that of a live board."""
        if scope.unit_id is not None:
            return self.filter(unit_id=scope.unit_id)
        if scope.region_prefix is not None:
            first, last = county_range(scope.region_prefix)
            return (
                self.filter(county=first)
                if first == last
                else self.filter(county__range=(first, last))
            )
        return self.none()


class WeighingQuerySet(ScopedQuerySet):
    """Records, of archived months too (`archived` says what that covers)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._iterable_class = archived.RecordIterable

    def count(self) -> int:
        found = super().count()
        return found if self._result_cache is not None else found + archived.count(self, found)

    def exists(self) -> bool:
        return super().exists() or (self._result_cache is None and archived.exists(self))


class Weighing(models.Model):
    """One weighing as it was recorded, with the platform's own second judgement."""

    pk = models.CompositePrimaryKey("terminal_id", "seq", "weighed_at")
    terminal = models.ForeignKey(
        Terminal, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    seq = models.BigIntegerField()
    weighed_at = models.DateTimeField()
    county = models.IntegerField()
    unit = models.ForeignKey(
        SourceUnit, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    gross_kg = models.IntegerField(null=True)
    tare_kg = models.IntegerField(null=True)
    net_kg = models.IntegerField(null=True)
    raw_kg = models.IntegerField(null=True)
    limit_kg = models.IntegerField(null=True)
    licensed_total_kg = models.IntegerField(null=True)
    platform_limit_kg = models.IntegerField(null=True)
    flags = models.IntegerField()
    corrects = models.BigIntegerField(null=True)
    height_mm = models.IntegerField(null=True)
    length_mm = models.IntegerField(null=True)
    width_mm = models.IntegerField(null=True)
    kind = models.SmallIntegerField()
    lane = models.SmallIntegerField()
    axles = models.SmallIntegerField(null=True)
    missing_tyres = models.SmallIntegerField(null=True)
    drive_axles = models.SmallIntegerField(null=True)
    combination = models.SmallIntegerField(null=True)
    plate_colour = models.SmallIntegerField(null=True)
    verdict = models.SmallIntegerField(null=True)
    platform_verdict = models.SmallIntegerField()
    air_suspension = models.BooleanField(null=True)
    dual_tyres = models.BooleanField(null=True)
    assumed = models.BooleanField()
    digest = models.BinaryField()
    files = models.BinaryField(null=True)
    axle_kg = PackedNumbersField(null=True)
    group_kg = PackedNumbersField(null=True)
    spacing_mm = PackedNumbersField(null=True)
    plate = models.TextField(null=True)
    trailer_plate = models.TextField(null=True)
    layout = models.TextField(null=True)
    rule_pack = RulePackField(null=True)
    cargo = CargoField(null=True)
    note_no = models.TextField(null=True)
    carrier = models.TextField(null=True)
    destination = models.TextField(null=True)
    operator = models.TextField(null=True)
    witness = models.TextField(null=True)
    reason = models.TextField(null=True)

    objects = WeighingQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "weighing"
        ordering = ["-weighed_at"]

    def __str__(self) -> str:
        return f"{self.terminal_id}/{self.seq}"

    def is_visible_to(self, user: Any) -> bool:
        """`visible_to` for a record that was read already."""
        return scope_of(user).covers(f"{self.county:06d}", self.unit_id)

    def as_record(self) -> Record:
        """The record as the terminal made it."""
        return columns.to_record(self, self.terminal.code)

    def line(self) -> bytes:
        """The canonical line, made again from the columns."""
        return write_line(self.as_record())

    @property
    def kind_name(self) -> str:
        return columns.KINDS[self.kind]

    @property
    def verdict_name(self) -> str | None:
        return None if self.verdict is None else columns.VERDICTS[self.verdict]

    @property
    def platform_verdict_name(self) -> str:
        return columns.VERDICTS[self.platform_verdict]

    @property
    def combination_name(self) -> str | None:
        return None if self.combination is None else columns.COMBINATIONS[self.combination]

    @property
    def plate_colour_name(self) -> str | None:
        return None if self.plate_colour is None else columns.PLATE_COLOURS[self.plate_colour]

    @property
    def flag_names(self) -> tuple[str, ...]:
        return columns.unpack_flags(self.flags)

    @property
    def file_refs(self) -> tuple[FileRef, ...]:
        return columns.unpack_files(self.files)


class WeighingCount(models.Model):
    """Trucks by unit, local day, hour, kind and band: what boards and reports read."""

    pk = models.CompositePrimaryKey("unit_id", "day", "hour", "kind", "band")
    unit = models.ForeignKey(
        SourceUnit, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    day = models.DateField()
    hour = models.SmallIntegerField()
    kind = models.SmallIntegerField()
    band = models.SmallIntegerField()
    county = models.IntegerField()
    trucks = models.IntegerField()
    gross_kg = models.BigIntegerField()
    overload_kg = models.BigIntegerField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "weighing_count"

    def __str__(self) -> str:
        return f"{self.unit_id} {self.day} {self.hour}"


class ExportQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Exports by people of the offices in scope: a superior sees what its offices took out."""
        return self.filter(
            scope_q(user, region="by__office__region", unit="by__office__source_unit")
        )


class Export(models.Model):
    """Who took records out of the platform, when, which ones and how many."""

    class What(models.TextChoices):
        RECORDS = "records", _("Records (Excel)")
        TABLE = "table", _("Records (CSV)")
        CHAIN = "chain", _("Record chain (NDJSON)")

    # nobody where the keeper of the machine used the command line; the description says who
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), auto_now_add=True)
    what = models.CharField(_("what"), max_length=10, choices=What.choices)
    wanted = models.JSONField(_("wanted"), default=dict)
    description = models.TextField(_("description"))
    records = models.PositiveIntegerField(_("records"), null=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        indexes = [models.Index(fields=["-at"], name="weighing_export_at")]

    def __str__(self) -> str:
        return f"{self.get_what_display()} {self.at:%Y-%m-%d %H:%M}"
