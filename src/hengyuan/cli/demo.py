"""`hengyuan demo`: a small city at work on this machine, or a counted run with its figures."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hengyuan.cli._long_work import log_to_stderr, until_stopped
from hengyuan.cli._world_records import records_or_fail
from hengyuan.world.demo.chaos import Chaos
from hengyuan.world.demo.run import RunPlan, counted_run, drive_for_ever
from hengyuan.world.demo.town import Town, TownFailed, TownPlan
from hengyuan.world.gate import GateProblem, Passage
from hengyuan.world.installation import QUICK, USUAL
from hengyuan.world.motion import FAST, LIVELY
from hengyuan.world.processes import ChildDied

LOST, FAILED = 1, 2

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def demo(
    trucks: Annotated[
        int | None, typer.Option(min=1, help="只放行这么多辆,然后停止来车、清点入库;不给则一直来车")
    ] = None,
    leave: Annotated[
        bool, typer.Option("--exit", help="清点后退出(与 --trucks 同用,以各部件的最快速度)")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="清点结果以一个 JSON 对象写到标准输出")
    ] = False,
    axle_records: Annotated[
        Path | None, typer.Option(help="轴重数据文件(CSV);不给则用自带的 2000 辆真实车辆")
    ] = None,
    seed: Annotated[int, typer.Option(help="随机种子:同一种子,同样的车")] = 1,
    made_share: Annotated[
        float, typer.Option(min=0, max=1, help="人为加重成超限的比例;实测数据里没有特别重的车")
    ] = 0.03,
    terminals: Annotated[int, typer.Option(min=1, max=99, help="多少台终端")] = 3,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="平台端口;不给则 8000 或任一空闲端口")
    ] = None,
    home: Annotated[Path, typer.Option(help="演示的数据目录;再次运行时接着用")] = Path(".demo"),
    password: Annotated[
        str | None,
        typer.Option(
            help="所有演示账号的口令;不给则沿用上次的,第一次随机生成",
            envvar="HENGYUAN_DEMO_PASSWORD",
        ),
    ] = None,
    kill_platform: Annotated[
        int, typer.Option(min=0, help="途中对平台 SIGKILL 这么多次(每隔一次连数据库一起)并重启")
    ] = 0,
    kill_terminals: Annotated[
        bool, typer.Option("--kill-terminals", help="途中对每台终端 SIGKILL 一次并重启")
    ] = False,
) -> None:
    """演示:平台、终端、磅房设备和来往车辆都在本机运行,Ctrl-C 全部停止。

    车辆的轴重是真实测得的,车牌、单位、人员都是虚构的。
    退出码:0 正常,1 清点有丢失或错误,2 无法启动或中途有程序退出。
    """
    chaos = Chaos(kill_platform, kill_terminals)
    if trucks is None and (leave or as_json or chaos != Chaos()):
        raise typer.BadParameter("--exit、--json、--kill-… 须与 --trucks 同用")
    quick = trucks is not None and leave
    plan = TownPlan(
        home=home,
        terminals=terminals,
        pace=FAST if quick else LIVELY,
        tuning=QUICK if quick else USUAL,
        seed=seed,
        port=port,
        password=password,
    )
    run = RunPlan(records_or_fail(axle_records), seed, made_share, trucks, chaos)
    screen = Console(stderr=as_json, highlight=False)
    log_to_stderr()
    code = asyncio.run(until_stopped(_demo(plan, run, screen, leave=leave, as_json=as_json)))
    raise typer.Exit(code or 0)


async def _demo(
    plan: TownPlan, run: RunPlan, screen: Console, *, leave: bool, as_json: bool
) -> int:
    try:
        with screen.status("启动演示") as status:

            def tell(step: str) -> None:
                if screen.is_terminal:
                    status.update(f"{step} …")
                else:
                    screen.print(f"{step} …")

            town = Town(plan, tell)
            await town.__aenter__()
        try:
            if not leave:
                _show_town(screen, town)
            return await _traffic(town, run, screen, leave=leave, as_json=as_json)
        finally:
            with screen.status("停止所有程序 …"):
                await town.stop()
    except (ChildDied, TownFailed, GateProblem) as problem:
        Console(stderr=True, highlight=False).print(f"演示失败:{problem}", markup=False)
        return FAILED


async def _traffic(town: Town, run: RunPlan, screen: Console, *, leave: bool, as_json: bool) -> int:
    names = {
        station.terminal.code: f"{station.terminal.unit_name} {station.terminal.name}"
        for station in town.stations
    }
    if run.wanted is None:
        town.let_trucks_pass_everywhere()
        await drive_for_ever(town, run, lambda passage: _show_passage(screen, names, passage))
        return 0
    with screen.status(f"来车 0/{run.wanted}") as status:
        passed = 0

        def seen(passage: Passage) -> None:
            nonlocal passed
            passed += 1
            status.update(f"来车 {passed}/{run.wanted}")

        figures = await counted_run(town, run, seen)
    if as_json:
        print(json.dumps(figures, ensure_ascii=False), flush=True)
    else:
        _show_figures(screen, figures)
    if not leave:
        screen.print("清点完毕,平台继续运行,Ctrl-C 停止。")
        await _watch_for_ever(town)
    return 0 if figures["all_right"] else LOST


async def _watch_for_ever(town: Town) -> None:
    while True:
        town.check()
        await asyncio.sleep(0.5)


def _show_town(screen: Console, town: Town) -> None:
    logins = Table(
        title=f"衡源演示 {town.url}  所有账号的口令:{town.password}", title_justify="left"
    )
    for heading in ("账号", "角色", "姓名", "单位"):
        logins.add_column(heading)
    for login in town.city.logins:
        logins.add_row(login.username, login.role, login.name, login.office)
    screen.print(logins)
    screen.print("各县账号以县名拼音开头,如 yaodu(业务员)、yaodu-head(负责人);口令相同。")
    for note in town.city.notes:
        screen.print(note, style="yellow", markup=False)
    gates = Table()
    for heading in ("终端", "磅房", "仪表", "磅房页面"):
        gates.add_column(heading)
    for station in town.stations:
        plan = station.gate.plan
        gates.add_row(
            station.terminal.code, plan.caption, f"{plan.family} {plan.cable}", station.screen_url
        )
    screen.print(gates)
    screen.print(f"数据目录 {town.home},日志 {town.home / 'logs'}。Ctrl-C 全部停止。")


def _show_passage(screen: Console, names: dict[str, str], passage: Passage) -> None:
    truck = passage.truck
    over = passage.shown_over
    verdict = "未显示" if over is None else ("[red]超限[/red]" if over else "[green]合格[/green]")
    made = " (人为加重)" if truck.made else ""
    screen.print(
        f"{passage.entered_at.astimezone():%H:%M:%S}  {names[passage.terminal]}  {truck.plate}  "
        f"{truck.axles} 轴 {truck.gross_kg / 1000:.2f} 吨  {verdict}{made}"
    )
    for problem in passage.problems:
        screen.print(problem, style="red", markup=False)


def _show_figures(screen: Console, figures: dict[str, Any]) -> None:
    table = Table(title="清点结果", title_justify="left", show_header=False)
    for name, value in figures.items():
        if name != "problems":
            table.add_row(name, str(value))
    screen.print(table)
    for problem in figures["problems"]:
        screen.print(problem, style="red", markup=False)
