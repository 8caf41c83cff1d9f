"""Asking for pictures: a live session, a clip of the past; and writing down who saw them."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from hengyuan.platform.accounts.models import User
from hengyuan.platform.home import home_dir
from hengyuan.platform.terminals.models import Terminal
from hengyuan.platform.terminals.services import send_command
from hengyuan.platform.video.models import Clip, Ending, LiveSession, Viewing, ViewingKind

SESSION_LASTS = timedelta(minutes=10)
"""A live session then ends, and whoever still watches says so with a click."""
SESSION_ANSWER_WITHIN = timedelta(seconds=45)
"""A terminal that has not taken the demand by then is not asked any more."""
SILENT_AFTER = timedelta(seconds=40)
"""A session that got no segment for so long has ended, whatever the terminal thinks."""
MAX_CAMERAS = 2
"""Cameras of one terminal that are sent at the same time: its line carries the records too."""
MAX_SESSIONS = 40
"""Live sessions of the whole platform: each takes some 4 Mbit/s of its line, and 48 MiB of disk."""
CLIP_VALID_FOR = timedelta(days=1)
MAX_CLIP = timedelta(minutes=10)
MAX_CLIPS_WAITING = 5
"""Clips that one terminal is asked for at the same time."""
CLIP_LOOK_BACK = timedelta(days=180)
LEAST_DISK_BYTES = 4 * 1024**3
"""With less free space no further clip is asked for: records come first."""
_SEEN_EVERY = timedelta(seconds=3)
_SAME_PLAYING = timedelta(minutes=10)


class CannotShow(Exception):
    """Pictures cannot be asked for. `reason` is one of the codes below."""

    OFFLINE = "offline"
    TOO_OLD = "too_old"
    NO_CAMERA = "no_camera"
    TOO_MANY = "too_many"
    PLATFORM_BUSY = "platform_busy"
    DISK = "disk"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@transaction.atomic
def watch(terminal: Terminal, camera: str, by: User, purpose: str) -> LiveSession:
    """A live session of the camera: the one that is open, or a new one. Noted as a viewing.

    CannotShow when the terminal is offline or too old, has no such camera, or when it or the
    platform shows as many as may be.
    """
    terminal = Terminal.objects.select_for_update(of=("self",)).get(pk=terminal.pk)
    _check(terminal, camera)
    _end_dead(terminal)
    now = timezone.now()
    opened = LiveSession.objects.filter(ended_at=None)
    session = opened.filter(terminal=terminal, camera=camera).first()
    if session is None:
        if opened.filter(terminal=terminal).count() >= MAX_CAMERAS:
            raise CannotShow(CannotShow.TOO_MANY)
        if opened.filter(ends_at__gt=now).count() >= MAX_SESSIONS:
            raise CannotShow(CannotShow.PLATFORM_BUSY)
        seconds = int(SESSION_LASTS.total_seconds())
        command = send_command(
            terminal,
            "live_video",
            {"camera": camera, "seconds": seconds},
            by,
            valid_for=SESSION_ANSWER_WITHIN,
        )
        session = LiveSession.objects.create(
            command=command,
            terminal=terminal,
            camera=camera,
            opened_at=now,
            watched_at=now,
            ends_at=now + SESSION_LASTS,
        )
    else:
        LiveSession.objects.filter(pk=session.pk).update(watched_at=now)
    Viewing.objects.create(
        kind=ViewingKind.LIVE,
        person=by,
        terminal=terminal,
        camera=camera,
        session=session,
        purpose=purpose,
    )
    return session


def still_watching(session: LiveSession, by: User) -> bool:
    """This person's browser asks for the next pictures: the session goes on.

    False for somebody who did not open it, so that nobody looks on without being written down.
    """
    now = timezone.now()
    viewing = Viewing.objects.filter(session=session, person=by).order_by("-begun_at").first()
    if viewing is None:
        return False
    if now - viewing.last_at >= _SEEN_EVERY:
        Viewing.objects.filter(pk=viewing.pk).update(last_at=now)
    if session.ended_at is None and now - session.watched_at >= _SEEN_EVERY:
        LiveSession.objects.filter(pk=session.pk, watched_at__lt=now).update(watched_at=now)
    return True


@transaction.atomic
def ask_clip(
    terminal: Terminal,
    camera: str,
    from_at: datetime,
    to_at: datetime,
    by: User,
    purpose: str,
    note: str = "",
) -> Clip:
    """Ask for a clip of the past; a terminal that is offline sends it when it is back.

    CannotShow as for `watch`, but for a terminal that is offline; ValueError for a span that is
    empty, too long, too long ago or not over yet.
    """
    now = timezone.now()
    if not timedelta(0) < to_at - from_at <= MAX_CLIP:
        raise ValueError("the span is empty or too long")
    if to_at > now or from_at < now - CLIP_LOOK_BACK:
        raise ValueError("the span is not over yet or too long ago")
    terminal = Terminal.objects.select_for_update(of=("self",)).get(pk=terminal.pk)
    _check(terminal, camera, may_be_offline=True)
    if shutil.disk_usage(home_dir()).free < LEAST_DISK_BYTES:
        raise CannotShow(CannotShow.DISK)
    if terminal.commands.open().filter(name="take_clip").count() >= MAX_CLIPS_WAITING:
        raise CannotShow(CannotShow.TOO_MANY)
    arguments = {"camera": camera, "from_ms": _ms(from_at), "to_ms": _ms(to_at)}
    command = send_command(terminal, "take_clip", arguments, by, valid_for=CLIP_VALID_FOR)
    clip = Clip.objects.create(
        command=command,
        terminal=terminal,
        camera=camera,
        from_at=from_at,
        to_at=to_at,
        purpose=purpose,
        note=note,
        asked_by=by,
        asked_at=now,
        keep_until=now + timedelta(days=settings.VIDEO_CLIP_DAYS),
    )
    _note(clip, by, ViewingKind.ASKED)
    return clip


def note_playing(clip: Clip, by: User, *, is_taken: bool) -> None:
    """Write down that somebody plays or downloads a clip; a player's many requests are one."""
    kind = ViewingKind.TAKEN if is_taken else ViewingKind.PLAYED
    now = timezone.now()
    known = Viewing.objects.filter(
        clip=clip, person=by, kind=kind, last_at__gt=now - _SAME_PLAYING
    ).first()
    if known is None:
        _note(clip, by, kind)
    elif now - known.last_at >= _SEEN_EVERY:
        Viewing.objects.filter(pk=known.pk).update(last_at=now)


