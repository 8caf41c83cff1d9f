"""`hengyuan platform backup | backups | verify-backup | restore`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from hengyuan.platform import server
from hengyuan.platform.embedded import URL_VARIABLE, PostgresFailed

FAILED, WRONG = 1, 2
_STAGES = {
    "database": "数据库",
    "evidence": "证据文件",
    "clips": "录像片段",
    "history": "归档月份",
    "files": "其他文件",
    "sync": "写入磁盘",
    "compare": "核对数量和水位",
    "remove": "清理旧备份",
}

Home = Annotated[
    Path | None, typer.Option(help="平台的数据目录(默认 $HENGYUAN_HOME)", show_default=False)
]
Passphrase = Annotated[
    Path | None,
    typer.Option(
        "--keys-passphrase",
        envvar="HENGYUAN_BACKUP_PASSPHRASE_FILE",
        help="口令文件:用其中第一行加密(或解开)平台密钥",
        show_default=False,
    ),
]
WithoutKeys = Annotated[bool, typer.Option("--without-keys", help="不带平台密钥")]
Target = Annotated[Path, typer.Argument(help="存放备份的目录,最好在另一块磁盘或另一台机器上")]


def add_to(app: typer.Typer) -> None:
    """Make the commands part of `hengyuan platform`."""
    app.command("backup")(backup)
    app.command("backups")(backups)
    app.command("verify-backup")(verify_backup)
    app.command("restore")(restore)


def backup(
    target: Target,
    keys_passphrase: Passphrase = None,
    without_keys: WithoutKeys = False,
    dump: Annotated[
        bool, typer.Option("--dump", help="内置数据库也导出为 dump,可恢复到外部数据库")
    ] = False,
    keep: Annotated[int, typer.Option(min=0, help="只留最近几份完整备份,0 为全留")] = 0,
    verify: Annotated[bool, typer.Option("--verify", help="写完后全部读回核对")] = False,
    home: Home = None,
) -> None:
    """备份整个平台,平台可照常运行:数据库、证据、归档、文件、配置和(加密的)密钥。

    退出码:0 备份完整,1 没有备份成,2 参数有误。
    """
    from hengyuan.platform.backup import keys, taking
    from hengyuan.platform.backup.layout import BackupFailed
    from hengyuan.platform.embedded import database_url
    from hengyuan.platform.home import home_dir

    _choose_keys(keys_passphrase, without_keys)
    server.use_home(home)
    running = server.Database()
    try:
        passphrase = keys.passphrase_from(keys_passphrase) if keys_passphrase else None
        if not home_dir().is_dir():
            _fail(f"平台数据目录 {home_dir()} 不存在,没有可备份的内容")
        running.start()
        wanted = taking.Wanted(
            home=home_dir(),
            target=target.expanduser().absolute(),
            url=database_url(),
            passphrase=passphrase,
            method="dump" if dump else taking.default_method(),
            keep=keep,
            verify=verify,
        )
        taken = taking.take(wanted, _progress())
    except (BackupFailed, PostgresFailed) as error:
        _fail(f"备份失败,没有留下半份备份:{error}")
    finally:
        running.stop()
    made = taken.manifest
    typer.echo(f"备份完整:{taken.path}{'(已回读校验)' if taken.is_verified else ''}")
    typer.echo(
        f"记录至少 {made.database.records} 条,文件 {made.files} 个,"
        f"共 {_size(made.size_bytes)},本次新写入 {_size(taken.new_bytes)}"
    )
    for text in (*_remarks(wanted.home, wanted.target), *_damaged(made)):
        typer.echo(text, err=True)
    if taken.left_over:
        typer.echo(f"清除了上次中断留下的 {'、'.join(taken.left_over)}")
    if taken.removed:
        typer.echo(f"按 --keep {keep} 清除了 {'、'.join(taken.removed)}")


def backups(target: Target) -> None:
    """列出目录里的备份,以及没有做完的。"""
    from hengyuan.platform.backup import manifest
    from hengyuan.platform.backup.layout import BackupFailed, backups_in

    found = backups_in(target)
    if not found:
        typer.echo(f"{target} 中没有备份")
    for each in found:
        if each.state != "whole":
            typer.echo(f"{each.name}\t未完成(下次备份时清除)")
            continue
        try:
            made = manifest.read(each.path)
        except BackupFailed as error:
            typer.echo(f"{each.name}\t不可用:{error}")
            continue
        kept = "含密钥" if made.keys == "sealed" else "不含密钥"
        typer.echo(
            f"{each.name}\t完整\t记录 {made.database.records}\t文件 {made.files}\t"
            f"{_size(made.size_bytes)}\t{kept}"
        )


def verify_backup(
    backup: Annotated[Path, typer.Argument(help="一份备份,例如 /backup/20261124T023000Z")],
    quick: Annotated[bool, typer.Option("--quick", help="文件只看大小,不逐字节核对")] = False,
) -> None:
    """核对一份备份是否完好。退出码:0 完好,1 缺失或损坏。"""
    from hengyuan.platform.backup import verifying
    from hengyuan.platform.backup.layout import BackupFailed, check_whole
    from hengyuan.platform.embedded import EmbeddedPostgres
    from hengyuan.platform.home import home_dir

    folder = backup.expanduser().absolute()
    try:
        check_whole(folder)
        wrong = verifying.problems_of(
            folder, folder.parent, EmbeddedPostgres(home_dir()), is_quick=quick, tell=_progress()
        )
    except BackupFailed as error:
        _fail(str(error))
    if wrong:
        _fail("\n".join([*wrong[:50], f"共 {len(wrong)} 处缺失或损坏"]))
    typer.echo(f"备份完好:{folder}")


def restore(
    backup: Annotated[Path, typer.Argument(help="一份备份,例如 /backup/20261124T023000Z")],
    keys_passphrase: Passphrase = None,
    without_keys: WithoutKeys = False,
    force: Annotated[
        bool, typer.Option("--force", help="取代已有的数据;原有数据移到旁边保留")
    ] = False,
    home: Home = None,
) -> None:
    """从备份恢复平台。先停止平台;恢复完核对无误才替换数据目录,中途失败则一切如旧。

    退出码:0 已恢复,1 没有恢复,2 参数有误。
    """
    from hengyuan.platform.backup import keys, restoring
    from hengyuan.platform.backup.layout import BackupFailed
    from hengyuan.platform.home import home_dir

    _choose_keys(keys_passphrase, without_keys)
    if home is not None:
        os.environ["HENGYUAN_HOME"] = str(home.expanduser().absolute())
    try:
        passphrase = keys.passphrase_from(keys_passphrase) if keys_passphrase else None
        wanted = restoring.Wanted(
            backup=backup.expanduser().absolute(),
            home=home_dir(),
            url=os.environ.get(URL_VARIABLE) or None,
            passphrase=passphrase,
            force=force,
        )
        done = restoring.restore(wanted, _progress())
    except BackupFailed as error:
        _fail(f"没有恢复:{error}")
    typer.echo(f"已恢复到 {wanted.home}:记录 {done.records} 条,文件 {done.manifest.files} 个")
    typer.echo(f"备份于 {done.manifest.database_from:%Y-%m-%d %H:%M:%S} UTC 开始")
    for place in done.put_aside:
        typer.echo(f"原有数据保留在:{place}(确认无误后可自行删除)")
    for name in done.variables:
        typer.echo(f"备份时设有环境变量 {name},请按需重新设置", err=True)
    if done.without_keys:
        typer.echo(
            "没有恢复密钥:平台会生成新的签名密钥,终端不认它下发的指令,须逐台重新接入;"
            "所有人须重新登录",
            err=True,
        )


def _choose_keys(passphrase: Path | None, without: bool) -> None:
    if (passphrase is None) != without:
        typer.echo(
            "平台密钥能改变所有终端,必须选择:--keys-passphrase FILE(加密带上)"
            "或 --without-keys(不带)",
            err=True,
        )
        raise typer.Exit(WRONG)


def _remarks(home: Path, target: Path) -> list[str]:
    if home.stat().st_dev == target.stat().st_dev:
        return ["注意:备份与平台在同一块磁盘上,磁盘损坏时两者都会丢失"]
    return []


def _damaged(made: object) -> list[str]:
    stores = getattr(made, "stores", [])
    return [
        f"注意:{store.name} 中有 {len(store.damaged)} 个文件与其摘要不符,没有备份:"
        f"{'、'.join(store.damaged[:3])}"
        for store in stores
        if store.damaged
    ]


def _progress() -> Callable[[str, int], None]:
    """On a screen one line that moves; in a log one line a stage."""
    last = ""
    moves = sys.stderr.isatty()

    def tell(stage: str, done: int) -> None:
        nonlocal last
        words = _STAGES.get(stage, stage)
        amount = f"{done} %" if stage == "database" else str(done or "")
        if moves:
            sys.stderr.write(f"\r\x1b[K{words} {amount}")
            sys.stderr.flush()
        elif stage != last:
            typer.echo(f"{words} …", err=True)
        last = stage

    return tell


def _size(count: int) -> str:
    return f"{count / 2**30:.2f} GB" if count >= 2**30 else f"{count / 2**20:.1f} MB"


def _fail(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(FAILED)
