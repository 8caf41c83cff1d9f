"""`hengyuan platform service`: the platform and its daily backup as systemd services."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from hengyuan.platform.service import systemd

FAILED, WRONG = 1, 2

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="装成系统服务(systemd):平台,以及每日备份。",
)

Home = Annotated[Path, typer.Option(help="平台的数据目录")]
User = Annotated[str, typer.Option(help="以哪个用户运行;没有则新建,不用 root")]
Host = Annotated[str, typer.Option(help="监听的地址;前面有反向代理时用 127.0.0.1")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="端口")]
Backup = Annotated[
    Path | None, typer.Option(help="每日备份到这个目录;不给则不备份", show_default=False)
]
At = Annotated[str, typer.Option(help="每日备份的时刻,HH:MM")]
Keep = Annotated[int, typer.Option(min=1, help="留最近几份备份")]
Passphrase = Annotated[
    Path | None,
    typer.Option(
        "--keys-passphrase",
        help="口令文件,用来加密备份里的平台密钥;不给则备份不带密钥",
        show_default=False,
    ),
]


def _stop(text: str, code: int = FAILED) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(code)


def _plan(
    home: Path,
    user: str,
    host: str,
    port: int,
    backup: Path | None,
    at: str,
    keep: int,
    passphrase: Path | None,
) -> systemd.Plan:
    hours, colon, minutes = at.partition(":")
    if (
        not (colon and hours.isdigit() and minutes.isdigit())
        or int(hours) > 23
        or int(minutes) > 59
    ):
        _stop(f"--at {at}:应为 HH:MM,例如 02:30", WRONG)
    for folder in (home, backup, passphrase):
        if folder is not None and not folder.is_absolute():
            _stop(f"{folder}:须为绝对路径", WRONG)
    return systemd.Plan(
        program=systemd.own_program(),
        home=home,
        user=user,
        host=host,
        port=port,
        backup=backup,
        backup_at=f"{int(hours):02d}:{int(minutes):02d}:00",
        keep=keep,
        passphrase=passphrase,
    )


@app.command()
def show(
    home: Home = systemd.HOME,
    user: User = systemd.USER,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    backup: Backup = None,
    at: At = "02:30",
    keep: Keep = 14,
    passphrase: Passphrase = None,
) -> None:
    """打印服务单元,不安装。退出码:0 正常,2 参数有误。"""
    try:
        made = systemd.units(_plan(home, user, host, port, backup, at, keep, passphrase))
    except ValueError as problem:
        _stop(str(problem), WRONG)
    for name, text in made.items():
        typer.echo(f"### {name}\n{text}")


@app.command()
def install(
    home: Home = systemd.HOME,
    user: User = systemd.USER,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    backup: Backup = None,
    at: At = "02:30",
    keep: Keep = 14,
    passphrase: Passphrase = None,
) -> None:
    """建用户和目录、写好单元、设为开机启动并启动。须 root。退出码:0 正常,1 没有装成,2 参数有误。"""
    plan = _plan(home, user, host, port, backup, at, keep, passphrase)
    if not systemd.has_systemd():
        _stop("本机没有运行 systemd;用 `hengyuan platform service show` 取单元文件自行安装")
    try:
        made = systemd.install(plan)
    except ValueError as problem:
        _stop(str(problem), WRONG)
    except (OSError, RuntimeError) as problem:
        _stop(f"没有装成:{problem}")
    typer.echo(f"已安装 {'、'.join(made)};设置写在 {plan.settings},改后 systemctl restart")
    typer.echo(f"日志:journalctl -u {systemd.PLATFORM}")
    if backup is None:
        typer.echo("没有设每日备份:加 --backup 目录 再装一次", err=True)


@app.command()
def remove() -> None:
    """停止并去掉服务;数据和备份不动。退出码:0 正常,1 没有去掉。"""
    if not systemd.has_systemd():
        typer.echo("没有安装")
        return
    try:
        gone = systemd.remove()
    except (OSError, RuntimeError) as problem:
        _stop(f"没有去掉:{problem}")
    typer.echo(f"已去掉 {'、'.join(gone)};数据留着" if gone else "没有安装")
