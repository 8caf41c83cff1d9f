"""Writes about terminals: creating, enrolling, suspending, retiring, asking something of one."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.models import User
from hengyuan.platform.ledger.models import Gate, SourceUnit
from hengyuan.platform.terminals.models import Command, EnrolmentCode, Terminal, TerminalState
from hengyuan.record.suites import BadKey, suite_named

CODE_VALID_FOR = timedelta(days=3)
COMMAND_VALID_FOR = timedelta(days=1)
COMMAND_MAX_BYTES = 128 * 1024
"""Of a command's arguments as JSON; what is larger is fetched by an address or in parts."""
COMMAND_CHANNEL = "terminal_command"
"""Where the intake lane hears of a new command, so that it reaches the terminal at once."""
_COMMAND_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NUMBER_MAX = 99
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U to misread
_CODE_GROUPS, _GROUP_CHARS = 4, 5  # 100 bits


class EnrolmentRefused(Exception):
    """A terminal may not enrol. `error` is the code that it is answered with."""

    error = "refused"


class UnknownCode(EnrolmentRefused):
    error = "unknown_code"


class ExpiredCode(EnrolmentRefused):
    error = "expired_code"


class UsedCode(EnrolmentRefused):
    error = "used_code"


class WrongTerminal(EnrolmentRefused):
    error = "wrong_terminal"


class UnknownSuite(EnrolmentRefused):
    error = "unknown_suite"


class UnusableKey(EnrolmentRefused):
    error = "bad_key"


class WrongState(ValueError):
    """What was asked for is not possible in the terminal's present state."""


@transaction.atomic
def create_terminal(
    by: User | None, unit: SourceUnit, name: str, gate: Gate | None = None
) -> Terminal:
    """A planned terminal under the unit's next number; ValidationError names what is wrong."""
    # the unit's row is locked until the terminal is stored, so no number is given twice
    SourceUnit.objects.select_for_update().get(pk=unit.pk)
    last = unit.terminals.aggregate(last=Max("code"))["last"]
    number = int(last[-2:]) + 1 if last else 1
    if number > _NUMBER_MAX:
        raise WrongState(f"{unit.code}: all {_NUMBER_MAX} terminal numbers are given out")
    terminal = Terminal(unit=unit, code=f"{unit.code}-{number:02d}", name=name, gate=gate)
    terminal.full_clean()
    _save(terminal, by, _("created"))
    return terminal


@transaction.atomic
def issue_enrolment_code(
    terminal: Terminal, by: User, valid_for: timedelta = CODE_VALID_FOR
) -> str:
    """A new one-time code, its text shown this once; codes issued before are revoked.

    WrongState once the terminal has a key: a PC that is replaced is a new terminal.
    """
    terminal = _locked(terminal)
    if terminal.state != TerminalState.PLANNED:
        raise WrongState(f"{terminal.code} is {terminal.state}, only a planned terminal enrols")
    now = timezone.now()
    terminal.enrolment_codes.filter(used_at=None, revoked_at=None).update(revoked_at=now)
    text = "-".join(
        "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_CHARS)) for _ in range(_CODE_GROUPS)
    )
    EnrolmentCode.objects.create(
        terminal=terminal, code_hash=_hash(text), created_by=by, expires_at=now + valid_for
    )
    return text


def enrol(code: str, suite: str, public_key_hex: str, terminal_code: str = "") -> Terminal:
    """Give the code's terminal its key. Raises a subclass of EnrolmentRefused.

    The same code with the same key once more is answered as the first time, because an answer
    can get lost on its way. A refused key leaves the code usable.
    """
    public_key = _checked_key(suite, public_key_hex)
    found = (
        EnrolmentCode.objects.select_related("terminal__unit").filter(code_hash=_hash(code)).first()
    )
    if found is None:
        raise UnknownCode("this code was never issued; check it for typing errors")
    terminal = found.terminal
    if terminal_code and terminal_code != terminal.code:
        raise WrongTerminal(f"the code was issued for another terminal than {terminal_code}")
    if _claim(found, suite, public_key):
        return Terminal.objects.select_related("unit").get(pk=terminal.pk)
    found.refresh_from_db()
    if found.used_at is not None:
        terminal.refresh_from_db()
        if (terminal.suite, terminal.public_key) == (suite, public_key):
            return terminal
        raise UsedCode("this code has been used; the county issues a new terminal if needed")
    raise ExpiredCode("this code has expired or was replaced; ask the county for a new one")


def suspend(terminal: Terminal, by: User, reason: str) -> Terminal:
    """Refuse its records for the time being."""
    return _move(terminal, by, {TerminalState.ENROLLED}, TerminalState.SUSPENDED, reason)


def resume(terminal: Terminal, by: User, reason: str) -> Terminal:
    """Take its records again."""
    return _move(terminal, by, {TerminalState.SUSPENDED}, TerminalState.ENROLLED, reason)


