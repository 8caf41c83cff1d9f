"""Pages of the trail: what a person wrote, an object's history, the access log, the permissions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.apps import apps
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from django_tables2 import RequestConfig

from hengyuan.platform import audit
from hengyuan.platform.accounts import access, queries, writes
from hengyuan.platform.accounts.filters import AccessFilter
from hengyuan.platform.accounts.hierarchy import LOOKED_AFTER
from hengyuan.platform.accounts.models import AccessEntry, AccessKind, OfficeKind, Role, roles_of
from hengyuan.platform.accounts.permissions import ACTIONS, requires
from hengyuan.platform.accounts.requests import person_of
from hengyuan.platform.accounts.tables import AccessTable
from hengyuan.platform.accounts.views_people import person_tabs, readable_person
from hengyuan.platform.accounts.views_self import own_tabs
from hengyuan.platform.excel import MAX_ROWS, Column, ExcelOfList, attachment, workbook
from hengyuan.platform.listing import ListPage

_OBJECT_LAST = 200


class WritesForm(forms.Form):
    """Which writes are shown."""

    kind = forms.ChoiceField(label=gettext_lazy("kind of thing"), required=False)
    from_day = forms.DateField(
        label=gettext_lazy("from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    to_day = forms.DateField(
        label=gettext_lazy("to"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind: Any = self.fields["kind"]
        kind.choices = [("", _("All kinds of things")), *writes.kinds()]

    def wanted(self) -> writes.Wanted:
        """What was asked for; what is not valid is left out."""
        self.full_clean()
        valid = self.cleaned_data
        return writes.Wanted(valid.get("kind", ""), valid.get("from_day"), valid.get("to_day"))


@require_GET
def person_writes(request: HttpRequest, pk: int) -> HttpResponse:
    """What one person wrote, for heads and for oneself."""
    user, found = person_of(request), readable_person(request, pk)
    form = WritesForm(request.GET)
    page = writes.page(found, form.wanted(), writes.Cursor.parse(request.GET.get("after")))
    readable = writes.readable_objects(user, page.entries)
    query = request.GET.copy()
    query.pop("after", None)
    context = {
        "person": found,
        "is_self": found.pk == user.pk,
        "tabs": own_tabs(user) if found.pk == user.pk else person_tabs(found),
        "form": form,
        "page": page,
        "rows": [
            (entry, _object_url(entry) if (entry.model, str(entry.pk)) in readable else "")
            for entry in page.entries
        ],
        "query": query.urlencode(),
        "is_filtered": any(request.GET.get(name) for name in form.fields),
        "is_first": "after" not in request.GET,
    }
    return render(request, "accounts/writes.html", context)


def _object_url(entry: audit.Entry) -> str:
    return reverse("audit:object", args=[entry.model, entry.pk])


_WRITES_COLUMNS = (
    Column(gettext_lazy("time"), 20, lambda entry: entry.at),
    Column(gettext_lazy("what was written"), 36, lambda entry: entry.subject),
    Column(gettext_lazy("how"), 8, lambda entry: entry.action),
    Column(gettext_lazy("why"), 30, lambda entry: entry.reason),
    Column(
        gettext_lazy("from what to what"),
        60,
        lambda entry: "; ".join(f"{c.label}: {c.old} → {c.new}" for c in entry.changes),
    ),
)


@require_POST
def writes_excel(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as a file."""
    user, found = person_of(request), readable_person(request, pk)
    title = _("What %s wrote") % found
    access.note(AccessKind.EXPORT, user, request=request, about=found, detail=title)
    wanted = WritesForm(request.GET).wanted()
    rows = writes.everything(found, wanted, MAX_ROWS + 1)
    content, _count = workbook(title, _WRITES_COLUMNS, rows, user)
    return attachment(content, "writes")


@require_GET
def person_access(request: HttpRequest, pk: int) -> HttpResponse:
    """When and from where a person came in, what was refused, what they took out."""
    user, found = person_of(request), readable_person(request, pk)
    table = AccessTable(queries.access_of(found), exclude=("who", "office"))
    RequestConfig(request, paginate={"per_page": 50}).configure(table)
    context = {
        "person": found,
        "is_self": found.pk == user.pk,
        "tabs": own_tabs(user) if found.pk == user.pk else person_tabs(found),
        "table": table,
        "kept_days": access.kept_days(),
    }
    return render(request, "accounts/person_access.html", context)


