"""The live board of a region, its wall display, and their streams."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localdate, now
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hengyuan.platform.accounts.permissions import requires
from hengyuan.platform.accounts.scope import visible_regions
from hengyuan.platform.board import queries, stream
from hengyuan.platform.board.feed import Feed
from hengyuan.platform.board.hub import hub
from hengyuan.platform.board.queries import Area
from hengyuan.platform.board.wall_feed import WallFeed
from hengyuan.platform.regions.models import Level, Region
from hengyuan.platform.weighing.columns import milliseconds

WALL_ROWS = 18
"""Trucks that fit the height of a wall display."""


@require_GET
@requires("board.view")
def start(request: HttpRequest) -> HttpResponse:
    """The board of the person's own region."""
    region = queries.default_region(request.user)
    if region is None:
        raise Http404("no office, no board")
    return redirect("board:board", region)


@require_GET
@requires("board.view")
def board(request: HttpRequest, region: str) -> HttpResponse:
    """The board as it stands now; its stream keeps it so."""
    area = _area(request.user, region)
    feed = Feed(area, get_language() or "")
    context: dict[str, Any] = {
        "area": area,
        "now": feed.whole(),
        "regions": _regions(request.user),
        "records_url": queries.Links(localdate(), area.region, unit=None).all,
    }
    answer = render(request, "board/board.html", context)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@require_GET
@requires("board.wall")
def start_wall(request: HttpRequest) -> HttpResponse:
    """The wall display of the person's own region."""
    region = queries.default_region(request.user)
    if region is None:
        raise Http404("no office, no wall display")
    return redirect("board:wall", region)


@require_GET
@requires("board.wall")
def wall(request: HttpRequest, region: str) -> HttpResponse:
    """The wall display as it stands now; dark whatever else this browser shows."""
    area = _area(request.user, region)
    at = now()
    context: dict[str, Any] = {
        "area": area,
        "now": WallFeed(area, get_language() or "").whole(),
        "at": at,
        "at_ms": milliseconds(at),
        "most_rows": WALL_ROWS,
        "theme": "dark",
    }
    answer = render(request, "board/wall.html", context)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@require_GET
@requires("board.wall")
async def wall_events(request: HttpRequest, region: str) -> HttpResponseBase:
    """The stream of a wall display."""
    return await _stream(request, region, WallFeed)


@require_GET
@requires("board.view")
async def events(request: HttpRequest, region: str) -> HttpResponseBase:
    """The stream of a board, for as long as session and scope last."""
    return await _stream(request, region, Feed)


async def _stream(request: HttpRequest, region: str, screen: type[Feed]) -> HttpResponseBase:
    user: Any = await request.auser()
    area = await sync_to_async(_area)(user, region)
    if not hub().has_room(user.pk):
        text = _("You have too many boards open. Close one, then load this page again.")
        return JsonResponse({"error": "too_many_streams", "detail": text}, status=429)
    # a stream lasts for hours: it must not keep this request's database connection as long
    await sync_to_async(_let_go)()
    answer = StreamingHttpResponse(
        stream.events(
            area,
            get_language() or "",
            user.pk,
            stream.read_last_id(request),
            request.session,
            screen,
        ),
        content_type="text/event-stream",
    )
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _area(user: Any, code: str) -> Area:
    region = get_object_or_404(Region, pk=code)
    area = queries.area_of(user, region)
    if area is None:
        raise Http404("outside this scope")
    return area


def _regions(user: Any) -> list[Region]:
    """The boards that a person can change to."""
    return list(visible_regions(user).exclude(level=Level.TOWNSHIP))


def _let_go() -> None:
    if not connection.in_atomic_block:
        connection.close()