def _note(clip: Clip, by: User, kind: ViewingKind) -> None:
    Viewing.objects.create(
        kind=kind,
        person=by,
        terminal_id=clip.terminal_id,
        camera=clip.camera,
        clip=clip,
        purpose=clip.purpose,
    )


def _check(terminal: Terminal, camera: str, *, may_be_offline: bool = False) -> None:
    if terminal.cameras is None:
        raise CannotShow(CannotShow.TOO_OLD)
    if not terminal.is_online and not may_be_offline:
        raise CannotShow(CannotShow.OFFLINE)
    if all(known["name"] != camera for known in terminal.cameras):
        raise CannotShow(CannotShow.NO_CAMERA)


def _end_dead(terminal: Terminal) -> None:
    """Close what the terminal will send nothing more for, so that it can be asked anew."""
    now = timezone.now()
    silent = now - SILENT_AFTER
    opened = LiveSession.objects.filter(terminal=terminal, ended_at=None)
    opened.filter(command__state__in=["done", "failed"]).update(
        ended_at=now, ending=Ending.TERMINAL
    )
    opened.filter(ends_at__lte=now).update(ended_at=now, ending=Ending.TIME)
    opened.filter(
        Q(last_segment_at__lt=silent)
        | Q(last_segment_at=None, opened_at__lt=now - SESSION_ANSWER_WITHIN)
    ).update(ended_at=now, ending=Ending.LOST)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
