"""`hengyuan terminal update` and `launch`: new software beside the old one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

FAILED, WRONG = 1, 2

ConfigFile = Annotated[Path, typer.Argument(help="终端配置文件(TOML)")]
Root = Annotated[
    Path | None,
    typer.Option(help="各版本所在目录;不给则为 data_dir 下的 software", show_default=False),
]


def _stop(text: str, code: int = FAILED) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(code)


def update(
    config: ConfigFile,
    file: Annotated[
        Path | None, typer.Argument(help="hengyuan-版本-….whl", show_default=False)
    ] = None,
    from_platform: Annotated[
        bool, typer.Option("--from-platform", help="取平台上提供的最新软件,代替 FILE")
    ] = False,
    signed: Annotated[
        Path | None,
        typer.Option(help="县里给的签名文件;不给则为 FILE.signed.json", show_default=False),
    ] = None,
    root: Root = None,
    libraries: Annotated[
        bool, typer.Option("--libraries", help="连同依赖库一起从软件源安装(须能上网)")
    ] = False,
) -> None:
    """验签、装进新环境、试运行,然后切换;由 launch 看护,不正常则自动退回。

    退出码:0 已切换,1 没有切换(说明原因),2 配置有误。
    """
    from hengyuan.terminal.config import load_config
    from hengyuan.terminal.config_errors import ConfigError
    from hengyuan.terminal.directed.trust import load_trust
    from hengyuan.terminal.enrolment import NotEnrolled, load_identity
    from hengyuan.terminal.update.fetching import fetch
    from hengyuan.terminal.update.install import InstallFailed, install
    from hengyuan.terminal.update.package import BadPackage, verified
    from hengyuan.terminal.update.versions import Versions

    if (file is None) is not from_platform:
        _stop("请给出 FILE,或用 --from-platform", WRONG)
    path = config.absolute()
    try:
        checked = load_config(path)
        trust = load_trust(checked.data_dir, load_identity(checked.data_dir))
    except (ConfigError, NotEnrolled) as problem:
        _stop(str(problem), WRONG)
    versions = Versions((root or checked.data_dir / "software").absolute())
    try:
        if file is None:
            file, signed = fetch(checked.platform, versions.root / "fetched")
        signature = signed or file.with_name(f"{file.name}.signed.json")
        package = verified(file.absolute(), signature, trust)
        if package.order <= versions.state.highest_order:
            _stop(f"第 {package.order} 号软件不比已装过的第 {versions.state.highest_order} 号新")
        name = install(package, versions, path, libraries=libraries)
        versions.switch(name, package.order)
    except (BadPackage, InstallFailed, OSError, ValueError) as problem:
        _stop(str(problem))
    typer.echo(f"已装好并切换到 {name};由 hengyuan terminal launch 看护的终端即将换用,不正常则退回")


def launch(config: ConfigFile, root: Root = None) -> None:
    """运行当前版本的终端并看护:版本切换后换用新版本,新版本不正常则退回。装成服务时用它。

    退出码:0 正常停止,2 配置有误。
    """
    from hengyuan.terminal.config import load_config
    from hengyuan.terminal.config_errors import ConfigError
    from hengyuan.terminal.directed.effective import in_force
    from hengyuan.terminal.logs import configure_logging
    from hengyuan.terminal.update.launcher import Launcher, answering, stop_on_signals
    from hengyuan.terminal.update.versions import Versions

    path = config.absolute()
    try:
        checked = load_config(path)
    except ConfigError as problem:
        _stop(str(problem), WRONG)
    configure_logging()

    def url() -> str:
        screen = in_force(load_config(path)).screen
        host = "127.0.0.1" if screen.host in ("0.0.0.0", "::") else screen.host  # noqa: S104
        return f"http://{host}:{screen.port}/status.json"

    versions = Versions((root or checked.data_dir / "software").absolute())
    launcher = Launcher(versions, path, answering(url))
    stop_on_signals(launcher)
    launcher.run()
