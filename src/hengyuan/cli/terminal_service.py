"""`hengyuan terminal service`: the terminal as a systemd service."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

FAILED, WRONG = 1, 2

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="装成系统服务(systemd;Windows 见 docs/windows.md)。",
)

User = Annotated[str | None, typer.Option(help="以哪个用户运行;不给则 root", show_default=False)]
ConfigFile = Annotated[Path, typer.Argument(help="终端配置文件(TOML)")]


def _stop(text: str, code: int = FAILED) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(code)


def _text(config: Path, user: str | None) -> str:
    from hengyuan.terminal.config import load_config
    from hengyuan.terminal.config_errors import ConfigError
    from hengyuan.terminal.service.systemd import own_program, unit_text

    try:
        checked = load_config(config.absolute())
        return unit_text(config.absolute(), checked.data_dir, own_program(), user, [])
    except (ConfigError, ValueError) as problem:
        _stop(str(problem), WRONG)


@app.command()
def show(config: ConfigFile, user: User = None) -> None:
    """打印服务单元,不安装。退出码:0 正常,2 配置有误。"""
    typer.echo(_text(config, user), nl=False)


@app.command()
def install(config: ConfigFile, user: User = None) -> None:
    """写好单元、设为开机启动并启动。须 root。退出码:0 正常,1 没有装成,2 配置有误。"""
    from hengyuan.terminal.service.systemd import FOLDER, UNIT, service_state, systemctl

    if not sys.platform.startswith("linux"):
        _stop("本机不是 Linux;Windows 的做法见 docs/windows.md")
    text = _text(config, user)
    if service_state() is None:
        _stop("本机没有运行 systemd;用 `hengyuan terminal service show` 取单元文件自行安装")
    try:
        (FOLDER / UNIT).write_text(text, "utf-8")
        systemctl("daemon-reload")
        systemctl("enable", UNIT)
        systemctl("restart", UNIT)
    except (OSError, RuntimeError) as problem:
        _stop(f"没有装成:{problem}")
    typer.echo(f"已安装并启动 {UNIT};日志:journalctl -u {UNIT}")


@app.command()
def remove() -> None:
    """停止并去掉服务;数据不动。退出码:0 正常,1 没有去掉。"""
    from hengyuan.terminal.service.systemd import FOLDER, UNIT, service_state, systemctl

    state = service_state()
    if state is None or not state.installed:
        typer.echo("没有安装")
        return
    try:
        systemctl("disable", "--now", UNIT)
        (FOLDER / UNIT).unlink(missing_ok=True)
        systemctl("daemon-reload")
    except (OSError, RuntimeError) as problem:
        _stop(f"没有去掉:{problem}")
    typer.echo(f"已去掉 {UNIT};数据留着")
