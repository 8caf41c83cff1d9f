"""`hengyuan law`: the limit table on the command line."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from hengyuan.law.limits import NoLimit
from hengyuan.law.vehicles import Combination, InvalidVehicle, Vehicle, format_layout, parse_layout
from hengyuan.law.verdict import DEFAULT_BANDS, Judgement, fine_information, heavy_list, judge

app = typer.Typer(
    help="限值与认定:车货总质量的限值、超限率和依据。",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # Rich cuts Chinese help short instead of wrapping it
)

_FACTS_ZH = {"combination": "车型(组合形式)", "layout": "轴组布置", "drive_axles": "驱动轴数"}
_BANDS_ZH = {band.id: band.zh for band in DEFAULT_BANDS}


class _Rubbish(ValueError):
    """An option that cannot be read; ``zh`` is the line that the caller gets."""

    def __init__(self, zh: str) -> None:
        super().__init__(zh)
        self.zh = zh


@app.callback()
def _group() -> None:
    """Keeps `judge` a command of its own while it is the only one."""


# Numbers arrive as text, so that a wrong one gets our one line and not a page of usage.
@app.command("judge")
def judge_command(
    axles: Annotated[
        str, typer.Option(metavar="N", help="着地的轴数(必填)", show_default=False)
    ] = "",
    gross: Annotated[
        str, typer.Option(metavar="KG", help="车货总质量,千克(必填)", show_default=False)
    ] = "",
    combination: Annotated[
        str,
        typer.Option(
            metavar="KIND",
            help=f"车型:{'、'.join(Combination)};不填则按同轴数的最低限值推定",
            show_default=False,
        ),
    ] = "",
    layout: Annotated[
        str,
        typer.Option(metavar="1+1+3", help="轴组布置,从前到后", show_default=False),
    ] = "",
    drive_axles: Annotated[
        str,
        typer.Option(metavar="N", help="货车或牵引车的驱动轴数", show_default=False),
    ] = "",
    dual_tyres: Annotated[
        bool | None,
        typer.Option(
            "--dual-tyres/--single-tyres",
            help="驱动轴每侧双胎或单胎;其他轴见 --missing-tyres",
            show_default=False,
        ),
    ] = None,
    air_suspension: Annotated[
        bool | None,
        typer.Option(
            "--air-suspension/--no-air-suspension",
            help="驱动轴是否空气悬架",
            show_default=False,
        ),
    ] = None,
    trailer_axle_spacing: Annotated[
        str,
        typer.Option(
            metavar="MM",
            help="半挂车两轴之间的距离",
            show_default=False,
        ),
    ] = "",
    missing_tyres: Annotated[
        str,
        typer.Option(
            metavar="N",
            help="二轴组、三轴组(驱动轴除外)及挂车比双胎减少的轮胎数",
            show_default=False,
        ),
    ] = "",
    trailer_tyre_width: Annotated[
        str,
        typer.Option(metavar="MM", help="挂车轮胎名义断面宽度", show_default=False),
    ] = "",
    drive_tyre_width: Annotated[
        str,
        typer.Option(metavar="MM", help="驱动轴轮胎名义断面宽度", show_default=False),
    ] = "",
    licensed_total: Annotated[
        str,
        typer.Option(metavar="KG", help="行驶证总质量", show_default=False),
    ] = "",
    on: Annotated[
        str,
        typer.Option("--date", metavar="YYYY-MM-DD", help="称重日期;不填为今天"),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 对象")] = False,
) -> None:
    """按限值表认定一次称重。

    退出码:0 已认定(无论是否超限),2 输入有误、无法认定。
    """
    try:
        vehicle = Vehicle(
            axles=_required("--axles", axles),
            combination=_combination(combination),
            layout=parse_layout(layout) if layout else None,
            drive_axles=_whole("--drive-axles", drive_axles),
            dual_tyres=dual_tyres,
            air_suspension=air_suspension,
            trailer_axle_spacing_mm=_whole("--trailer-axle-spacing", trailer_axle_spacing),
            licensed_total_kg=_whole("--licensed-total", licensed_total),
            missing_tyres=_whole("--missing-tyres", missing_tyres) or 0,
            trailer_tyre_width_mm=_whole("--trailer-tyre-width", trailer_tyre_width),
            drive_tyre_width_mm=_whole("--drive-tyre-width", drive_tyre_width),
        )
        judgement = judge(vehicle, _required("--gross", gross), _day(on))
    except (_Rubbish, InvalidVehicle, NoLimit) as problem:
        _refuse(problem.zh)
    if as_json:
        typer.echo(json.dumps(_as_object(vehicle, judgement), ensure_ascii=False))
    else:
        _print_chinese(vehicle, judgement)


def _refuse(problem: str) -> NoReturn:
    typer.echo(f"hengyuan law judge: {problem}", err=True)
    raise typer.Exit(2)


def _whole(option: str, text: str) -> int | None:
    if not text:
        return None
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise _Rubbish(f"{option} 应为不小于 0 的整数,收到 {text[:30]!r}")
    return int(digits)


def _required(option: str, text: str) -> int:
    value = _whole(option, text)
    if value is None:
        raise _Rubbish(f"缺少 {option};至少要给出 --axles 和 --gross")
    return value


def _combination(text: str) -> Combination | None:
    if not text:
        return None
    try:
        return Combination(text.strip().lower())
    except ValueError:
        raise _Rubbish(
            f"--combination 应为 {'、'.join(Combination)} 之一,未知时不填;收到 {text[:30]!r}"
        ) from None


def _day(text: str) -> date:
    if not text:
        return datetime.now().astimezone().date()
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise _Rubbish(f"--date 应为形如 2024-09-15 的日期,收到 {text[:30]!r}") from None


def _as_object(vehicle: Vehicle, judgement: Judgement) -> dict[str, Any]:
    return {
        "axles": vehicle.axles,
        "combination": vehicle.combination,
        "gross_kg": judgement.gross_kg,
        "limit_kg": judgement.limit_kg,
        "overload_kg": judgement.overload_kg,
        "overload_rate": judgement.overload_rate_bp / 100,
        "band": judgement.band,
        "verdict": judgement.verdict,
        "clause": judgement.clause,
        "notes": list(judgement.limit.notes),
        "assumed": judgement.assumed,
        "assumed_facts": list(judgement.assumed_facts),
        "rule_pack": judgement.limit.rule_pack,
    }


def _print_chinese(vehicle: Vehicle, judgement: Judgement) -> None:
    combination = vehicle.combination.zh if vehicle.combination else "车型未知"
    layout = f"({format_layout(vehicle.layout)})" if vehicle.layout else ""
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("车辆", f"{vehicle.axles}轴 {combination}{layout}")
    table.add_row("车货总质量", f"{judgement.gross_kg} 千克")
    table.add_row("限值", f"{judgement.limit_kg} 千克")
    table.add_row("超限量", f"{judgement.overload_kg} 千克")
    table.add_row("超限率", f"{judgement.overload_rate}%({_BANDS_ZH[judgement.band]})")
    table.add_row("结论", "[bold red]超限[/]" if judgement.over else "[bold green]未超限[/]")
    table.add_row("依据", judgement.clause)
    for note in judgement.limit.notes:
        table.add_row("", note)
    if judgement.assumed:
        facts = "、".join(_FACTS_ZH[fact] for fact in judgement.assumed_facts)
        table.add_row("推定", f"{facts}未知,按可能情形中的最低限值认定")
    heavy = heavy_list(judgement.gross_kg)
    if heavy:
        table.add_row("重点名单", f"{heavy.removesuffix('t')}吨以上")
    table.add_row("罚则参考", _fine_words(judgement))
    table.add_row("规则版本", judgement.limit.rule_pack)
    Console().print(table)


def _fine_words(judgement: Judgement) -> str:
    fine = fine_information(judgement.overload_kg)
    if fine.kind == "none":
        return "无"
    what = "警告" if fine.kind == "warning" else f"约{fine.yuan}元罚款"
    return f"{what}(仅供参考,{fine.clause})"
