"""An import by a person: upload, dry run, confirmation; each step can be done once.

The dry run and the import run where they were asked for when the file is small, else in a thread
that tells how far it is. One at a time in a process: it is the one that takes the trucks' records,
too.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

import structlog
from django.db import connection, connections, transaction
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from hengyuan.platform.accounts.models import User
from hengyuan.platform.accounts.permissions import may
from hengyuan.platform.ledger.importing import report
from hengyuan.platform.ledger.importing.applying import LedgerChanged, import_book
from hengyuan.platform.ledger.importing.known import known_to
from hengyuan.platform.ledger.importing.package import UnusableFile
from hengyuan.platform.ledger.importing.plan import Plan
from hengyuan.platform.ledger.importing.planning import plan_import
from hengyuan.platform.ledger.importing.sheets import read
from hengyuan.platform.ledger.lifecycle import WrongState
from hengyuan.platform.ledger.models import ImportSession, ImportState
from hengyuan.platform.ledger.models.imports import AT_WORK, SILENT_AFTER

log = structlog.get_logger(__name__)

VALID_FOR = timedelta(hours=2)
AT_ONCE_BYTES = 100 * 1024
"""A smaller file (some 500 units) is worked on while the person waits for the page."""
_TELL_EVERY_S = 0.5

_one_at_a_time = threading.Lock()


def upload(by: User, file_name: str, content: bytes) -> ImportSession:
    """Keep a workbook and begin its dry run. What is wrong with the file is found there."""
    tidy()
    session = ImportSession.objects.create(
        by=by,
        office=by.office,
        expires_at=timezone.now() + VALID_FOR,
        file_name=file_name[:200],
        size_bytes=len(content),
        digest=hashlib.sha256(content).hexdigest(),
        content=content,
    )
    _begin(session, _check)
    return session


def confirm(by: User, session: ImportSession) -> None:
    """Begin to import what the dry run has shown. WrongState when it is not to be confirmed."""
    _claim(by, session, {ImportState.READY}, ImportState.APPLYING)
    _begin(session, _apply)


def check_again(by: User, session: ImportSession) -> None:
    """Begin the dry run anew: the process that was at work has died, or an import has failed.

    An import is one transaction that also marks its session, so nothing of it was written.
    """
    silent = timezone.now() - SILENT_AFTER
    stuck = ImportSession.objects.filter(
        pk=session.pk,
        by=by,
        content__isnull=False,
        expires_at__gt=timezone.now(),
    )
    claimed = stuck.filter(
        state__in=[ImportState.CHECKING, ImportState.APPLYING], alive_at__lt=silent
    ) | stuck.filter(state=ImportState.FAILED)
    if not claimed.update(state=ImportState.CHECKING, alive_at=timezone.now(), rows_done=0):
        raise WrongState(_("This import is not to be checked again."))
    _begin(session, _check)


def cancel(by: User, session: ImportSession) -> None:
    """Forget the workbook. WrongState when it is imported, or being imported."""
    waiting = {ImportState.READY, ImportState.REFUSED, ImportState.FAILED}
    _claim(by, session, waiting, ImportState.CANCELLED)
    ImportSession.objects.filter(pk=session.pk).update(
        content=None, report={}, finished_at=timezone.now()
    )


def tidy() -> int:
    """Forget the workbooks whose time has run out; how many."""
    return ImportSession.objects.overdue().update(
        state=ImportState.EXPIRED, content=None, report={}, finished_at=timezone.now()
    )


def _claim(by: User, session: ImportSession, allowed: set[ImportState], state: ImportState) -> None:
    """Move the session on, once: of two who try, one gets WrongState."""
    now = timezone.now()
    moved = ImportSession.objects.filter(
        pk=session.pk, by=by, state__in=allowed, expires_at__gt=now
    ).update(state=state, alive_at=now, rows_done=0)
    session.refresh_from_db()
    if not moved:
        if session.expires_at <= now:
            raise WrongState(_("The time for this import has run out. Upload the file again."))
        raise WrongState(
            _("Not possible: the import is in the state “%s”.") % session.get_state_display()
        )


def _begin(session: ImportSession, job: Callable[[ImportSession, Any], None]) -> None:
    if session.size_bytes <= AT_ONCE_BYTES:
        _run(session, job, None)
        session.refresh_from_db()
        return
    language = get_language()

    def work() -> None:
        try:
            with _one_at_a_time, override(language):
                _run(session, job, _Progress(session))
        finally:
            connections.close_all()

    threading.Thread(target=work, name=f"import-{session.pk}", daemon=True).start()


def _run(
    session: ImportSession, job: Callable[[ImportSession, Any], None], progress: _Progress | None
) -> None:
    try:
        job(session, progress)
    except UnusableFile as unusable:
        _refuse(session, Plan(problems=[unusable.problem]))
    except Exception:
        log.exception("ledger.import_failed", session=str(session.pk))
        _store(session, AT_WORK, state=ImportState.FAILED)
    finally:
        if progress is not None:
            progress.close()


def _check(session: ImportSession, progress: _Progress | None) -> None:
    book = read(_content(session), progress)
    plan = plan_import(book, known_to(session.by), progress)
    if not book.is_usable:
        _refuse(session, plan)
        return
    _store(
        session,
        {ImportState.CHECKING},
        state=ImportState.READY,
        report=report.stored(plan),
        fingerprint=plan.fingerprint(),
        ledger_changed=False,
    )


def _apply(session: ImportSession, progress: _Progress | None) -> None:
    if not may(session.by, "units.import"):
        raise PermissionError(f"{session.by} may no longer import")
    book = read(_content(session))
    try:
        with transaction.atomic():
            import_book(session.by, book, session.file_name, session.fingerprint, progress)
            # in the same transaction: either both are there after a crash, or neither
            done = {"state": ImportState.DONE, "content": None, "finished_at": timezone.now()}
            if not _store(session, {ImportState.APPLYING}, **done):
                raise WrongState("somebody has begun this import anew")
    except LedgerChanged as changed:
        _store(
            session,
            {ImportState.APPLYING},
            state=ImportState.READY,
            report=report.stored(changed.plan),
            fingerprint=changed.plan.fingerprint(),
            ledger_changed=True,
        )
        return
    log.info("ledger.imported", session=str(session.pk), by=session.by.username)


def _refuse(session: ImportSession, plan: Plan) -> None:
    _store(
        session,
        {ImportState.CHECKING},
        state=ImportState.REFUSED,
        report=report.stored(plan),
        content=None,
        finished_at=timezone.now(),
    )


def _content(session: ImportSession) -> bytes:
    content = ImportSession.objects.values_list("content", flat=True).get(pk=session.pk)
    if content is None:
        raise WrongState(_("The time for this import has run out. Upload the file again."))
    return bytes(content)


def _store(session: ImportSession, expected: Collection[str], **fields: Any) -> bool:
    """Write the outcome, unless somebody has taken the session over meanwhile."""
    own = ImportSession.objects.filter(pk=session.pk, state__in=expected)
    return bool(own.update(alive_at=timezone.now(), **fields))


class _Progress:
    """Tells how far a job is, on a connection of its own: the job's may be in a transaction."""

    def __init__(self, session: ImportSession) -> None:
        self._session = session
        self._connection = connection.copy()
        self._told_at = timezone.now() - timedelta(days=1)

    def __call__(self, done: int, total: int) -> None:
        now = timezone.now()
        if (now - self._told_at).total_seconds() < _TELL_EVERY_S:
            return
        self._told_at = now
        table = connection.ops.quote_name(ImportSession._meta.db_table)
        with self._connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET rows_done = %s, rows_total = %s, alive_at = %s WHERE id = %s",  # noqa: S608
                [done, total, now, self._session.pk],
            )

    def close(self) -> None:
        self._connection.close()
