"""`hengyuan terminal`: the program at the gate, and the integrator's tools for its devices."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from hengyuan.cli import (
    terminal_doctor,
    terminal_print,
    terminal_service,
    terminal_setup,
    terminal_update,
    terminal_video,
)
from hengyuan.cli._terminal_decode import (
    line,
    model_lines,
    model_table,
    octets,
    placed,
    refuse,
    settings,
)
from hengyuan.terminal.devices import Notice, Refused
from hengyuan.terminal.drivers.catalogue import catalogue

if TYPE_CHECKING:
    from hengyuan.terminal.config import Config

SOUND, REFUSED = 0, 1

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # Rich cuts Chinese help short instead of wrapping it
    help="科技治超终端:出口处的称重、抓拍、显示和上传。",
)

app.command("setup")(terminal_setup.setup)
app.command("update")(terminal_update.update)
app.command("launch")(terminal_update.launch)
app.command("doctor")(terminal_doctor.doctor)
app.command("print-test")(terminal_print.print_test)
app.add_typer(terminal_service.app, name="service")
app.add_typer(terminal_video.app, name="video")

_KINDS_ZH = {
    "scale": "称重仪表",
    "axle": "轴型识别",
    "camera": "车牌抓拍",
    "display": "显示屏",
    "voice": "语音",
    "barrier": "道闸",
    "lamp": "信号灯",
    "sensor": "位置传感器",
}
_MATURITY_ZH = {
    "captured": "已用实采报文验证",
    "manual": "已用厂家说明书报文验证",
    "derived": "按规则构造报文验证",
    "unverified": "未验证",
    "own": "本系统自有",
}


@app.command()
def drivers(
    by_model: Annotated[
        bool, typer.Option("--models", help="称重仪表按型号列出:用哪个驱动、怎么设置、依据")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 数组")] = False,
) -> None:
    """列出设备驱动:种类、适用型号、验证程度。"""
    if by_model:
        table = json.dumps(model_table(), ensure_ascii=False)
        typer.echo(table if as_json else "\n".join(model_lines()))
        return
    entries = [msgspec.to_builtins(entry.manifest) for entry in catalogue().values()]
    if as_json:
        typer.echo(json.dumps(entries, ensure_ascii=False))
        return
    width = max(len(entry["name"]) for entry in entries)
    for entry in entries:
        kind, maturity = _KINDS_ZH[entry["kind"]], _MATURITY_ZH[entry["maturity"]]
        typer.echo(f"{entry['name']:<{width}} {kind}  {entry['title_zh']}  [{maturity}]")
        typer.echo(f"{'':<{width}} 型号:{'、'.join(entry['models'])}")


@app.command()
def run(
    config: Annotated[Path, typer.Argument(help="终端配置文件(TOML)")],
    verbose: Annotated[bool, typer.Option("--verbose", help="日志写得更细")] = False,
) -> None:
    """运行终端,直到 Ctrl-C。日志为 JSON,写到标准错误。

    退出码:0 正常停止,2 配置、登记、数据库或端口有误。
    """
    from hengyuan.terminal.enrolment import NotEnrolled
    from hengyuan.terminal.logs import configure_logging
    from hengyuan.terminal.screen.server import PortTaken
    from hengyuan.terminal.serving import serve
    from hengyuan.terminal.store import UnusableStore

    checked = _config(config)
    configure_logging(verbose)
    try:
        asyncio.run(serve(checked))
    except (NotEnrolled, UnusableStore, PortTaken) as problem:
        refuse(str(problem))
    except OSError as problem:
        refuse(f"{checked.data_dir}:{problem}")


@app.command()
def enrol(
    config: Annotated[Path, typer.Argument(help="终端配置文件(TOML)")],
    code: Annotated[str, typer.Option(help="县治超办发放的一次性登记码")],
    suite: Annotated[str, typer.Option(help="签名算法:SM2-SM3 或 Ed25519-SHA256")] = "SM2-SM3",
) -> None:
    """向县平台登记本终端:密钥在本机生成,不离开本机。

    退出码:0 已登记,1 平台没有登记,2 配置有误。
    """
    from hengyuan.record.suites import SUITES
    from hengyuan.terminal.clock import SystemClock
    from hengyuan.terminal.enrolment import EnrolmentFailed, NotEnrolled
    from hengyuan.terminal.enrolment import enrol as enrol_at

    if suite not in SUITES:
        refuse(f"--suite:没有 {suite!r};可用:{'、'.join(SUITES)}")
    checked = _config(config)
    try:
        enrolled = enrol_at(checked, code, suite, SystemClock())
    except EnrolmentFailed as problem:
        typer.echo(_ENROLMENT_ZH.get(problem.code, "登记失败") + f":{problem}", err=True)
        raise typer.Exit(REFUSED) from None
    except (NotEnrolled, OSError) as problem:
        refuse(str(problem))
    unit = enrolled.unit_name or enrolled.unit
    typer.echo(f"已登记:终端 {enrolled.terminal} {enrolled.terminal_name},{unit}")


_ENROLMENT_ZH = {
    "enrolled": "不能重复登记",
    "no_answer": "连接不上平台",
    "answer": "平台的回答无法使用",
    "unknown_code": "没有发放过这个登记码",
    "expired_code": "登记码已过期或已被替换,请县治超办重新发放",
    "used_code": "登记码已被使用",
    "bad_key": "平台不接受本机密钥",
}


@app.command()
def trust(
    config: Annotated[Path, typer.Argument(help="终端配置文件(TOML)")],
    key: Annotated[str, typer.Argument(help="平台公钥,由 hengyuan platform signing-key 给出")],
    suite: Annotated[str, typer.Option(help="SM2-SM3 或 Ed25519-SHA256")] = "SM2-SM3",
) -> None:
    """记下平台的公钥:平台下发的配置、规则和软件由它验签。新登记的终端登记时已得到。

    请先与县治超办核对指纹。退出码:0 已记下,2 输入有误。
    """
    from hengyuan.record.suites import fingerprint, suite_named
    from hengyuan.terminal.directed.trust import enter_key

    checked = _config(config)
    try:
        enter_key(checked.data_dir, suite, key)
    except ValueError as problem:
        refuse(str(problem))
    shown = fingerprint(suite_named(suite), bytes.fromhex(key.strip()))
    typer.echo(f"已记下,指纹 {shown};终端重新启动后生效")


@app.command()
def pin() -> None:
    """输入司磅员口令,输出其摘要,填入配置的 [screen] pin。"""
    from hengyuan.terminal.screen.pin import MIN_LENGTH, pin_digest

    asked = f"口令(至少 {MIN_LENGTH} 位)"
    typed = typer.prompt(asked, hide_input=True, confirmation_prompt="再输一次")
    try:
        typer.echo(f'pin = "{pin_digest(typed)}"')
    except ValueError:
        refuse(f"口令至少 {MIN_LENGTH} 位")


@app.command()
def decode(
    data: Annotated[
        list[str] | None, typer.Argument(metavar="HEX...", help="十六进制字节", show_default=False)
    ] = None,
    family: Annotated[
        str, typer.Option(metavar="NAME", help="驱动名称,见 hengyuan terminal drivers")
    ] = "",
    file: Annotated[
        Path | None,
        typer.Option(help="录下的字节或其十六进制文本;- 为标准输入", show_default=False),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="驱动设置,可重复;表内的键写作 frame.start=02",
            show_default=False,
        ),
    ] = None,
    settings_file: Annotated[
        Path | None,
        typer.Option("--settings", help="驱动设置的 TOML 文件", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 数组")] = False,
) -> None:
    """把设备报文解成读数,并说明哪些字节被拒收、在第几个字节、为什么。

    退出码:0 全部解出,1 有字节被拒收或没有读数,2 输入有误。
    """
    entry = catalogue().get(family.lower())
    if entry is None:
        refuse(f"--family:没有驱动 {family!r};可用:{'、'.join(catalogue())}")
    read = octets(data or [], file)
    items = entry.module("codec").decode(read, settings(entry, setting or [], settings_file))
    found = placed(items, read)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        for values in found:
            typer.echo(line(values))
    sound = any(not isinstance(item, Refused | Notice) for item in items)
    refused = any(isinstance(item, Refused) for item in items)
    raise typer.Exit(SOUND if sound and not refused else REFUSED)


def _config(path: Path) -> Config:
    from hengyuan.terminal.config import load_config
    from hengyuan.terminal.config_errors import ConfigError

    try:
        return load_config(path)
    except ConfigError as error:
        refuse(str(error))
