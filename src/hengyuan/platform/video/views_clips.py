"""Clips of the past: asking for one, following it, playing and downloading it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from hengyuan.platform.accounts.permissions import requires
from hengyuan.platform.footage_files import clip_store
from hengyuan.platform.video import queries, services
from hengyuan.platform.video.forms import ClipForm
from hengyuan.platform.video.models import Clip
from hengyuan.platform.video.services import CannotShow
from hengyuan.platform.video.views import REFUSED, page, person, visible_terminal

_RANGE = re.compile(r"^bytes=(\d{1,12})-(\d{0,12})$")
_BLOCK = 256 * 1024


@require_POST
@requires("video.clips")
def take(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for a clip."""
    found = visible_terminal(request, code)
    form = ClipForm(request.POST, cameras=queries.cameras_of(found))
    if not form.is_valid():
        return page(request, found, form, status=422)
    wanted = form.cleaned_data
    try:
        asked = services.ask_clip(
            found,
            wanted["camera"],
            wanted["begins_at"],
            wanted["ends_at"],
            person(request),
            wanted["clip_purpose"],
            wanted["note"],
        )
    except CannotShow as refused:
        form.add_error(None, str(REFUSED[refused.reason]))
        return page(request, found, form, status=422)
    return redirect(asked)


@never_cache
@require_GET
@requires("video.clips")
def clip(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A clip: how far it is, the clip itself, where it comes from and its digest."""
    found = _clip(request, pk)
    context = {
        "clip": found,
        "terminal": found.terminal,
        "standing": queries.standing_of_clip(found),
    }
    return render(request, "video/clip.html", context)


@never_cache
@require_GET
@requires("video.clips")
def clip_state(request: HttpRequest, pk: UUID) -> HttpResponse:
    """How far a clip is; tells the page to load anew once it has arrived or failed."""
    found = _clip(request, pk)
    standing = queries.standing_of_clip(found)
    context = {"clip": found, "terminal": found.terminal, "standing": standing}
    answer = render(request, "video/parts/clip_state.html", context)
    if not standing.is_moving:
        answer.headers["HX-Refresh"] = "true"
    return answer


@never_cache
@require_safe
@requires("video.clips")
def clip_file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The bytes of a clip, whole or from where the person points; written down each time."""
    found = _clip(request, pk)
    if not found.is_here:
        raise Http404("not here")
    path = clip_store().path(found.digest)
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise Http404("its file is gone") from None
    is_taken = "download" in request.GET
    services.note_playing(found, person(request), is_taken=is_taken)
    begin, end = _asked_range(request, size)
    answer = StreamingHttpResponse(_blocks(path, begin, end), content_type="video/mp4")
    answer.headers["Content-Length"] = str(end - begin + 1)
    answer.headers["Accept-Ranges"] = "bytes"
    if (begin, end) != (0, size - 1):
        answer.status_code = 206
        answer.headers["Content-Range"] = f"bytes {begin}-{end}/{size}"
    name = f"{found.terminal.code}-{found.from_at:%Y%m%dT%H%M%SZ}-{found.digest[:8]}.mp4"
    how = "attachment" if is_taken else "inline"
    answer.headers["Content-Disposition"] = f'{how}; filename="{name}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _clip(request: HttpRequest, pk: UUID) -> Clip:
    found = queries.clip(request.user, pk)
    if found is None:
        raise Http404("no such clip in this scope")
    return found


def _asked_range(request: HttpRequest, size: int) -> tuple[int, int]:
    found = _RANGE.match(request.headers.get("Range", ""))
    if not found:
        return 0, size - 1
    begin = int(found[1])
    end = min(int(found[2]), size - 1) if found[2] else size - 1
    return (begin, end) if begin <= end else (0, size - 1)


async def _blocks(path: Path, begin: int, end: int) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        file.seek(begin)
        left = end - begin + 1
        while left and (block := await asyncio.to_thread(file.read, min(_BLOCK, left))):
            left -= len(block)
            yield block
