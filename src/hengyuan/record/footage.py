"""Pictures that a platform asked a terminal for: what it answers to their upload, and their bounds.

They are no evidence: a live session is looked at and gone, a clip of the past is kept for days.
"""

import msgspec

MAX_INIT_BYTES = 64 * 1024
MAX_SEGMENT_BYTES = 8 * 1024 * 1024
MAX_SEGMENT_MS = 20_000
MAX_CLIP_BYTES = 256 * 1024 * 1024


class LiveAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the session goes on, and whether the initialisation segment is to be sent again."""

    go_on: bool
    needs_init: bool = False
