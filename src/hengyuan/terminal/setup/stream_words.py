"""A stream in words: what its camera sends, and what should be set otherwise there."""

from __future__ import annotations

from hengyuan.terminal.video.probe import MOST_MBIT_S, Probed
from hengyuan.terminal.words import installer_text as _


def told(found: Probed) -> str:
    """Codec, size, pictures and megabits a second, and how often a key frame comes."""
    codec = {"h264": "H.264", "hevc": "H.265"}[found.codec]
    text = _("{codec}, {width} × {height}, {pictures:.0f} pictures/s, {mbit:.1f} Mbit/s").format(
        codec=codec, width=found.width, height=found.height, pictures=found.pictures_s,
        mbit=found.mbit_s,
    )  # fmt: skip
    if found.first_key_s is None:
        return _("{told}, no key frame").format(told=text)
    if found.key_every_s is None:
        return _("{told}, one key frame").format(told=text)
    return _("{told}, a key frame every {seconds:.1f} s").format(
        told=text, seconds=found.key_every_s
    )


def advice(found: Probed) -> list[str]:
    """What to change in the camera; empty where it is as it should be."""
    changes = []
    if not found.plays_everywhere:
        changes.append(
            _("H.265 is recorded, but most browsers cannot show it: set the camera to H.264")
        )
    if found.first_key_s is None:
        changes.append(
            _("no key frame came: nothing can be recorded until one does; set one every 2 s")
        )
    elif found.key_frames_are_rare:
        changes.append(
            _("key frames are rare: set one every 2 s and switch off H.264+ or Smart265")
        )
    if found.mbit_s > MOST_MBIT_S:
        changes.append(
            _("over {most:.0f} Mbit/s: set it to 4 Mbit/s, or the disk holds few days").format(
                most=MOST_MBIT_S
            )
        )
    return changes


def why(text: str) -> str:
    """What a camera's refusal mostly means."""
    if "401" in text or "403" in text:
        return _("{text}: user or password is wrong, or the camera has locked this one out").format(
            text=text
        )
    if "404" in text:
        return _("{text}: the camera has no stream at this address").format(text=text)
    return text
