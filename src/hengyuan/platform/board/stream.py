"""A board's stream of server-sent events, and whether its reader may go on reading."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import SessionBase
from django.db import Error as DatabaseError
from django.http import HttpRequest

from hengyuan.platform.accounts.permissions import may
from hengyuan.platform.board.feed import Feed, time_now
from hengyuan.platform.board.hub import TooManyStreams, hub
from hengyuan.platform.board.queries import Area, area_of
from hengyuan.platform.regions.models import Region

BEAT_S = 15.0
RECHECK_S = 15.0
BROWSER_RETRY_MS = 2_000


async def events(
    area: Area,
    language: str,
    user_id: int,
    after: int | None,
    session: SessionBase,
    screen: type[Feed] = Feed,
) -> AsyncIterator[str]:
    """Text of a `text/event-stream`, for the board or another screen of the same trucks.

    Ends when the session, the right or the scope has ended.

    Events: `whole` and `update` (JSON), `beat` every fifteen seconds so that a page knows that it
    is still live, `stale` when the database does not answer, `ended` when the reader may no
    longer read, `full` when too many boards are open, `bye` when the server stops.
    """
    here = hub()
    try:
        # joined here and not in the view: a reader who is gone before the first byte never joins
        member = here.join(area, language, user_id, after, screen)
    except TooManyStreams:
        yield _event("full", {})
        return
    checked_at = here.loop.time()
    try:
        yield f"retry: {BROWSER_RETRY_MS}\n\n"
        while True:
            message = await member.next(BEAT_S)
            if member.is_closed:
                yield _event("bye", {})
                return
            if here.loop.time() - checked_at >= RECHECK_S:
                checked_at = here.loop.time()
                try:
                    allowed = await here.in_thread(may_go_on, session, area, screen.action)
                except (DatabaseError, OSError):
                    # nobody can say: the browser comes back in a moment and is asked again
                    yield _event("stale", {})
                    return
                if not allowed:
                    yield _event("ended", {})
                    return
            if member.is_stale:
                yield _event("stale", {})
            elif message is None:
                yield ": still here\n" + _event("beat", {"at": time_now()})
            else:
                name = "whole" if message.is_whole else "update"
                yield _event(name, message.as_dict(), message.id)
    finally:
        here.leave(member)


def may_go_on(session: SessionBase, area: Area, action: str) -> bool:
    """Whether this session still is somebody's who may do this here. Reads the database."""
    request = HttpRequest()
    request.session = type(session)(session.session_key)
    user: Any = get_user(request)
    if not may(user, action):
        return False
    region = Region.objects.filter(pk=area.region).first()
    return region is not None and area_of(user, region) == area


def _event(name: str, data: dict[str, Any], number: int | None = None) -> str:
    lines = [] if number is None else [f"id: {number}"]
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return "\n".join([*lines, f"event: {name}", f"data: {text}", "", ""])


def read_last_id(request: HttpRequest) -> int | None:
    """The last event that the browser had, by its header or, on a fresh connection, the query."""
    text = request.headers.get("Last-Event-ID") or request.GET.get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
