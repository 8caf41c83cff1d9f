"""Reads about pictures of gates, always within a person's scope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.terminals.models import CommandState, Terminal
from hengyuan.platform.video.models import Clip, Ending, LiveSession, Viewing
from hengyuan.platform.video.services import SESSION_ANSWER_WITHIN, SILENT_AFTER
from hengyuan.platform.video.words import failure, place

NEWEST_CLIPS = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """How it is with a session or clip: a code for programs, words for people, a tone.

    `is_moving` is True while it may still change by itself.
    """

    code: str
    words: str | Promise
    tone: str
    is_moving: bool


@dataclass(frozen=True, slots=True)
class CameraRow:
    """A camera of a terminal as its page shows it."""

    name: str
    lane: int
    place: str

    @property
    def label(self) -> str:
        """Its name, and where it looks."""
        lane = f"{self.lane}#" if self.lane else ""
        where = " · ".join(part for part in (lane, self.place) if part)
        return f"{self.name} · {where}" if where else self.name


def cameras_of(terminal: Terminal) -> list[CameraRow]:
    """The cameras that it has told of, in its own order."""
    return [
        CameraRow(known["name"], known.get("lane", 0), str(place(known.get("place", ""))))
        for known in terminal.cameras or ()
    ]


def session(user: Any, pk: Any) -> LiveSession | None:
    """A live session that the person may see."""
    found: LiveSession | None = (
        LiveSession.objects.visible_to(user)
        .select_related("command", "terminal__unit__region")
        .filter(pk=pk)
        .first()
    )
    return found


def clip(user: Any, pk: Any) -> Clip | None:
    """A clip that the person may see."""
    found: Clip | None = (
        Clip.objects.visible_to(user)
        .select_related("command", "terminal__unit__region", "asked_by")
        .filter(pk=pk)
        .first()
    )
    return found


def open_sessions(terminal: Terminal) -> dict[str, LiveSession]:
    """The sessions of a terminal that somebody can join, by camera."""
    opened = LiveSession.objects.filter(terminal=terminal, ended_at=None).select_related("command")
    return {one.camera: one for one in opened if standing_of(one).is_moving}


def newest_clips(terminal: Terminal) -> list[Clip]:
    """The clips that were last asked for at a terminal."""
    asked = Clip.objects.filter(terminal=terminal).select_related("command", "asked_by")
    return list(asked[:NEWEST_CLIPS])


def viewings(user: Any) -> QuerySet[Any]:
    """Who saw what, within the person's scope."""
    return Viewing.objects.visible_to(user).select_related(
        "person__office", "terminal__unit__region"
    )


def watchers(session: LiveSession) -> list[str]:
    """The names of those who watch a session just now."""
    since = timezone.now() - SILENT_AFTER
    seen = session.viewings.filter(last_at__gt=since).select_related("person")
    return sorted({str(viewing.person) for viewing in seen})


def standing_of(session: LiveSession) -> Standing:
    """How it is with a live session."""
    command, now = session.command, timezone.now()
    if command.state == CommandState.FAILED:
        return Standing("failed", failure(command.answer), "warn", False)
    if session.ended_at is not None:
        words = Ending(session.ending).label if session.ending else _("It has ended.")
        return Standing("ended", words, "off", False)
    if command.state == CommandState.DONE:
        return Standing("ended", Ending.TERMINAL.label, "off", False)
    if session.ends_at <= now:
        return Standing("ended", Ending.TIME.label, "off", False)
    if session.last_segment_at is not None:
        if now - session.last_segment_at > SILENT_AFTER:
            return Standing("ended", Ending.LOST.label, "warn", False)
        return Standing("playing", _("Live"), "good", True)
    if now - session.opened_at > SESSION_ANSWER_WITHIN:
        words = _("The terminal did not answer. Its connection may be broken; try again.")
        return Standing("silent", words, "warn", False)
    if command.state == CommandState.WAITING:
        return Standing("waiting", _("Asking the terminal …"), "wait", True)
    return Standing("starting", _("The terminal is fetching the picture …"), "wait", True)


def standing_of_clip(clip: Clip) -> Standing:
    """How it is with a clip."""
    command = clip.command
    if clip.removed_at is not None:
        return Standing("removed", _("Removed when its days were over"), "off", False)
    if clip.arrived_at is not None:
        return Standing("here", _("Arrived"), "good", False)
    if command.state == CommandState.FAILED:
        return Standing("failed", failure(command.answer), "warn", False)
    if command.state == CommandState.DONE:
        return Standing("failed", _("The terminal sent nothing."), "warn", False)
    if command.has_expired:
        words = _("The terminal did not send it in time. Ask again.")
        return Standing("expired", words, "warn", False)
    if command.state == CommandState.WAITING:
        return Standing("waiting", _("Waiting for the terminal"), "wait", True)
    return Standing("working", _("The terminal is sending it"), "wait", True)
