"""Pages about terminals."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hengyuan.platform.accounts.models import User
from hengyuan.platform.accounts.permissions import may, requires
from hengyuan.platform.audit import trail
from hengyuan.platform.ledger.models import SourceUnit
from hengyuan.platform.listing import ListPage
from hengyuan.platform.terminals import services, words
from hengyuan.platform.terminals.filters import TerminalFilter
from hengyuan.platform.terminals.forms import ReasonForm, TerminalForm
from hengyuan.platform.terminals.models import DEVICE_STATES, Terminal
from hengyuan.platform.terminals.tables import TerminalTable
from hengyuan.platform.upkeep import queries as upkeep


class TerminalList(ListPage):
    required_action = "terminals.view"
    model = Terminal
    table_class = TerminalTable
    filterset_class = TerminalFilter
    title = gettext_lazy("Terminals")
    empty_text = gettext_lazy("No terminal has been entered in your region yet.")

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().select_related("unit__region")


@require_GET
@requires("terminals.view")
def terminal(request: HttpRequest, code: str) -> HttpResponse:
    found = _visible(request, code)
    manages = may(request.user, "terminals.manage")
    context = {
        "terminal": found,
        "devices": [
            (name, state, DEVICE_STATES.get(state, state))
            for name, state in sorted(found.device_states.items())
        ],
        "codes": found.enrolment_codes.select_related("created_by")[:5] if manages else [],
        "commands": _newest_commands(found) if manages else [],
        "trail": trail(found) if manages else [],
    }
    if may(request.user, "upkeep.view"):
        context |= {
            "shows_upkeep": True,
            "matters": upkeep.matters_of(found),
            "entries": upkeep.newest_entries(found),
        }
    return render(request, "terminals/terminal.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@requires("terminals.manage")
def new_terminal(request: HttpRequest, unit_code: str) -> HttpResponse:
    """Enters the terminal and shows its one-time code, this once."""
    unit = get_object_or_404(SourceUnit.objects.visible_to(request.user), code=unit_code)
    form = TerminalForm(request.POST or None, unit=unit)
    if request.method == "POST" and form.is_valid():
        by = _person(request)
        try:
            made = services.create_terminal(
                by, unit, form.cleaned_data["name"], form.cleaned_data["gate"]
            )
        except services.WrongState as error:
            form.add_error(None, str(error))
        else:
            return _show_code(request, made, services.issue_enrolment_code(made, by))
    return render(request, "terminals/terminal_form.html", {"form": form, "unit": unit})


@never_cache
@require_POST
@requires("terminals.manage")
def enrolment_code(request: HttpRequest, code: str) -> HttpResponse:
    """A new one-time code; the ones issued before are worth nothing from now on."""
    found = _visible(request, code)
    try:
        text = services.issue_enrolment_code(found, _person(request))
    except services.WrongState:
        messages.error(request, _("This terminal is enrolled already and needs no code."))
        return redirect(found)
    return _show_code(request, found, text)


@require_http_methods(["GET", "POST"])
@requires("terminals.manage")
def suspend(request: HttpRequest, code: str) -> HttpResponse:
    explanation = gettext_lazy("Its records are refused until it is resumed; it keeps them.")
    return _move(request, code, services.suspend, gettext_lazy("Suspend"), explanation)


@require_http_methods(["GET", "POST"])
@requires("terminals.manage")
def resume(request: HttpRequest, code: str) -> HttpResponse:
    explanation = gettext_lazy("Its records are taken again, those it kept first.")
    return _move(request, code, services.resume, gettext_lazy("Resume"), explanation)


@require_http_methods(["GET", "POST"])
@requires("terminals.manage")
def retire(request: HttpRequest, code: str) -> HttpResponse:
    explanation = gettext_lazy("For good: its key is never accepted again. Its records stay.")
    return _move(request, code, services.retire, gettext_lazy("Retire"), explanation)


def _newest_commands(found: Terminal) -> list[tuple[Any, ...]]:
    """What was last asked of it: command, what in words, tone and words of its standing."""
    newest = found.commands.select_related("asked_by")[:10]
    return [(one, words.command_words(one), *words.standing(one)) for one in newest]


def _move(
    request: HttpRequest,
    code: str,
    service: Callable[[Terminal, User, str], Terminal],
    title: str | Promise,
    explanation: str | Promise,
) -> HttpResponse:
    found = _visible(request, code)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            moved = service(found, _person(request), form.cleaned_data["reason"])
        except services.WrongState:
            found.refresh_from_db()
            messages.error(
                request,
                _("Not possible: the terminal is now in the state “%s”.")
                % found.get_state_display(),
            )
        else:
            messages.success(
                request, _("The terminal is now in the state “%s”.") % moved.get_state_display()
            )
        return redirect(found)
    context = {"form": form, "terminal": found, "title": title, "explanation": explanation}
    return render(request, "terminals/reason.html", context)


def _show_code(request: HttpRequest, found: Terminal, text: str) -> HttpResponse:
    context = {
        "terminal": found,
        "enrolment_code": text,
        "valid_days": services.CODE_VALID_FOR.days,
    }
    return render(request, "terminals/code.html", context)


def _visible(request: HttpRequest, code: str) -> Terminal:
    visible = Terminal.objects.visible_to(request.user).select_related("unit__region", "gate")
    return get_object_or_404(visible, code=code)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
