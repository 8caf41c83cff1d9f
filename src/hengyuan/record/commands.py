"""What a platform asks of a terminal beside the records, and what the terminal answers.

A command waits on the platform until the terminal fetches it with a long poll, is handed over
again until the terminal has answered how it ended, and does the same work once however often it
comes: its id stays the same.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hengyuan.record.answers import PRINTABLE, Command, DeviceName

MAX_WAIT_S = 55
"""Longest wait of one poll; proxies and NAT tables drop connections that are silent for longer."""
MAX_HAVE = 64
MAX_TEXT = 500

CommandId = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[0-9a-zA-Z_-]+\Z")]
CommandState = Literal["working", "done", "failed"]


class Camera(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A camera that the platform may ask for pictures: its name, lane (0: of no lane), place."""

    lane: Annotated[int, Meta(ge=0, le=99)] = 0
    name: DeviceName
    place: Annotated[str, Meta(max_length=40, pattern=PRINTABLE)] = ""


class Poll(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Asks for commands, waiting up to `wait_s` for one. `have`: those already in hand.

    `cameras` absent says nothing about cameras; an empty list says that there are none.
    """

    cameras: Annotated[tuple[Camera, ...], Meta(max_length=64)] | None = None
    have: Annotated[tuple[CommandId, ...], Meta(max_length=MAX_HAVE)] = ()
    wait_s: Annotated[int, Meta(ge=0, le=MAX_WAIT_S)]


class PollAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Commands not named in `have`, oldest first; empty when the wait was over."""

    commands: list[Command] = []


class Outcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it goes with a command: `working` may come often, `done` or `failed` end it."""

    percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    state: CommandState
    text: Annotated[str, Meta(max_length=MAX_TEXT, pattern=PRINTABLE)] = ""


class OutcomeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The state that the platform holds now; the first end that was told stays."""

    state: str
