"""The streams of a lane that are recorded: addressed by make, watched for some seconds, named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hengyuan.terminal.config_errors import explain
from hengyuan.terminal.config_video import VideoStreamTable
from hengyuan.terminal.setup.context import Setup
from hengyuan.terminal.setup.dialogue import Option, SetupStopped, ask_number
from hengyuan.terminal.setup.draft import write_private
from hengyuan.terminal.setup.lanes_part import lane_title
from hengyuan.terminal.setup.naming import ask_stream_name
from hengyuan.terminal.setup.places import network_places
from hengyuan.terminal.setup.stream_addresses import (
    MAKES,
    OTHER,
    host_of,
    make_of_driver,
    make_of_url,
    without_login,
)
from hengyuan.terminal.words import installer_text as _

if TYPE_CHECKING:
    from hengyuan.terminal.video.nal import Codec

MOST_STREAMS = 8
PROBE_S = 8.0
_VIEWS = ("front", "rear", "panorama", "weigh_room", "cab", "front_side", "rear_side")
_TRIES = 5


def videos_part(setup: Setup) -> None:
    """So many for each lane as there are, none for most."""
    for place, lane in enumerate(setup.lanes, 1):
        setup.dialogue.heading(_("Video of {lane}").format(lane=lane_title(lane)))
        known = lane.get("videos", [])
        count = ask_number(
            setup.dialogue, f"lanes.{place}.videos.count",
            _("How many cameras are recorded as video (RTSP)?"), len(known), 0, MOST_STREAMS,
        )  # fmt: skip
        lane["videos"] = []
        for number in range(1, count + 1):
            before = known[number - 1] if number <= len(known) else {}
            key = f"lanes.{place}.videos.{number}"
            lane["videos"].append(_stream(setup, key, number, lane, before))
        if not count:
            del lane["videos"]


def view_titles() -> dict[str, str]:
    """What a stream may see."""
    return {
        "front": _("front"),
        "rear": _("rear"),
        "front_side": _("front side"),
        "rear_side": _("rear side"),
        "panorama": _("panorama"),
        "cab": _("cab"),
        "weigh_room": _("weigh room"),
    }


def _stream(
    setup: Setup, key: str, number: int, lane: dict[str, Any], known: dict[str, Any]
) -> dict[str, Any]:
    dialogue = setup.dialogue
    titles = view_titles()
    view = dialogue.choose(
        f"{key}.view",
        _("Video {number}: what does the camera see?").format(number=number),
        [Option(name, title) for name, title in titles.items()],
        known.get("view", _VIEWS[min(number, len(_VIEWS)) - 1]),
    )
    wanted = f"{lane.get('name') or lane['number']}-{titles[view]}"
    name = ask_stream_name(setup, f"{key}.name", wanted, known=known.get("name"))
    raw = {**known, "name": name, "view": view}
    likely = _plate_camera(lane, view)
    for _attempt in range(_TRIES):
        _address(setup, key, raw, likely)
        table = _table(key, raw)
        question = _("Watch it for {seconds:.0f} s now?").format(seconds=PROBE_S)
        if not dialogue.confirm(f"{key}.try", question, default=True):
            break
        if _watched(setup, key, table) or not dialogue.confirm(
            f"{key}.again", _("Enter address, user and password once more?"), default=False
        ):
            break
    return _in_order(raw)


def _plate_camera(lane: dict[str, Any], view: str) -> dict[str, Any]:
    """The plate camera that sees the same: mostly the same device."""
    cameras: list[dict[str, Any]] = lane.get("cameras", [])
    return next((each for each in cameras if each.get("view", "front") == view), {})


def _address(setup: Setup, key: str, raw: dict[str, Any], likely: dict[str, Any]) -> None:
    """Make, host and login, or the whole address."""
    dialogue = setup.dialogue
    before = make_of_url(raw["url"]) if "url" in raw else None
    had_none = "url" in raw and not raw.get("user")
    usual = make_of_driver(str(likely.get("driver"))) if "url" not in raw else OTHER
    options = [Option(make.name, make.title) for make in MAKES]
    options.append(Option(OTHER, _("another one, or another address: I write it myself")))
    chosen = dialogue.choose(
        f"{key}.make", _("Whose camera is it?"), options, before.name if before else usual
    )
    user = password = ""
    make = next((each for each in MAKES if each.name == chosen), None)
    if make is None:
        text = _("Its address, like rtsp://192.168.1.31:554/stream1")
        given = dialogue.ask(f"{key}.url", text, raw.get("url")).strip()
        # what an installer pastes may have the login in it; it must not stand in the address
        raw["url"], user, password = without_login(given)
    else:
        host = _host(setup, key, raw, likely)
        channel = 1
        if make.has_channels:
            channel = ask_number(
                dialogue, f"{key}.channel", _("Channel (1 for a camera, others at a recorder)"),
                _channel(raw.get("url", "")), 1, 256,
            )  # fmt: skip
        try:
            raw["url"] = make.url(host, channel)
        except ValueError as problem:
            raise SetupStopped(f"{key}.host: {problem}") from None
    dialogue.say(f"    {raw['url']}")
    _login(setup, key, raw, likely, (user, password), had_none=had_none)


def _host(setup: Setup, key: str, raw: dict[str, Any], likely: dict[str, Any]) -> str:
    taken = {host_of(each["url"]) for lane in setup.lanes for each in lane.get("videos", [])}
    places = [place.where.removesuffix(":554") for place in network_places(setup, "video")]
    free = [where for where in places if where not in taken]
    for number, where in enumerate(free, 1):
        setup.dialogue.say(f"  {number}  {where}")
    known = host_of(raw.get("url", "")) or _host_of_camera(likely) or (free[0] if free else None)
    text = _("Its address (number, or like 192.168.1.31)")
    given = setup.dialogue.ask(f"{key}.host", text, known).strip()
    if given.isdigit() and 1 <= int(given) <= len(free):
        return free[int(given) - 1]
    return given


def _host_of_camera(camera: dict[str, Any]) -> str:
    if camera.get("host"):
        return str(camera["host"])
    if camera.get("address"):
        return host_of(str(camera["address"])).partition(":")[0]
    return str(camera.get("transport", {}).get("host", ""))


def _channel(url: str) -> int:
    make = make_of_url(url)
    if make is None or not make.has_channels:
        return 1
    before, _between, after = make.path.partition("{channel}")
    return int(url.partition(before)[2].removesuffix(after) or 1)


def _login(
    setup: Setup, key: str, raw: dict[str, Any], likely: dict[str, Any], pasted: tuple[str, str], *,
    had_none: bool,
) -> None:  # fmt: skip
    user, password = pasted
    dialogue = setup.dialogue
    last = _last_login(setup)
    camera = likely.get("login", {})
    known = user or raw.get("user") or ("-" if had_none else "")
    usual = known or camera.get("username") or last.get("user") or "admin"
    user = dialogue.ask(f"{key}.user", _("User name (- for none)"), usual).strip()
    if user == "-":
        for name in ("user", "password", "password_file"):
            raw.pop(name, None)
        return
    given = dialogue.secret(f"{key}.password", _("Password (empty: as it is, or as the last one)"))
    raw["user"] = user
    if given or password:
        raw.pop("password_file", None)
        raw["password"] = given or password
    elif not raw.get("password") and not raw.get("password_file"):
        same = camera.get("username") == user
        found = camera.get("password") if same else None
        if found is None and last.get("user") == user:
            found = last.get("password")
        if found:
            raw["password"] = found


def _last_login(setup: Setup) -> dict[str, Any]:
    """User and password of the stream before: cameras of a gate mostly share theirs."""
    streams = [each for lane in setup.lanes for each in lane.get("videos", []) if each.get("user")]
    return streams[-1] if streams else {}


def _table(key: str, raw: dict[str, Any]) -> VideoStreamTable:
    try:
        return msgspec.convert(raw, VideoStreamTable)
    except msgspec.ValidationError as error:
        raise SetupStopped(str(explain(error, VideoStreamTable, key))) from None


def _in_order(raw: dict[str, Any]) -> dict[str, Any]:
    names = [field.encode_name for field in msgspec.structs.fields(VideoStreamTable)]
    return {name: raw[name] for name in names if name in raw}


def _watched(setup: Setup, key: str, table: VideoStreamTable) -> bool:
    """Whether it can be recorded; what it is like is said."""
    dialogue = setup.dialogue
    try:
        from hengyuan.terminal.setup.stream_words import advice, told, why
        from hengyuan.terminal.video.probe import probe
        from hengyuan.terminal.video.source import SourceError
        from hengyuan.terminal.video.still import jpeg_of
    except ImportError:
        dialogue.warn(_("PyAV is not installed: pip install av; not tried"))
        return True
    dialogue.say(_("watching for {seconds:.0f} s …").format(seconds=PROBE_S))
    try:
        keys: list[tuple[Codec, bytes]] = []
        found = probe(
            table, setup.path.parent, PROBE_S, lambda codec, data: keys.append((codec, data))
        )
    except SourceError as error:
        dialogue.warn(_("not to be had: {why}").format(why=why(str(error))))
        return False
    except OSError as error:
        dialogue.warn(_("not to be had: {why}").format(why=error.strerror or error))
        return False
    dialogue.say(told(found))
    for each in advice(found):
        dialogue.warn(each)
    picture = jpeg_of(*keys[0]) if keys else None
    return picture is None or _looks_right(setup, key, table, picture)


def _looks_right(setup: Setup, key: str, table: VideoStreamTable, picture: bytes) -> bool:
    """Whether somebody who looks at the picture says so. It is kept no longer than that."""
    file = setup.data_dir / f"{table.name}.jpg"
    write_private(file, picture)
    try:
        question = _("Open {file}: is it the right camera, and well aimed?").format(file=file)
        return setup.dialogue.confirm(f"{key}.right", question, default=True)
    finally:
        file.unlink(missing_ok=True)
