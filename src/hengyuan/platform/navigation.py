"""The navigation, by task. One line per page that a person starts from; order is the screen's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.permissions import may

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the navigation; shown to those who may do `action`, to all where it is None."""

    label: str | Promise
    icon: str
    url_name: str
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    label: str | Promise
    entries: tuple[Entry, ...]


SECTIONS: tuple[Section, ...] = (
    Section(
        _("Supervision"),
        (
            Entry(_("Today"), icon="home", url_name="home"),
            # in front of the board, which is the entry that the board's other pages belong to
            Entry(
                _("Wall display"),
                icon="device-tv",
                url_name="board:wall_start",
                action="board.wall",
            ),
            Entry(_("Live board"), icon="broadcast", url_name="board:start", action="board.view"),
            Entry(
                _("Weighing records"),
                icon="scale",
                url_name="weighing:records",
                action="records.view",
            ),
        ),
    ),
    Section(
        _("Ledger"),
        (
            Entry(
                _("Source units"),
                icon="building-factory-2",
                url_name="ledger:units",
                action="units.view",
            ),
            Entry(
                _("Terminals"),
                icon="device-desktop-analytics",
                url_name="terminals:terminals",
                action="terminals.view",
            ),
            Entry(
                _("Upkeep of terminals"),
                icon="tool",
                url_name="upkeep:matters",
                action="upkeep.view",
            ),
        ),
    ),
    Section(
        _("The public"),
        (
            Entry(_("Public portal"), icon="world", url_name="portal:home"),
            Entry(
                _("Reports from the public"),
                icon="speakerphone",
                url_name="portal:reports",
                action="reports.view",
            ),
        ),
    ),
    Section(
        _("Publication of units"),
        (
            Entry(
                _("Publication overview"),
                icon="layout-grid",
                url_name="publication:overview",
                action="publication.overview",
            ),
            Entry(
                _("Publication lists"),
                icon="list-check",
                url_name="publication:lists",
                action="publication.view",
            ),
            Entry(
                _("Document templates"),
                icon="file-text",
                url_name="documents:templates",
                action="documents.view",
            ),
        ),
    ),
    Section(
        _("Offices and people"),
        (
            Entry(
                _("Offices"),
                icon="building-community",
                url_name="offices:offices",
                action="offices.view",
            ),
            Entry(_("People"), icon="users", url_name="people:people", action="offices.view"),
            Entry(
                _("Townships"),
                icon="map-pin",
                url_name="townships:townships",
                action="townships.view",
            ),
            Entry(
                _("Access log"),
                icon="list-search",
                url_name="audit:log",
                action="access.view",
            ),
            Entry(
                _("Operations"),
                icon="heart-rate-monitor",
                url_name="operations:overview",
                action="operations.view",
            ),
            Entry(
                _("Evidence holds"),
                icon="lock",
                url_name="history:holds",
                action="holds.view",
            ),
            Entry(
                _("Months and archive"),
                icon="archive",
                url_name="history:months",
                action="history.view",
            ),
            Entry(
                _("Who watched which gate"),
                icon="eye",
                url_name="video:viewings",
                action="video.audit",
            ),
        ),
    ),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `navigation`, the sections with what this person may open; `theme`."""
    theme = request.COOKIES.get("hengyuan_theme")
    context: dict[str, Any] = {"theme": theme if theme in {"light", "dark"} else "light"}
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return context
    # every cell of a table that has a template of its own comes by here, and asks for none of it
    return context | {"navigation": SimpleLazyObject(lambda: _sections(request, user))}


def _sections(request: HttpRequest, user: User) -> list[dict[str, Any]]:
    match = request.resolver_match
    here = (match.view_name, match.namespace) if match else ("", "")
    shown = [_shown(section, user) for section in SECTIONS]
    open_entry = _open_entry([entry for entries in shown for entry in entries], *here)
    sections = []
    for section, allowed in zip(SECTIONS, shown, strict=True):
        entries = [
            {
                "label": entry.label,
                "icon": entry.icon,
                "url": reverse(entry.url_name),
                "is_here": entry is open_entry,
            }
            for entry in allowed
        ]
        if entries:
            sections.append({"label": section.label, "entries": entries})
    return sections


def _shown(section: Section, user: User | AnonymousUser) -> list[Entry]:
    return [entry for entry in section.entries if entry.action is None or may(user, entry.action)]


def _open_entry(entries: list[Entry], view_name: str, namespace: str) -> Entry | None:
    """The entry of the page itself, else the last one of the app that the page belongs to."""
    exact = [entry for entry in entries if entry.url_name == view_name]
    same_app = [
        entry for entry in entries if namespace and entry.url_name.startswith(f"{namespace}:")
    ]
    return next(iter(exact or same_app[-1:]), None)
