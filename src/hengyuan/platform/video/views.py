"""The cameras of a terminal, one of them live, and who saw what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from csp.decorators import csp_update
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from hengyuan.platform.accounts.models import User
from hengyuan.platform.accounts.permissions import requires
from hengyuan.platform.footage_files import PLAYLIST, PLAYLIST_TYPE, SEGMENT_TYPE, part_of
from hengyuan.platform.listing import ListPage
from hengyuan.platform.terminals.models import Terminal
from hengyuan.platform.video import queries, services
from hengyuan.platform.video.filters import ViewingFilter
from hengyuan.platform.video.forms import ClipForm, LiveForm
from hengyuan.platform.video.models import LiveSession, Viewing
from hengyuan.platform.video.services import CannotShow
from hengyuan.platform.video.tables import ViewingTable

REFUSED: dict[str, str | Promise] = {
    CannotShow.OFFLINE: _("The terminal is not connected just now. Try again when it is online."),
    CannotShow.TOO_OLD: _("The terminal's software cannot send pictures yet. Have it updated."),
    CannotShow.NO_CAMERA: _("The terminal has no such camera any more."),
    CannotShow.TOO_MANY: _(
        "This terminal is sending as much as its line allows. Wait until something has ended."
    ),
    CannotShow.PLATFORM_BUSY: _("Too many live pictures are open on the platform. Try again soon."),
    CannotShow.DISK: _("The platform's disk is nearly full: tell its administrator."),
}


class Viewings(ListPage):
    required_action = "video.audit"
    model = Viewing
    table_class = ViewingTable
    filterset_class = ViewingFilter
    title = _("Who watched which gate")
    empty_text = _("Nobody has looked at pictures of gates in your region yet.")

    def get_queryset(self) -> QuerySet[Any]:
        return queries.viewings(self.request.user)


@require_GET
@requires("video.watch")
def terminal(request: HttpRequest, code: str) -> HttpResponse:
    """The cameras of a terminal, the form for a clip, the clips that were asked for."""
    found = visible_terminal(request, code)
    cameras = queries.cameras_of(found)
    form = ClipForm(cameras=cameras, initial=_asked_for(request, cameras))
    return page(request, found, form)


def page(request: HttpRequest, found: Terminal, form: ClipForm, status: int = 200) -> HttpResponse:
    """The page of a terminal's cameras with this form for a clip."""
    opened = queries.open_sessions(found)
    context = {
        "terminal": found,
        "cameras": [(camera, opened.get(camera.name)) for camera in queries.cameras_of(found)],
        "live_form": LiveForm(),
        "form": form,
        "clips": [(one, queries.standing_of_clip(one)) for one in queries.newest_clips(found)],
        "minutes": int(services.SESSION_LASTS.total_seconds() // 60),
    }
    return render(request, "video/terminal.html", context, status=status)


@require_POST
@requires("video.watch")
def watch(request: HttpRequest, code: str) -> HttpResponse:
    """Open a live session of a camera, or join the one that is open."""
    found = visible_terminal(request, code)
    form = LiveForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Choose a camera and say what for."))
        return redirect("video:terminal", code)
    wanted = form.cleaned_data
    try:
        session = services.watch(found, wanted["camera"], person(request), wanted["purpose"])
    except CannotShow as refused:
        messages.error(request, str(REFUSED[refused.reason]))
        return redirect("video:terminal", code)
    return redirect(session)


@never_cache
@require_GET
@requires("video.watch")
# the player hands the browser its buffer as a blob
@csp_update({"media-src": ["blob:"]})  # type: ignore[arg-type]
def live(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The picture of a camera as it comes."""
    session = _session(request, pk)
    return render(request, "video/live.html", _live_context(session))


@never_cache
@require_GET
@requires("video.watch")
def live_state(request: HttpRequest, pk: UUID) -> HttpResponse:
    """How it is with a session, asked for every other second."""
    session = _session(request, pk)
    services.still_watching(session, person(request))
    return render(request, "video/parts/live_state.html", _live_context(session))


@never_cache
@require_safe
@requires("video.watch")
def live_part(request: HttpRequest, pk: UUID, name: str) -> HttpResponse:
    """The playlist or a segment; only for who has opened the session by its form."""
    session = _session(request, pk)
    if name == PLAYLIST and not services.still_watching(session, person(request)):
        raise Http404("not opened by this person")
    data = part_of(str(session.pk), name)
    if data is None:
        raise Http404("not there, or not any more")
    answer = HttpResponse(data, content_type=PLAYLIST_TYPE if name == PLAYLIST else SEGMENT_TYPE)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def visible_terminal(request: HttpRequest, code: str) -> Terminal:
    """The terminal, if this person may see it; 404 otherwise."""
    visible = Terminal.objects.visible_to(request.user).select_related("unit__region", "gate")
    return get_object_or_404(visible, code=code)


def person(request: HttpRequest) -> User:
    """Who asks."""
    assert isinstance(request.user, User)
    return request.user


def _session(request: HttpRequest, pk: UUID) -> LiveSession:
    session = queries.session(request.user, pk)
    if session is None:
        raise Http404("no such session in this scope")
    return session


def _live_context(session: LiveSession) -> dict[str, Any]:
    return {
        "session": session,
        "terminal": session.terminal,
        "standing": queries.standing_of(session),
        "watchers": queries.watchers(session),
        "live_form": LiveForm(initial={"camera": session.camera}),
    }


def _asked_for(request: HttpRequest, cameras: list[queries.CameraRow]) -> dict[str, Any]:
    """What a link from a record fills in: the time around it, a camera of its lane."""
    text, lane = request.GET.get("around", ""), request.GET.get("lane", "")
    if not (text.isascii() and text.isdigit()) or len(text) > 13:
        return {}
    at = datetime.fromtimestamp(int(text) / 1000, UTC)
    camera = next((camera.name for camera in cameras if str(camera.lane) == lane), "")
    return {"begins_at": at - timedelta(seconds=30), "camera": camera}
