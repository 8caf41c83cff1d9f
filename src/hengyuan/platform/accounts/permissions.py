"""Who may do what: one table of actions, the kinds of office and the roles that may do each.

Scope (`visible_to`) decides which objects a person sees, this table what may be done with them.
An action that is not in the table is allowed to nobody, and asking for it is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.models import OfficeKind, Role, head_role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User

Grants = dict[OfficeKind, frozenset[Role]]

_STAFF = frozenset({Role.HEAD, Role.CLERK})
_FIELD = frozenset({Role.HEAD, Role.CLERK, Role.INSPECTOR})
_OFFICE = frozenset({Role.HEAD, Role.CLERK, Role.INSPECTOR, Role.READONLY})
_UNIT = frozenset({Role.MANAGER, Role.GATEKEEPER})

_SUPERVISORS: Grants = {
    OfficeKind.PROVINCE: _OFFICE,
    OfficeKind.CITY: _OFFICE,
    OfficeKind.COUNTY: _OFFICE,
}
_EVERYONE: Grants = _SUPERVISORS | {OfficeKind.DEPARTMENT: _OFFICE, OfficeKind.SOURCE_UNIT: _UNIT}
_KEEPERS: Grants = {OfficeKind.CITY: _STAFF, OfficeKind.COUNTY: _STAFF}
_OFFICES: Grants = _SUPERVISORS | {OfficeKind.DEPARTMENT: _OFFICE}
_SUPERVISORS_IN_FIELD: Grants = dict.fromkeys(_SUPERVISORS, _FIELD)
_WATCHED_AND_HEADS: Grants = {
    kind: frozenset({head_role(kind)}) for kind in (*_SUPERVISORS, OfficeKind.SOURCE_UNIT)
}
_ISSUERS: Grants = _KEEPERS | {OfficeKind.PROVINCE: _STAFF}
_ABOVE_COUNTIES: Grants = {OfficeKind.PROVINCE: _OFFICE, OfficeKind.CITY: _OFFICE}
_HEADS_ABOVE_COUNTIES: Grants = dict.fromkeys(_ABOVE_COUNTIES, frozenset({Role.HEAD}))
_COUNTY_STAFF: Grants = {OfficeKind.COUNTY: _STAFF}
_COUNTY_FIELD: Grants = {OfficeKind.COUNTY: _FIELD}
_COUNTY_HEAD: Grants = {OfficeKind.COUNTY: frozenset({Role.HEAD})}
_CITY_HEAD: Grants = {OfficeKind.CITY: frozenset({Role.HEAD})}
_HEADS: Grants = {kind: frozenset({head_role(kind)}) for kind in OfficeKind}
_SUPERVISING_HEADS: Grants = {kind: frozenset({Role.HEAD}) for kind in _SUPERVISORS}
_READERS_OF_HISTORY: Grants = _SUPERVISORS | {
    OfficeKind.DEPARTMENT: frozenset({Role.HEAD}),
    OfficeKind.SOURCE_UNIT: frozenset({Role.MANAGER}),
}


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done, and who may do it."""

    name: str
    label: str | Promise
    grants: Grants


ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Action("units.view", _("See source units"), _EVERYONE),
        Action("units.edit", _("Enter and change source units"), _KEEPERS),
        Action("units.close", _("Close and re-open source units"), _KEEPERS),
        Action("units.merge", _("Merge source units that were entered twice"), _KEEPERS),
        Action("units.import", _("Import the ledger from a workbook"), _KEEPERS),
        Action("units.export", _("Take the ledger out as a workbook; noted"), _OFFICES),
        Action("terminals.view", _("See terminals and their state"), _EVERYONE),
        Action("terminals.manage", _("Create, suspend and retire terminals"), _KEEPERS),
        Action("terminals.direct", _("Change settings and rule packs of terminals"), _KEEPERS),
        Action("upkeep.view", _("See journals and upkeep of terminals"), _EVERYONE),
        Action("upkeep.counties", _("Compare the upkeep of counties"), _ABOVE_COUNTIES),
        Action("upkeep.export", _("Export journals and upkeep of terminals; noted"), _EVERYONE),
        Action("records.view", _("See weighing records"), _EVERYONE),
        Action("records.export", _("Export weighing records"), _EVERYONE),
        Action(
            "offices.view", _("See offices, their people's names and duty telephones"), _EVERYONE
        ),
        Action("offices.manage", _("Create, change and close the offices looked after"), _ISSUERS),
        Action("offices.edit_own", _("Change the own office's telephone and address"), _HEADS),
        Action("townships.view", _("See who is responsible in the townships"), _EVERYONE),
        Action("townships.edit", _("Enter who is responsible in the townships"), _KEEPERS),
        Action(
            "people.manage",
            _("Invite people, change roles, let go, unlock; own office and those looked after"),
            _HEADS,
        ),
        Action("people.read", _("Read people's particulars and what they wrote"), _HEADS),
        Action("audit.view", _("Read the history of an object"), _READERS_OF_HISTORY),
        Action("access.view", _("Read logins, refusals and exports"), _HEADS),
        Action("permissions.view", _("See the table of permissions"), _OFFICES),
        Action(
            "operations.view",
            _("See how the platform itself stands: health, backup, disks"),
            _SUPERVISING_HEADS,
        ),
        Action(
            "history.view",
            _("See the months of the record table: open, sealed, archived"),
            _SUPERVISING_HEADS,
        ),
        Action("history.seal", _("Seal months"), _HEADS_ABOVE_COUNTIES),
        Action("holds.view", _("See which records are held as evidence"), _SUPERVISORS),
        Action("holds.set", _("Hold records as evidence, and lift holds"), _ISSUERS),
        Action("design.view", _("See the design page"), _SUPERVISORS),
        Action("video.watch", _("Watch cameras of gates live; noted"), _SUPERVISORS_IN_FIELD),
        Action(
            "video.clips",
            _("Ask for and see clips of gates; noted"),
            _SUPERVISORS_IN_FIELD,
        ),
        Action("video.audit", _("Read who saw which gate's pictures"), _WATCHED_AND_HEADS),
        Action("board.view", _("Watch the live board"), _EVERYONE),
        Action("board.wall", _("Open the wall display"), _OFFICES),
        Action("documents.view", _("See document templates"), _SUPERVISORS),
        Action("documents.edit", _("Change the office's document templates"), _ISSUERS),
        Action("publication.view", _("See publication lists"), _OFFICES),
        Action("publication.overview", _("See which counties have published"), _ABOVE_COUNTIES),
        Action("publication.draft", _("Draft publication lists"), _COUNTY_STAFF),
        Action("publication.review", _("Review and publish lists"), _COUNTY_HEAD),
        Action("publication.answer", _("Take in and answer objections"), _COUNTY_STAFF),
        Action("publication.report", _("Report publications to the city"), _COUNTY_STAFF),
        Action("publication.rules", _("Set the rules of publication"), _CITY_HEAD),
        Action("reports.view", _("Read reports from the public"), _SUPERVISORS),
        Action("reports.check", _("Enter what was found of a report"), _COUNTY_FIELD),
        Action("reports.handle", _("Assign, answer, close and pass on reports"), _COUNTY_STAFF),
        Action("reports.contact", _("See how a reporter can be reached; noted"), _COUNTY_STAFF),
    )
}


def may(user: User | AnonymousUser, action: str) -> bool:
    """True when the person's office and role allow the action; KeyError for an unknown action."""
    grants = ACTIONS[action].grants
    if not user.is_authenticated or not user.is_active:
        return False
    office = user.office
    if office is None or not office.is_active:
        return False
    return user.role in grants.get(OfficeKind(office.kind), frozenset())


def requires(action: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator of a view: 403 for whoever is logged in and may not do it."""
    if action not in ACTIONS:
        raise KeyError(f"{action!r} is not in the table of permissions")

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        if iscoroutinefunction(view):

            @wraps(view)
            async def guarded_async(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                user = await request.auser()
                if not await sync_to_async(may)(user, action):
                    raise PermissionDenied(action)
                return await view(request, *args, **kwargs)

            guarded_async.required_action = action  # type: ignore[attr-defined]
            return guarded_async

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not may(request.user, action):
                raise PermissionDenied(action)
            return view(request, *args, **kwargs)

        guarded.required_action = action  # type: ignore[attr-defined]
        return guarded

    return decorate


class RequiresAction:
    """Mixin of a class-based view, left of the view class: names the action it needs."""

    required_action: str

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not may(request.user, self.required_action):
            raise PermissionDenied(self.required_action)
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
