"""`hengyuan world gate`: what an installer finds at a gate, on this machine."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer


def gate(
    serve: Annotated[
        bool, typer.Option("--serve", help="一直运行,Ctrl-C 停止;不给则只写出会在哪里")
    ] = False,
    home: Annotated[Path, typer.Option(help="数据目录")] = Path(".gate"),
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="平台端口;不给则 8000 或任一空闲端口")
    ] = None,
    screen_port: Annotated[
        int, typer.Option(min=1, max=65535, help="抓拍机推送到本机的这个端口")
    ] = 8300,
    family: Annotated[str, typer.Option(help="称重仪表的协议:f1 至 f7")] = "f1",
    seed: Annotated[int, typer.Option(help="随机种子:同一种子,同样的车")] = 1,
) -> None:
    """一个磅房的模拟设备,外加一个有登记码的平台:用来练习 hengyuan terminal setup。

    设备照真实协议说话;显示屏请车上磅,车才来。退出码:0 正常,2 无法启动。
    """
    from hengyuan.world.devices.scale import FRAMES
    from hengyuan.world.open_gate import AXLES_AT, DISPLAY_AT, SEGMENT, OpenGatePlan

    if family not in FRAMES:
        print(f"--family:没有 {family};可用:{'、'.join(FRAMES)}", file=sys.stderr)
        raise typer.Exit(2)
    plan = OpenGatePlan(home=home, family=family, screen_port=screen_port, seed=seed)
    if not serve:
        print(f"称重仪表 串口 {home.absolute() / 'scale'} ({family})")
        print(f"轴型识别仪 {AXLES_AT[0]}:{AXLES_AT[1]},显示屏 {DISPLAY_AT[0]}:{DISPLAY_AT[1]}")
        print(f"网段 {SEGMENT};加 --serve 运行")
        return
    raise typer.Exit(asyncio.run(_serve(plan, port)))


async def _serve(plan: object, port: int | None) -> int:
    from itertools import islice

    from hengyuan.cli._long_work import log_to_stderr, until_stopped
    from hengyuan.world.axle_records import load_axle_records
    from hengyuan.world.demo.town import Town, TownFailed, TownPlan
    from hengyuan.world.gate import GateProblem
    from hengyuan.world.installation import USUAL
    from hengyuan.world.open_gate import OpenGate, OpenGatePlan
    from hengyuan.world.processes import ChildDied
    from hengyuan.world.trucks import trucks

    assert isinstance(plan, OpenGatePlan)
    log_to_stderr()
    town_plan = TownPlan(
        home=plan.home,
        terminals=1,
        pace=plan.pace,
        tuning=USUAL,
        seed=plan.seed,
        port=port,
        remote=0,
        by_hand=True,
    )

    async def work() -> int:
        async with Town(town_plan, lambda step: print(f"{step} …", flush=True)) as town:
            opened = OpenGate(plan, town)
            await opened.open()
            try:
                _show(opened)
                coming = islice(trucks(load_axle_records(), plan.seed, 0.03), 10**9)
                await opened.serve(coming, _seen)
            finally:
                await opened.close()
        return 0

    try:
        return await until_stopped(work()) or 0
    except (ChildDied, TownFailed, GateProblem) as problem:
        print(f"无法运行:{problem}", file=sys.stderr)
        return 2


def _show(opened: object) -> None:
    from hengyuan.world.open_gate import AXLES_AT, DISPLAY_AT, KNOWN_KG, SEGMENT, OpenGate

    assert isinstance(opened, OpenGate)
    town, terminal = opened.town, opened.terminal
    code = terminal.enrolment_code or "(已登记,用原来的数据目录)"
    rows = [
        ("平台地址", town.url),
        ("登记码", code),
        ("平台账号", f"linfen,口令 {town.password}"),
        ("称重仪表", f"串口 {opened.port}"),
        ("轴型识别仪", f"{AXLES_AT[0]}:{AXLES_AT[1]}"),
        ("显示屏", f"{DISPLAY_AT[0]}:{DISPLAY_AT[1]},仰邦"),
        ("抓拍机", f"海康威视,推送到 {opened.gate.camera.url}"),
        ("网段", SEGMENT),
        ("已知重量", f"{KNOWN_KG} kg,显示屏请他上磅他就上"),
        ("现成的答案", str(opened.answers_file)),
    ]
    print(f"磅房已就绪:{terminal.unit_name} {terminal.name}({terminal.code})")
    for name, value in rows:
        print(f"  {name}:{value}")
    print("现在安装终端;Ctrl-C 全部停止。", flush=True)


def _seen(passage: object) -> None:
    from hengyuan.world.gate import Passage

    assert isinstance(passage, Passage)
    over = passage.shown_over
    verdict = "未显示" if over is None else ("超限" if over else "合格")
    truck = passage.truck
    print(
        f"{passage.entered_at.astimezone():%H:%M:%S}  {truck.plate}  {truck.axles} 轴 "
        f"{truck.gross_kg / 1000:.2f} 吨  {verdict}",
        flush=True,
    )