@require_GET
@requires("audit.view")
def history(request: HttpRequest, label: str, pk: str) -> HttpResponse:
    """Every write to one object that the reader may see."""
    model = audit.models_with_history().get(label)
    if model is None:
        raise Http404(f"no history of {label!r} is kept")
    found = _object(model, request.user, pk)
    entries = audit.trail(found, last=_OBJECT_LAST)
    context = {
        "object": found,
        "kind": model._meta.verbose_name,
        "title": _("History"),
        "trail": entries,
        "is_cut": len(entries) == _OBJECT_LAST,
        "last": _OBJECT_LAST,
        "url": found.get_absolute_url() if hasattr(found, "get_absolute_url") else "",
    }
    return render(request, "accounts/history.html", context)


def _object(model: Any, user: Any, pk: str) -> Any:
    try:
        key = model._meta.pk.to_python(pk)
        found = audit.visible(model, user).filter(pk=key).first()
    except (ValueError, TypeError, forms.ValidationError) as error:
        raise Http404("no such key") from error
    if found is None:
        raise Http404("outside the scope, or not there")
    return found


class AccessLog(ListPage):
    required_action = "access.view"
    model = AccessEntry
    table_class = AccessTable
    filterset_class = AccessFilter
    title = gettext_lazy("Access log")
    empty_text = gettext_lazy("Nothing has been logged yet.")
    template_name = "accounts/access_log.html"

    def get_queryset(self) -> QuerySet[Any]:
        return queries.access_log(person_of(self.request))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"kept_days": access.kept_days()}


class AccessLogExcel(ExcelOfList):
    required_action = "access.view"
    page = AccessLog
    file_name = "access-log"
    columns = (
        Column(gettext_lazy("time"), 20, lambda entry: entry.at),
        Column(gettext_lazy("who"), 16, lambda entry: str(entry.person or "")),
        Column(gettext_lazy("user name as typed"), 18, lambda entry: entry.username),
        Column(gettext_lazy("office"), 28, lambda entry: str(entry.office or "")),
        Column(gettext_lazy("what"), 20, lambda entry: entry.get_kind_display()),
        Column(gettext_lazy("whose account"), 16, lambda entry: str(entry.about or "")),
        Column(gettext_lazy("detail"), 40, lambda entry: entry.detail),
        Column(gettext_lazy("from address"), 18, lambda entry: entry.address or ""),
        Column(gettext_lazy("browser"), 24, lambda entry: entry.device),
    )


@require_GET
@requires("permissions.view")
def permissions(request: HttpRequest) -> HttpResponse:
    """The table of actions, by kind of office and role."""
    sections: dict[str, list[Any]] = {}
    columns = [(kind, role) for kind in OfficeKind for role in Role if role in roles_of(kind)]
    for action in ACTIONS.values():
        granted = [role in action.grants.get(kind, ()) for kind, role in columns]
        sections.setdefault(action.name.partition(".")[0], []).append((action.label, granted))
    context = {
        "title": _("Who may do what"),
        "width": len(columns) + 1,
        "kinds": [(kind, [role for role in Role if role in roles_of(kind)]) for kind in OfficeKind],
        "sections": [(_section_name(name), rows) for name, rows in sections.items()],
        "looked_after": [
            (kind, [other for other in OfficeKind if other in LOOKED_AFTER[kind]])
            for kind in LOOKED_AFTER
        ],
    }
    return render(request, "accounts/permissions.html", context)


def _section_name(prefix: str) -> str:
    """An app's name on screen where the actions are called by it, else the word itself."""
    names = {
        "units": _("Source units"),
        "terminals": _("Terminals"),
        "records": _("Weighing records"),
        "offices": _("Offices"),
        "townships": _("Townships"),
        "people": _("People"),
        "audit": _("History"),
        "access": _("Access log"),
        "permissions": _("Permissions"),
    }
    if prefix in names:
        return names[prefix]
    config = next((c for c in apps.get_app_configs() if c.label == prefix), None)
    return str(config.verbose_name) if config else prefix
