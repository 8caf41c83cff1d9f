"""`hengyuan terminal video`: look at a camera's stream, and cut a clip out of its recording."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

if TYPE_CHECKING:
    from hengyuan.terminal.config import Config
    from hengyuan.terminal.config_video import VideoStreamTable

WRONG_CALL, NOTHING = 2, 1
_CHINA = timezone(timedelta(hours=8))

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="视频:检查摄像机码流,从本机录像截取片段。"
)


@app.command()
def probe(
    config: Annotated[Path, typer.Argument(help="终端配置文件(TOML)")],
    name: Annotated[str, typer.Argument(help="[[lanes.videos]] 的 name;省略则全部检查")] = "",
    seconds: Annotated[float, typer.Option(min=1, max=60, help="每路看多少秒")] = 8.0,
    as_json: Annotated[bool, typer.Option("--json", help="每路输出一个 JSON 对象")] = False,
) -> None:
    """看一路码流:编码、分辨率、帧率、码率、关键帧间隔,不合适的说明怎么改。

    退出码:0 都能录,1 有连不上或不能录的,2 配置有误。
    """
    from hengyuan.terminal.video.probe import probe as look
    from hengyuan.terminal.video.source import SourceError

    read, streams = _streams(config, name)
    failed = False
    for stream in streams:
        try:
            found = look(stream, read.path.parent, seconds)
        except SourceError as error:
            failed = True
            text = str(error)
            typer.echo(
                json.dumps({"name": stream.name, "error": text}, ensure_ascii=False)
                if as_json
                else f"✗ {stream.name}: {text}"
            )
            continue
        if as_json:
            typer.echo(json.dumps({"name": stream.name, **asdict(found)}, ensure_ascii=False))
            continue
        every = "不明" if found.key_every_s is None else f"{found.key_every_s:.1f} 秒"
        typer.echo(
            f"✓ {stream.name}: {found.codec} {found.width}×{found.height},"
            f"{found.pictures_s:.0f} 帧/秒,{found.mbit_s:.1f} Mbit/s,关键帧间隔 {every}"
        )
        if not found.plays_everywhere:
            typer.echo("    → 多数浏览器不能播放 H.265:请把摄像机设为 H.264")
        if found.key_frames_are_rare:
            typer.echo("    → 关键帧太少:请把关键帧(I 帧)间隔设为 2 秒,关闭智能编码")
    if failed:
        raise typer.Exit(NOTHING)


@app.command()
def cut(
    config: Annotated[Path, typer.Argument(help="终端配置文件(TOML)")],
    name: Annotated[str, typer.Argument(help="[[lanes.videos]] 的 name")],
    begin: Annotated[
        datetime,
        typer.Option(
            "--from", formats=["%Y-%m-%d %H:%M:%S"], help="北京时间,如 '2026-05-20 08:30:00'"
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="写到哪个 MP4 文件;分段时加序号")],
    seconds: Annotated[int, typer.Option(min=1, max=3600, help="多少秒")] = 60,
) -> None:
    """从录像里截取一段;终端正在运行也可以。不改动录像。

    退出码:0 已写出,1 那段时间没有录像,2 配置有误。
    """
    from hengyuan.terminal.video.joining import join, runs_of
    from hengyuan.terminal.video.ring import Ring

    read, (stream,) = _streams(config, name)
    folder = read.video_dir / stream.name
    from_ms = round(begin.replace(tzinfo=_CHINA).timestamp() * 1000)
    runs = []
    if folder.is_dir():
        runs = runs_of(Ring(folder).load().span(from_ms, from_ms + seconds * 1000))
    written = 0
    for number, (init, segments) in enumerate(runs, start=1):
        target = out if len(runs) == 1 else out.with_stem(f"{out.stem}-{number}")
        if length_ms := join(init, segments, target):
            typer.echo(f"{target}: {length_ms / 1000:.1f} 秒,{target.stat().st_size} 字节")
            written += 1
    if not written:
        typer.echo(f"{stream.name}: 那段时间没有录像", err=True)
        raise typer.Exit(NOTHING)


def _streams(path: Path, name: str) -> tuple[Config, list[VideoStreamTable]]:
    """The configuration, and the stream of that name, or all of them."""
    from hengyuan.terminal.config import load_config
    from hengyuan.terminal.config_errors import ConfigError

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        read = load_config(path.absolute())
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(WRONG_CALL) from None
    streams = [stream for lane in read.lanes for stream in lane.table.videos]
    wanted = [stream for stream in streams if name in ("", stream.name)]
    if not wanted:
        known = "、".join(stream.name for stream in streams) or "无"
        typer.echo(f"{path}: 没有视频 {name!r};已配置:{known}", err=True)
        raise typer.Exit(WRONG_CALL)
    return read, wanted
