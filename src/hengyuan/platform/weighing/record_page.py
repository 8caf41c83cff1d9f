"""What the page of one record shows, read once and in few queries."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from hengyuan.law.codes import CARGO_TYPES
from hengyuan.law.penalties import DimensionOverrun, dimension_overruns, outer_limits
from hengyuan.law.vehicles import Combination
from hengyuan.platform.intake.models import Batch
from hengyuan.platform.ledger.models import SourceUnit
from hengyuan.platform.weighing import queries, words
from hengyuan.platform.weighing.axles import AxleDrawing, draw_axles
from hengyuan.platform.weighing.evidence import evidence_store
from hengyuan.platform.weighing.judgement import Explained, explain
from hengyuan.platform.weighing.models import Weighing
from hengyuan.platform.weighing.proof import BatchProof, Chain, Proof, prove, prove_batch
from hengyuan.platform.weighing.tables import Line
from hengyuan.record.suites import BadKey, fingerprint
from hengyuan.record.ticket import ticket_of, ticket_path

CLIPS = "_clip"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture or clip that the record names; `is_here` once its bytes were uploaded."""

    kind: Any
    digest: str
    url: str
    is_clip: bool
    is_here: bool


class RecordPage:
    """A record with everything around it. Neighbours are linked only where they may be seen."""

    def __init__(self, row: Weighing, user: Any) -> None:
        self.row = row
        self.user = user
        self.line = Line(row)
        self.explained: Explained = explain(row)
        try:
            self.chain: Chain | None = Chain(row.terminal)
        except BadKey:
            self.chain = None

    @property
    def ticket_url(self) -> str:
        """Where the public checks the ticket of this record; none for a void, which has no ticket.

        It shows what everybody may see; whoever sees the whole record may pass it on.
        """
        if self.row.kind_name == "void":
            return ""
        return ticket_path(ticket_of(self.row.terminal.code, self.row.seq, bytes(self.row.digest)))

    @property
    def links_unit(self) -> bool:
        """The ledger opens the unit only to whom it lies in scope today."""
        visible: Any = SourceUnit.objects.visible_to(self.user)
        return bool(visible.filter(pk=self.row.unit_id).exists())

    @property
    def yes_no(self) -> str:
        """For the template's `yesno`: yes, no and not known."""
        return f"{_('Yes')},{_('No')},—"

    @property
    def seq_before(self) -> str:
        return str(self.row.seq - 1)

    @property
    def cargo(self) -> str | None:
        return CARGO_TYPES.get(self.row.cargo or "", self.row.cargo)

    @property
    def flags(self) -> list[tuple[Any, Any]]:
        """Each flag in words, and what it means."""
        return [(words.FLAGS[name], words.FLAG_MEANINGS[name]) for name in self.row.flag_names]

    @property
    def assumed(self) -> list[Any]:
        """The facts that were unknown, so that the lowest possible limit was taken."""
        limit = self.explained.limit
        return [words.FACTS[fact] for fact in limit.assumed] if limit else []

    @property
    def band(self) -> str:
        band = self.explained.platform.band
        return "" if band is None else words.band_words(band.above_bp, band.upto_bp)

    @cached_property
    def drawing(self) -> AxleDrawing | None:
        row = self.row
        return draw_axles(
            row.layout, row.axles, row.axle_kg or (), row.group_kg or (), row.spacing_mm or ()
        )

    @property
    def overruns(self) -> tuple[DimensionOverrun, ...]:
        """Outer dimensions beyond 62号令 art. 3, where they were measured."""
        name = self.row.combination_name
        limits = outer_limits(None if name is None else Combination(name))
        return dimension_overruns(self.row.height_mm, self.row.width_mm, self.row.length_mm, limits)

    @cached_property
    def pictures(self) -> list[Picture]:
        store = evidence_store()
        code, seq = self.row.terminal.code, self.row.seq
        return [
            Picture(
                kind=words.FILE_KINDS[file.kind],
                digest=file.digest,
                url=reverse("weighing:evidence", args=[code, seq, file.digest]),
                is_clip=file.kind.endswith(CLIPS),
                is_here=store.has(file.digest),
            )
            for file in self.row.file_refs
        ]

    @cached_property
    def correction(self) -> Weighing | None:
        """The record that corrects this one."""
        found = queries.corrected([self.row])
        return found.get((self.row.terminal_id, self.row.seq))

    @cached_property
    def history(self) -> list[Line]:
        """All records of this truck, where there are others than this one."""
        if self.row.corrects is None and self.correction is None:
            return []
        return [Line(row) for row in queries.records_of_truck(self.row, self.user)]

    @property
    def was_weighed_again(self) -> bool:
        """The record that corrects this one is of another weighing."""
        later = self.correction
        if later is None or later.kind_name != "reweigh":
            return False
        # what is written down of a re-weighing later is of the same kind and the same weight
        return self.row.kind_name != "reweigh" or later.gross_kg != self.row.gross_kg

    @property
    def is_override(self) -> bool:
        """It was let out against the verdict."""
        return "override" in self.row.flag_names

    # the chain

    @cached_property
    def neighbours(self) -> queries.Neighbours | None:
        return queries.neighbours(self.row, self.chain) if self.chain else None

    @cached_property
    def before_url(self) -> str | None:
        return self._link(self.neighbours.before if self.neighbours else None)

    @cached_property
    def after_url(self) -> str | None:
        return self._link(self.neighbours.after if self.neighbours else None)

    def _link(self, other: Weighing | None) -> str | None:
        if other is None or not other.is_visible_to(self.user):
            return None
        return reverse("weighing:record", args=[self.row.terminal.code, other.seq])

    @cached_property
    def proof(self) -> Proof | None:
        if self.chain is None or self.neighbours is None:
            return None
        return prove(self.row, self.chain, self.neighbours.before_digest)

    @cached_property
    def batch(self) -> Batch | None:
        return queries.batch_of(self.row)

    @cached_property
    def batch_proof(self) -> BatchProof | None:
        if self.chain is None or self.batch is None:
            return None
        rows = queries.records_of(self.row.terminal_id, self.batch.first_seq, self.batch.last_seq)
        return prove_batch(self.batch, rows.iterator(), self.chain)

    @property
    def holds(self) -> bool:
        """Everything that was checked is in order."""
        return (
            self.proof is not None
            and self.proof.holds
            and self.batch_proof is not None
            and self.batch_proof.signature_holds
            and self.batch_proof.reaches_head
        )

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.chain.suite, self.chain.key_bytes) if self.chain else ""

    @property
    def hex(self) -> dict[str, str]:
        """The digests as they are written."""
        before = self.proof.previous if self.proof else None
        computed = self.proof.computed if self.proof else None
        return {
            "stored": bytes(self.row.digest).hex(),
            "previous": before.hex() if before else "",
            "computed": computed.hex() if computed else "",
            "signature": bytes(self.batch.signature).hex() if self.batch else "",
        }
