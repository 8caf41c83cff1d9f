"""Entries of the pages about pictures of gates. See tests/platform/every_page.py."""

from tests.platform.every_page import NEIGHBOUR, SUPERVISORS, Page, who
from tests.platform.video.footage import an_hour_ago, clip_of, live_of, more_clips, with_cameras

FIELD = SUPERVISORS - {"county_readonly"}
HEADS = {"province_head", "county_head"}

_SEEN = who(open_to=FIELD, hidden_from=NEIGHBOUR)


def _code(scene):
    return [with_cameras(scene.enrolled).code]


PAGES = [
    Page(
        "video:viewings",
        who(open_to=HEADS | {"unit_manager"}),
        reader="county_head",
        max_queries=10,
        grow=lambda scene: more_clips(scene, 3),
    ),
    Page(
        "video:terminal",
        _SEEN,
        args=_code,
        max_queries=9,
        grow=lambda scene: more_clips(scene, 3),
    ),
    Page(
        "video:watch",
        who(open_to=FIELD, hidden_from=NEIGHBOUR, status=302),
        args=_code,
        method="post",
        data=lambda scene: {"camera": "front", "purpose": "patrol"},
    ),
    Page(
        "video:take",
        who(open_to=FIELD, hidden_from=NEIGHBOUR, status=302),
        args=_code,
        method="post",
        data=lambda scene: {
            "camera": "front",
            "begins_at": an_hour_ago(),
            "seconds": "60",
            "clip_purpose": "alert",
        },
    ),
    Page(
        "video:live",
        _SEEN,
        args=lambda scene: [live_of(scene).pk],
        max_queries=8,
        fixed="one session",
    ),
    Page(
        "video:live_state",
        _SEEN,
        args=lambda scene: [live_of(scene).pk],
        max_queries=9,
        fixed="one session",
    ),
    Page(
        # nothing has been sent: whoever may look finds nothing
        "video:live_part",
        who(hidden_from=FIELD | NEIGHBOUR),
        args=lambda scene: [live_of(scene).pk, "live.m3u8"],
    ),
    Page(
        "video:clip",
        _SEEN,
        args=lambda scene: [clip_of(scene).pk],
        max_queries=7,
        fixed="one clip",
    ),
    Page(
        "video:clip_state",
        _SEEN,
        args=lambda scene: [clip_of(scene).pk],
        max_queries=7,
        fixed="one clip",
    ),
    Page("video:clip_file", _SEEN, args=lambda scene: [clip_of(scene).pk]),
]
