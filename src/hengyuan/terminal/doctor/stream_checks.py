"""The streams that are recorded: each watched for some seconds, several at a time."""

from __future__ import annotations

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hengyuan.terminal.config import Config
from hengyuan.terminal.config_video import VideoStreamTable
from hengyuan.terminal.doctor.findings import Findings
from hengyuan.terminal.words import installer_text as _

WATCH_S = 6.0
AT_ONCE = 4


def streams(config: Config, found: Findings) -> None:
    """Every stream of every lane. Nothing where PyAV is not installed: that is said elsewhere."""
    tables = [video for lane in config.lanes for video in lane.table.videos]
    if not tables or importlib.util.find_spec("av") is None:
        return
    with ThreadPoolExecutor(AT_ONCE) as pool:
        seen = pool.map(lambda table: _watch(table, config.path.parent), tables)
        for each in seen:
            found.add(each.steps)


def _watch(table: VideoStreamTable, folder: Path) -> Findings:
    from hengyuan.terminal.setup.stream_words import advice, told, why
    from hengyuan.terminal.video.probe import probe
    from hengyuan.terminal.video.source import SourceError

    found = Findings()
    if table.password_file is not None and not (folder / table.password_file).is_file():
        text = _("{name}: the file with its password is not there: {file}")
        remedy = _("put the password into that file, or correct password_file")
        text = text.format(name=table.name, file=folder / table.password_file)
        found.bad("video", text, remedy)
        return found
    try:
        seen = probe(table, folder, WATCH_S)
    except SourceError as error:
        remedy = _("check the camera's power, address, user and password: `hengyuan terminal setup "
                   "--only videos`")  # fmt: skip
        found.bad("video", f"{table.name}: {why(str(error))}", remedy)
        return found
    text = f"{table.name}: {told(seen)}"
    changes = advice(seen)
    if seen.first_key_s is None:
        found.bad("video", text, "; ".join(changes))
    elif changes:
        found.warn("video", text, "; ".join(changes))
    else:
        found.good("video", text)
    return found
