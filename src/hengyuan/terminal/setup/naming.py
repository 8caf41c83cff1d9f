"""Names of devices and streams: each its own, so that records, addresses and folders are clear."""

from __future__ import annotations

import re
from collections.abc import Callable

from hengyuan.terminal.config import MAX_DEVICE_NAME
from hengyuan.terminal.setup.context import Setup
from hengyuan.terminal.setup.dialogue import SetupStopped
from hengyuan.terminal.words import installer_text as _

TRIES = 5
_STREAM = re.compile(r"\w[\w-]{0,39}")
_STRANGE = re.compile(r"[^\w-]+")


def ask_name(
    setup: Setup, key: str, wanted: str, *, known: str | None = None, text: str | None = None
) -> str:
    """A name that nothing else has; proposed is the known one, or `wanted`, numbered where that is
    taken. SetupStopped after some tries."""
    return _asked(setup, key, text or _("Its name"), setup.free_name(known or wanted), _device)


def ask_stream_name(setup: Setup, key: str, wanted: str, *, known: str | None = None) -> str:
    """The same for a stream, whose name stands in addresses and names a folder."""
    proposed = setup.free_name(known or stream_name(wanted))
    text = _("Its name (letters, digits, - and _; recordings lie in a folder of that name)")
    return _asked(setup, key, text, proposed, _stream)


def stream_name(wanted: str) -> str:
    """`wanted` with only what a stream's name may have."""
    return _STRANGE.sub("-", wanted).strip("-")[:30] or "video"


def _asked(
    setup: Setup, key: str, text: str, proposed: str, wrong: Callable[[str], str | None]
) -> str:
    for _attempt in range(TRIES):
        name = setup.dialogue.ask(key, text, proposed).strip()
        problem = wrong(name)
        if problem is None and name.casefold() in setup.names():
            problem = _("{name}: another device has this name").format(name=name)
        if problem is None:
            return name
        setup.dialogue.warn(problem)
    raise SetupStopped(_("{key}: no usable answer").format(key=key))


def _device(name: str) -> str | None:
    if 1 <= len(name) <= MAX_DEVICE_NAME:
        return None
    return _("a name has 1 to {count} characters").format(count=MAX_DEVICE_NAME)


def _stream(name: str) -> str | None:
    if _STREAM.fullmatch(name):
        return None
    return _("{name}: only letters, digits, - and _, at most 40").format(name=name)
