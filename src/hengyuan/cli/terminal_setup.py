"""`hengyuan terminal setup`: the dialogue with an installer, at a screen or from a file."""

from __future__ import annotations

import getpass
import logging
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.prompt import Confirm

if TYPE_CHECKING:
    from hengyuan.terminal.setup.dialogue import FromAnswers, Option

STOPPED, WRONG_CALL = 1, 2
_PARTS = (
    "platform", "screen", "lanes", "scale", "axles", "cameras", "videos", "displays", "sensors",
    "barriers", "lamps", "people", "weighing",
)  # fmt: skip
"""As in the wizard, which is loaded only when it runs; a test holds the two together."""


class Screen:
    """Questions at a screen."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    def heading(self, text: str) -> None:
        self._console.print(f"\n== {text} ==", style="bold", markup=False)

    def say(self, text: str) -> None:
        self._console.print(text, markup=False)

    def warn(self, text: str) -> None:
        self._console.print(text, style="yellow", markup=False)

    def ask(self, key: str, text: str, default: str | None = None) -> str:
        while True:
            shown = f"{text} [{default}]" if default else text
            given = _read(f"{shown}: ").strip()
            if given or default is not None:
                return given or str(default)
            self.warn("请填写")

    def secret(self, key: str, text: str) -> str:
        # where nobody types there is nothing to hide, and no way to
        return getpass.getpass(f"{text}: ") if sys.stdin.isatty() else input(f"{text}: ")

    def typed(self, key: str, text: str) -> str:
        return _read(f"{text}: ").strip()

    def confirm(self, key: str, text: str, default: bool) -> bool:
        return bool(Confirm.ask(_escaped(text), console=self._console, default=default))

    def choose(self, key: str, text: str, options: Sequence[Option], default: str) -> str:
        self.say(f"{text}")
        for number, option in enumerate(options, 1):
            mark = "*" if option.value == default else " "
            self.say(f" {mark}{number:>2}  {option.text}")
        values = [option.value for option in options]
        usual = str(values.index(default) + 1) if default in values else None
        while True:
            given = self.ask(key, "选择(编号或名称)", usual)
            if given in values:
                return given
            if given.isdigit() and 1 <= int(given) <= len(values):
                return values[int(given) - 1]
            self.warn(f"没有 {given}")


def _read(prompt: str) -> str:
    return input(prompt)


def _escaped(text: str) -> str:
    return text.replace("[", "\\[")


def setup(
    config: Annotated[Path, typer.Argument(help="要写成的终端配置文件(TOML)")],
    answers: Annotated[
        Path | None,
        typer.Option(help="从这个 TOML 文件取答案,不再提问", show_default=False),
    ] = None,
    port: Annotated[
        list[str] | None,
        typer.Option(metavar="PORT", help="也查这个串口(可重复)", show_default=False),
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(
            metavar="A.B.C.D/N", help="只查这个网段上的已知端口(可重复)", show_default=False
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PART",
            help=f"只做这一部分(可重复):{' '.join(_PARTS)}",
            show_default=False,
        ),
    ] = None,
    wait: Annotated[float, typer.Option(min=1, help="等抓拍、重量、遮挡对射最多这么多秒")] = 120.0,
) -> None:
    """安装向导:登记、找设备、试重,写出一份校验过的配置文件。

    中断后再次运行接着做;已有配置时只改要改的部分,旧文件留作 .bak。
    退出码:0 已写好,1 没有做完(说明原因),2 调用有误。
    """
    from hengyuan.terminal.setup.dialogue import FromAnswers, SetupStopped
    from hengyuan.terminal.setup.wizard import run_setup

    # what devices' lines log is for a log, not between questions
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    screen = Screen()
    dialogue = FromAnswers(_answers(answers), screen) if answers else screen
    try:
        run_setup(
            dialogue,
            config.absolute(),
            only=only or (),
            ports=[_port(each) for each in port or ()],
            networks=network or (),
            wait_s=wait,
        )
    except SetupStopped as stopped:
        typer.echo(f"没有做完:{stopped}", err=True)
        raise typer.Exit(STOPPED) from None
    except (EOFError, KeyboardInterrupt):
        typer.echo("\n中断;再次运行接着做", err=True)
        raise typer.Exit(STOPPED) from None
    except OSError as problem:
        typer.echo(f"没有做完:{problem}", err=True)
        raise typer.Exit(STOPPED) from None
    if isinstance(dialogue, FromAnswers) and dialogue.unused():
        screen.warn(f"没有用到的答案:{'、'.join(dialogue.unused())}")
    _offer_service(dialogue, screen, config.absolute())
    screen.say(f"下一步:hengyuan terminal doctor {config},然后 hengyuan terminal run {config}")


def _offer_service(dialogue: Screen | FromAnswers, screen: Screen, config: Path) -> None:
    """Where there is systemd, and we may: let it run from the start of the machine on."""
    from hengyuan.cli.terminal_service import install
    from hengyuan.terminal.service.systemd import may_install, service_state

    state = service_state()
    if state is None or not may_install():
        return
    if state.installed:
        screen.say(f"服务 {state.unit} 已安装;配置改动后请运行 systemctl restart {state.unit}")
    elif dialogue.confirm("service.install", "现在装成开机自动启动的服务?", default=False):
        install(config)


def _port(name: str) -> str:
    """A port that is a file is written down with its whole path: the terminal runs elsewhere."""
    return str(Path(name).absolute()) if Path(name).exists() else name


def _answers(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        typer.echo(f"--answers {path}:{problem}", err=True)
        raise typer.Exit(WRONG_CALL) from None
