"""Orders to terminals: settings and rule packs, signed by this platform and sent as a command."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from typing import Any, cast

import msgspec
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from hengyuan.law.pack_documents import BadPack
from hengyuan.platform.accounts.models import User
from hengyuan.platform.rule_packs import learn
from hengyuan.platform.signing_key import signing_key
from hengyuan.platform.terminals.models import Directive, DirectiveKind, Terminal
from hengyuan.platform.terminals.services import WrongState, send_command
from hengyuan.record import directives

VALID_FOR = timedelta(days=30)
"""A gate may be without a line for weeks; what it gets then is still what the county wants."""
_COMMANDS = {
    DirectiveKind.CONFIGURATION: "configure",
    DirectiveKind.RULE_PACK: "rule_pack",
    DirectiveKind.SOFTWARE: "update",
}


def send_settings(terminal: Terminal, by: User, text: str, reason: str, whole: bool) -> Directive:
    """Settings (TOML) that lie over the terminal's file, or a whole file in its place.

    ValidationError for what is no TOML or empty; what the terminal makes of it, it answers itself.
    WrongState for one that is not enrolled.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValidationError(_("This is not TOML: %(error)s") % {"error": error}) from None
    if not table:
        raise ValidationError(_("There are no settings in it."))
    body: dict[str, Any] = {"whole": text} if whole else {"part": _plain(table)}
    return send(terminal, by, DirectiveKind.CONFIGURATION, body, reason, text)


def send_rule_pack(terminal: Terminal, by: User, text: str, reason: str) -> Directive:
    """A limit table (JSON), known to this platform from then on. ValidationError, WrongState."""
    try:
        document = msgspec.json.decode(text)
    except msgspec.MsgspecError as error:
        raise ValidationError(_("This is not JSON: %(error)s") % {"error": error}) from None
    try:
        learn(document)
    except BadPack as error:
        raise ValidationError(str(error)) from None
    return send(terminal, by, DirectiveKind.RULE_PACK, {"pack": document}, reason, text)


@transaction.atomic
def send(
    terminal: Terminal,
    by: User,
    kind: DirectiveKind,
    body: dict[str, Any],
    reason: str,
    text: str = "",
) -> Directive:
    """Number, sign and send. Whether `by` may do so is checked by the caller."""
    # its row is locked until the order is stored: no number is given twice
    locked = Terminal.objects.select_for_update(of=("self",)).get(pk=terminal.pk)
    last = locked.directives.filter(kind=kind).aggregate(last=Max("version"))["last"]
    version = (last or 0) + 1
    key = signing_key()
    now = timezone.now()
    order = directives.Directive(
        body=body,
        issued_at=int(now.timestamp() * 1000),
        kind=cast("directives.Kind", kind.value),
        reason=reason,
        terminal=locked.code,
        version=version,
    )
    try:
        sealed = directives.seal(order, key.suite, key.key)
        command = send_command(
            locked, _COMMANDS[kind], msgspec.to_builtins(sealed), by, valid_for=VALID_FOR
        )
    except WrongState:
        raise
    except ValueError as error:
        raise ValidationError(str(error)) from None
    return Directive.objects.create(
        terminal=locked,
        kind=kind,
        version=version,
        body=body,
        text=text,
        document=sealed.document,
        signature=sealed.signature,
        suite=sealed.suite,
        reason=reason,
        command=command,
        ordered_by=by,
        ordered_at=now,
    )


def _plain(table: Any) -> Any:
    """TOML as JSON. ValidationError for dates, which no setting has."""
    if isinstance(table, dict):
        return {name: _plain(value) for name, value in table.items()}
    if isinstance(table, list):
        return [_plain(value) for value in table]
    if isinstance(table, str | int | float | bool):
        return table
    raise ValidationError(_("%(value)s is no value of a setting.") % {"value": table})