@transaction.atomic
def retire(terminal: Terminal, by: User, reason: str) -> Terminal:
    """Close it for good: its records stay, its key speaks no more, open codes end."""
    every_other = set(TerminalState) - {TerminalState.RETIRED}
    retired = _move(terminal, by, every_other, TerminalState.RETIRED, reason)
    open_codes = retired.enrolment_codes.filter(used_at=None, revoked_at=None)
    open_codes.update(revoked_at=timezone.now())
    return retired


@transaction.atomic
def send_command(
    terminal: Terminal,
    name: str,
    arguments: dict[str, Any],
    by: User | None,
    valid_for: timedelta = COMMAND_VALID_FOR,
) -> Command:
    """Ask something of a terminal. It has it within a second of the commit if it is connected.

    `name` is what the terminal's registry (`terminal/uplink/commands.py`) calls its handler, for
    example `configure`, `rule_pack`, `update`, `live_video`, `take_clip`; `arguments` is JSON of at
    most COMMAND_MAX_BYTES. The command is stored with who asked and when. It is handed over again
    until the terminal answers `done` or `failed` (`Command.state`, `Command.answer`) or
    `valid_for` is over, so its handler must do no harm the second time; commands to one terminal
    are handed over in the order in which they were asked. A terminal that is suspended hears
    nothing until it is resumed.

    Whether `by` may ask this is checked by the caller (`accounts.permissions`), who also finds
    the terminal by `visible_to`. ValueError for a bad name or arguments; WrongState for a terminal
    that is not enrolled.
    """
    if not _COMMAND_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a command")
    text = json.dumps(arguments, ensure_ascii=False, allow_nan=False)
    if "\\u0000" in text:
        raise ValueError("the arguments hold a NUL, which the database cannot keep")
    if len(text.encode()) > COMMAND_MAX_BYTES:
        raise ValueError(f"the arguments have more than {COMMAND_MAX_BYTES} bytes")
    if terminal.state not in (TerminalState.ENROLLED, TerminalState.SUSPENDED):
        raise WrongState(f"{terminal.code} is {terminal.state}, nothing can be asked of it")
    now = timezone.now()
    command = Command.objects.create(
        terminal=terminal,
        name=name,
        arguments=arguments,
        asked_by=by,
        asked_at=now,
        expires_at=now + valid_for,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [COMMAND_CHANNEL])
    return command


@transaction.atomic
def _claim(code: EnrolmentCode, suite: str, public_key: str) -> bool:
    now = timezone.now()
    # columns of its own row only: with a join the database would not look at them again after
    # having waited for somebody else who claims the same code
    claimed = EnrolmentCode.objects.filter(
        pk=code.pk, used_at=None, revoked_at=None, expires_at__gt=now
    ).update(used_at=now)
    if not claimed:
        return False
    terminal = _locked(code.terminal)
    if terminal.state != TerminalState.PLANNED:
        raise ExpiredCode(f"{terminal.code} is {terminal.state} and needs no code any more")
    terminal.state = TerminalState.ENROLLED
    terminal.suite = suite
    terminal.public_key = public_key
    terminal.enrolled_at = now
    try:
        with transaction.atomic():
            _save(terminal, code.created_by, _("enrolled with a one-time code"))
    except IntegrityError as error:
        # leaving the outer block by this exception gives the code back
        raise UnusableKey("another terminal has this key; make a new pair") from error
    return True


def _checked_key(suite: str, public_key_hex: str) -> str:
    try:
        key = bytes.fromhex(public_key_hex)
    except ValueError:
        raise UnusableKey("the public key is not in hexadecimal") from None
    try:
        suite_named(suite).load_public(key)
    except KeyError as error:
        raise UnknownSuite(error.args[0]) from error
    except BadKey as error:
        raise UnusableKey(str(error)) from error
    return key.hex()


def _hash(code: str) -> str:
    """Of what was meant: hyphens, spaces and case do not count, O is 0, I and L are 1."""
    meant = code.upper().translate(str.maketrans("OIL", "011", "- \t"))
    return hashlib.sha256(meant.encode()).hexdigest()


@transaction.atomic
def _move(
    terminal: Terminal,
    by: User,
    allowed: set[TerminalState],
    state: TerminalState,
    reason: str,
) -> Terminal:
    terminal = _locked(terminal)
    if terminal.state not in allowed:
        raise WrongState(f"{terminal.code} is {terminal.state}, it cannot become {state}")
    terminal.state = state
    _save(terminal, by, reason)
    return terminal


def _locked(terminal: Terminal) -> Terminal:
    return Terminal.objects.select_for_update(of=("self",)).get(pk=terminal.pk)


def _save(terminal: Terminal, by: User | None, reason: Any) -> None:
    terminal._history_user = by  # type: ignore[attr-defined]
    terminal._change_reason = str(reason)[:100]  # type: ignore[attr-defined]
    terminal.save()
