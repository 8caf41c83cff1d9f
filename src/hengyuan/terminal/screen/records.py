"""Records to be found, looked at and taken along."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hengyuan.law.codes import CARGO_TYPES
from hengyuan.record.canonical import read_line
from hengyuan.record.model import Record
from hengyuan.record.ticket import ticket_of
from hengyuan.terminal.lane.recording import finding_of
from hengyuan.terminal.messages import tonnes
from hengyuan.terminal.screen.exports import CSV, EXCEL, csv_of, excel_of
from hengyuan.terminal.screen.filters import Asked, asked
from hengyuan.terminal.screen.pages import Pages
from hengyuan.terminal.screen.vocabulary import (
    clock_time,
    date_of,
    level,
    mass,
    moment,
    passage_level,
)
from hengyuan.terminal.store import search, shifts
from hengyuan.terminal.store.search import Passage, Total

PAGE_ROWS = 50
MAX_EXPORT = 100_000


@dataclass(frozen=True, slots=True)
class Stored:
    """A record with its digest, as the store holds it."""

    record: Record
    digest: bytes


class RecordPages:
    """`/records` and what is below it."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._terminal = pages.terminal
        self._words = pages.vocabulary

    def routes(self) -> list[Route]:
        """Where they are."""
        guard = self._pages.guard
        return [
            Route("/records", guard(self.found)),
            Route("/records.csv", guard(self.as_csv)),
            Route("/records.xlsx", guard(self.as_excel)),
            Route("/records/{seq:int}", guard(self.record)),
        ]

    async def found(self, request: Request) -> Response:
        """GET /records: what fits, newest first."""
        asked_for = await self._asked(request)

        def read(db: sqlite3.Connection) -> tuple[list[Passage], Total, list[str]]:
            found = search.search(db, asked_for.wanted, PAGE_ROWS + 1, asked_for.before_seq)
            return found, search.total(db, asked_for.wanted), search.known_cargoes(db)

        found, total, cargoes = await self._terminal.worker.read(read)
        more = found[PAGE_ROWS - 1].first_seq if len(found) > PAGE_ROWS else None
        return self._pages.render(
            request,
            "records.html",
            asked=asked_for,
            rows=[self.row(passage) for passage in found[:PAGE_ROWS]],
            total=total,
            tonnes=tonnes,
            older=None if more is None else asked_for.address("/records", before=more),
            newest=asked_for.address("/records") if asked_for.before_seq is not None else None,
            verdicts=self._words.verdicts | {"void": self._words.records["void"]},
            flags=self._words.flags,
            lanes=list(self._terminal.board.lanes.values()),
            cargoes={code: CARGO_TYPES[code] for code in cargoes if code in CARGO_TYPES}
            | CARGO_TYPES,
            export_rows=MAX_EXPORT,
        )

    async def as_csv(self, request: Request) -> Response:
        """GET /records.csv: the same search, for other programs."""
        return await self._export(request, CSV)

    async def as_excel(self, request: Request) -> Response:
        """GET /records.xlsx: the same search, for an office."""
        return await self._export(request, EXCEL)

    async def _export(self, request: Request, media_type: str) -> Response:
        asked_for = await self._asked(request)
        words, terminal = self._words, self._terminal.identity.terminal

        def read(db: sqlite3.Connection) -> bytes:
            # made in the thread that reads: the lanes go on meanwhile
            found = search.search(db, asked_for.wanted, MAX_EXPORT)
            make = csv_of if media_type == CSV else excel_of
            return make(found, words, terminal)

        data = await self._terminal.worker.read(read)
        ending = "csv" if media_type == CSV else "xlsx"
        disposition = f'attachment; filename="{terminal}-records.{ending}"'
        headers = {"content-disposition": disposition, "cache-control": "no-store"}
        return Response(data, media_type=media_type, headers=headers)

    async def _asked(self, request: Request) -> Asked:
        asked_for = asked(request.query_params, self._terminal.words)
        number = asked_for.fields["shift"]
        if number.isascii() and number.isdigit():
            shift = await self._terminal.worker.read(lambda db: shifts.by_id(db, int(number[:9])))
            if shift is not None:
                wanted = replace(
                    asked_for.wanted, above_seq=shift.above_seq, upto_seq=shift.upto_seq
                )
                return replace(asked_for, wanted=wanted)
        return asked_for

    def row(self, passage: Passage) -> dict[str, Any]:
        """A line of a list."""
        words = self._words
        over = 0
        if passage.verdict == "over" and passage.gross_kg and passage.limit_kg:
            over = passage.gross_kg - passage.limit_kg
        return {
            "seq": passage.first_seq,
            "day": date_of(passage.day).isoformat(),
            "time": clock_time(passage.began_at),
            "lane": passage.lane,
            "plate": passage.plate or "–",
            "gross": mass(passage.gross_kg),
            "net": mass(passage.net_kg),
            "limit": mass(passage.limit_kg),
            "over": tonnes(over) if over > 0 else "",
            "level": passage_level(passage),
            "verdict": words.verdict_of(passage),
            "unloaded": passage.first_verdict == "over" and passage.verdict == "pass",
            "cargo": words.cargo(passage.cargo),
            "flags": [words.flags.get(flag, flag) for flag in passage.flags],
            "records": passage.records,
        }

    async def record(self, request: Request) -> Response:
        """GET /records/{seq}: a passage with all that was recorded of it."""
        seq = request.path_params["seq"]
        found = await self._terminal.worker.read(lambda db: read_passage(db, seq))
        if found is None:
            what = self._pages.gettext("There is no record {seq} here").format(seq=seq)
            return self._pages.missing(request, what)
        passage, chain = found
        last = chain[-1].record
        shown = last if last.kind != "void" else chain[-2].record if len(chain) > 1 else last
        files = {file.digest: file for each in chain for file in each.record.files}
        words = self._words
        return self._pages.render(
            request,
            "record.html",
            passage=passage,
            row=self.row(passage),
            record=shown,
            finding=finding_of(shown),
            level=level,
            vehicle=words.vehicle(shown),
            colour=words.colour(shown.plate_colour),
            number=str(ticket_of(last.terminal, last.seq, chain[-1].digest)),
            pictures=[
                {"url": f"/evidence/{file.digest}", "kind": file.kind,
                 "title": words.pictures[file.kind]}
                for file in files.values() if file.kind in words.pictures
            ],
            clips=[
                {"url": f"/evidence/{file.digest}", "title": words.clips[file.kind]}
                for file in files.values() if file.kind in words.clips
            ],
            chain=[self._link(each) for each in chain],
            mass=mass,
            cargo=words.cargo(shown.cargo),
            void=passage.kind == "void",
        )  # fmt: skip

    def _link(self, stored: Stored) -> dict[str, Any]:
        """One record of the chain of corrections."""
        record, words = stored.record, self._words
        return {
            "seq": record.seq,
            "time": moment(record.weighed_at),
            "kind": words.records[record.kind],
            "plate": record.plate or "–",
            "gross": mass(record.gross_kg),
            "verdict": words.verdicts[record.verdict] if record.verdict else "–",
            "flags": [words.flags[flag] for flag in record.flags],
            "corrects": record.corrects,
            "operator": record.operator or "",
            "witness": record.witness or "",
            "reason": record.reason or "",
            "digest": stored.digest.hex(),
            "acked": record.seq <= self._terminal.uplink.acked_seq,
        }


def read_passage(connection: sqlite3.Connection, seq: int) -> tuple[Passage, list[Stored]] | None:
    """The passage that a record belongs to, with all its records, oldest first; None if none."""
    passage = search.passage_of(connection, seq)
    if passage is None:
        return None
    seqs = search.seqs_of(connection, passage.first_seq)
    marks = ", ".join("?" * len(seqs))
    rows = connection.execute(
        f"SELECT line, digest FROM record WHERE seq IN ({marks}) ORDER BY seq",  # noqa: S608
        seqs,
    )
    chain = [Stored(read_line(line), bytes(digest)) for line, digest in rows]
    return (passage, chain) if chain and any(each.record.seq == seq for each in chain) else None
