"""The pages on which a county sets its terminals from afar."""

from __future__ import annotations

import json

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from hengyuan.law.pack_documents import write_pack
from hengyuan.law.rule_packs import PACKS
from hengyuan.platform.accounts.models import User
from hengyuan.platform.accounts.permissions import requires
from hengyuan.platform.signing_key import signing_key
from hengyuan.platform.terminals import directing
from hengyuan.platform.terminals.forms_directing import RulePackForm, SettingsForm
from hengyuan.platform.terminals.models import DirectiveKind, Terminal
from hengyuan.platform.terminals.services import WrongState
from hengyuan.platform.upkeep import queries as upkeep

_SHOWN = 20
_TOLD = (
    "configuration_applied",
    "configuration_kept",
    "configuration_rolled_back",
    "rule_pack_applied",
    "software_updated",
    "update_failed",
)
"""What a terminal writes into its journal of such orders."""
_EXAMPLE = """# [judge]
# tolerance_kg = 0
# [retention]
# evidence_days = 180
# [[lanes]]
# number = 1
# [lanes.stability]
# window_ms = 1500
"""


@never_cache
@require_http_methods(["GET", "POST"])
@requires("terminals.direct")
def settings(request: HttpRequest, code: str) -> HttpResponse:
    """What was ordered of this terminal, and new settings for it."""
    terminal = _visible(request, code)
    form = SettingsForm(request.POST or None, initial={"text": _last_text(terminal)})
    if request.method == "POST" and form.is_valid():
        try:
            order = directing.send_settings(
                terminal,
                _person(request),
                form.cleaned_data["text"],
                form.cleaned_data["reason"],
                form.cleaned_data["whole"],
            )
        except ValidationError as error:
            form.add_error("text", error)
        except WrongState:
            form.add_error(None, _("Only an enrolled terminal can be told anything."))
        else:
            messages.success(request, _("Version %d was sent.") % order.version)
            return redirect("terminals:settings", terminal.code)
    return render(request, "terminals/settings.html", _context(terminal) | {"form": form})


@never_cache
@require_http_methods(["GET", "POST"])
@requires("terminals.direct")
def rule_pack(request: HttpRequest, code: str) -> HttpResponse:
    """A limit table for this terminal."""
    terminal = _visible(request, code)
    usual = json.dumps(write_pack(PACKS[-1]), ensure_ascii=False, indent=1)
    form = RulePackForm(request.POST or None, initial={"text": usual})
    if request.method == "POST" and form.is_valid():
        try:
            order = directing.send_rule_pack(
                terminal,
                _person(request),
                form.cleaned_data["text"],
                form.cleaned_data["reason"],
            )
        except ValidationError as error:
            form.add_error("text", error)
        except WrongState:
            form.add_error(None, _("Only an enrolled terminal can be told anything."))
        else:
            messages.success(request, _("Version %d was sent.") % order.version)
            return redirect("terminals:settings", terminal.code)
    return render(request, "terminals/rule_pack.html", {"terminal": terminal, "form": form})


def _context(terminal: Terminal) -> dict[str, object]:
    orders = terminal.directives.select_related("command", "ordered_by")[:_SHOWN]
    return {
        "terminal": terminal,
        "orders": orders,
        "entries": upkeep.newest_entries(terminal, of=_TOLD),
        "key": signing_key(),
    }


def _last_text(terminal: Terminal) -> str:
    """The settings that were sent last, to be gone on from."""
    last = terminal.directives.filter(kind=DirectiveKind.CONFIGURATION).first()
    return last.text if last is not None else _EXAMPLE


def _visible(request: HttpRequest, code: str) -> Terminal:
    visible = Terminal.objects.visible_to(request.user).select_related("unit__region", "gate")
    return get_object_or_404(visible, code=code)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
