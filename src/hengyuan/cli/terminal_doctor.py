"""`hengyuan terminal doctor`: what is wrong, and what to do about it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console

_MARKS = {"good": ("✓", "green"), "warn": ("!", "yellow"), "bad": ("✗", "red")}


def doctor(
    config: Annotated[Path, typer.Argument(help="终端配置文件(TOML)")],
    devices: Annotated[
        bool, typer.Option("--devices/--no-devices", help="逐台听设备(终端正在运行时不听)")
    ] = True,
    whole_chain: Annotated[
        bool, typer.Option("--whole-chain", help="验全部记录的链,不只最近的")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 数组")] = False,
) -> None:
    """体检:配置、登记、存储、平台、设备、服务,哪里不对、怎么办。不改任何东西。

    退出码:0 能工作(可能有提醒),1 有不能工作的地方。
    """
    from hengyuan.terminal.doctor.doctor import examine

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    found = examine(config.absolute(), devices=devices, whole_chain=whole_chain)
    if as_json:
        typer.echo(json.dumps(found.as_dicts(), ensure_ascii=False))
    else:
        console = Console(highlight=False, soft_wrap=True)
        for step in found.steps:
            mark, colour = _MARKS[step.level]
            console.print(f"{mark} {step.text}", style=colour, markup=False)
            if step.remedy and step.level != "good":
                console.print(f"    → {step.remedy}", markup=False)
    raise typer.Exit(1 if found.worst == "bad" else 0)
