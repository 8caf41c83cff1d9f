"""`hengyuan world loss`: what a terminal loses when everything goes wrong."""

import asyncio
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from hengyuan.cli._long_work import log_to_stderr, until_stopped
from hengyuan.cli._world_records import fail, records_or_fail

LOST = 1


def loss(
    passages: Annotated[int, typer.Option(min=1, help="多少辆车过磅")] = 10_000,
    kills: Annotated[int, typer.Option(min=1, help="途中对终端 kill -9 多少次")] = 200,
    seed: Annotated[int, typer.Option(help="随机种子:同样的车,同样安排的故障")] = 1,
    lanes: Annotated[int, typer.Option(min=1, max=16, help="多少个秤台同时过车")] = 8,
    keep: Annotated[
        Path | None, typer.Option(help="数据和日志留在这个目录(须不存在或为空)")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 对象")] = False,
) -> None:
    """丢失试验:真实终端进程、真实平台,途中断电、断网、应答丢失或重复、时钟跳变、磁盘写满。

    事后与真实过车逐辆核对。退出码:0 一条不少、一条不重,1 有差错,2 无法进行。
    """
    from hengyuan.platform.embedded import PostgresFailed
    from hengyuan.world.loss.run import LossPlan, loss_test
    from hengyuan.world.loss.site import SiteFailed
    from hengyuan.world.processes import ChildDied

    plan = LossPlan(records_or_fail(None), passages, kills, seed, lanes)
    home = keep or Path(tempfile.mkdtemp(prefix="hengyuan-loss-"))
    if keep is not None and keep.exists() and any(keep.iterdir()):
        fail(f"{keep} 不是空目录")
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    log_to_stderr(logging.ERROR)
    began = time.monotonic()

    def tell(step: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {step}", file=sys.stderr, flush=True)

    try:
        figures = asyncio.run(until_stopped(loss_test(plan, home, tell)))
    except (SiteFailed, ChildDied, PostgresFailed) as problem:
        fail(f"试验无法进行:{problem}")
    finally:
        if keep is None:
            shutil.rmtree(home, ignore_errors=True)
    if figures is None:
        fail("试验被中止")
    if as_json:
        print(json.dumps(figures, ensure_ascii=False))
    else:
        for name, value in figures.items():
            print(f"{name:<24} {value}")
    raise typer.Exit(0 if figures["all_right"] else LOST)
