"""What intake keeps beside the records. Written by the lane in SQL; Django reads."""

from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.scope import scope_q
from hengyuan.platform.terminals.models import Terminal


class ChainHead(models.Model):
    """The last record of a terminal that is stored: the watermark."""

    terminal = models.OneToOneField(
        Terminal, primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False
    )
    last_seq = models.BigIntegerField()
    head = models.BinaryField()

    class Meta:
        managed = False
        db_table = "intake_chainhead"

    def __str__(self) -> str:
        return f"{self.terminal_id}: {self.last_seq}"


class Batch(models.Model):
    """An accepted batch with its signature. Ids rise in the order of the commits."""

    id = models.BigIntegerField(primary_key=True)
    terminal = models.ForeignKey(
        Terminal, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    first_seq = models.BigIntegerField()
    last_seq = models.BigIntegerField()
    received_at = models.DateTimeField()
    prev = models.BinaryField()
    head = models.BinaryField()
    signature = models.BinaryField()

    class Meta:
        managed = False
        db_table = "intake_batch"

    def __str__(self) -> str:
        return f"{self.terminal_id}: {self.first_seq}-{self.last_seq}"


class RefusalCode(models.TextChoices):
    """Why a kept batch was refused; the codes of the protocol."""

    CONFLICT = "conflict", _("Another record under a stored number")
    BROKEN_CHAIN = "broken_chain", _("Lines do not lead to the signed head")
    BAD_SIGNATURE = "bad_signature", _("Not signed by the enrolled key")
    BAD_RECORD = "bad_record", _("Record breaks the rules")
    NOT_CANONICAL = "not_canonical", _("Not in canonical form")


class RefusedBatchQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(scope_q(user, region="terminal__unit__region", unit="terminal__unit"))


class RefusedBatch(models.Model):
    """A refused batch as it came: evidence of tampering or of a fault."""

    id = models.BigIntegerField(primary_key=True)
    terminal = models.ForeignKey(
        Terminal, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    code = models.TextField(choices=RefusalCode)
    detail = models.TextField()
    line = models.IntegerField(null=True)
    first_seq = models.BigIntegerField(null=True)
    last_seq = models.BigIntegerField(null=True)
    body_digest = models.BinaryField()
    body = models.BinaryField()
    remote = models.TextField()
    times = models.IntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    objects = RefusedBatchQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "intake_refused"

    def __str__(self) -> str:
        return f"{self.terminal_id}: {self.code}"
