"""`hengyuan platform standbys`, `promote`: the servers that HENGYUAN_DATABASE_URL names."""

from __future__ import annotations

import json
from typing import Annotated, Any, NoReturn

import psycopg
import typer

from hengyuan.platform.embedded import URL_VARIABLE, database_url, is_embedded
from hengyuan.platform.replication import CannotPromote, State, promote, states

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.command("standbys")
def show_standbys(
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False,
) -> None:
    """显示数据库各服务器的状态：谁是主库，谁是备库，备库是否同步。

    退出码：0 有主库且至少一台备库同步，1 没有主库，或已确认的记录只在一台机器上。
    """
    found = _asked(lambda: states(_url()))
    if as_json:
        typer.echo(json.dumps([_as_dict(state) for state in found], ensure_ascii=False))
    else:
        for state in found:
            typer.echo(_as_text(state))
    primaries = sum(state.is_primary for state in found)
    if not primaries:
        _fail("没有主库：平台不能写入，终端的记录留在终端。确认主库已停机后执行 promote")
    if primaries > 1:
        _fail("有两台主库！立即停掉旧的那台，再用 pg_rewind 使它成为备库")
    if not any(state.loses_nothing for state in found):
        _fail("没有同步备库：主库所在的机器一旦损坏，已确认的记录会丢失")


@app.command("promote")
def promote_standby(
    primary_is_dead: Annotated[
        bool,
        typer.Option(
            "--primary-is-dead",
            help="无法连接的那台主库确已停机，并且不会自行以主库身份再启动",
        ),
    ] = False,
) -> None:
    """主库损坏后，把备库提升为主库。平台会自行连到新的主库。

    主库仍在应答时拒绝执行。退出码：0 已提升，1 未提升。
    """
    try:
        state = _asked(lambda: promote(_url(), primary_is_dead=primary_is_dead))
    except CannotPromote as error:
        _fail(f"没有提升：{error}")
    typer.echo(f"{state.server} 现在是主库")
    if not state.loses_nothing:
        typer.echo(
            "它还没有同步备库：修好旧主库后用 pg_rewind 使它成为备库，"
            "再设置 synchronous_standby_names"
        )


def _url() -> str:
    if is_embedded():
        _fail(f"平台使用内置数据库，没有备库；备库须用外部服务器，由 {URL_VARIABLE} 指定")
    return database_url()


def _asked(ask: Any) -> Any:
    try:
        return ask()
    except (ValueError, psycopg.ProgrammingError) as error:
        _fail(f"{URL_VARIABLE} 不是可用的 PostgreSQL 地址：{error}")


def _as_text(state: State) -> str:
    if state.problem is not None:
        return f"{state.server}\t无应答\t{state.problem}"
    if state.is_standby:
        return f"{state.server}\t备库\t日志位置 {state.written}"
    followers = "、".join(state.followers) or "没有备库"
    durable = "" if state.is_durable else "\tfsync 已关闭，断电即丢数据！"
    return f"{state.server}\t主库\t日志位置 {state.written}\t{followers}{durable}"


def _as_dict(state: State) -> dict[str, Any]:
    return {
        "server": str(state.server),
        "problem": state.problem,
        "role": None if state.problem else "standby" if state.is_standby else "primary",
        "written": state.written,
        "followers": list(state.followers),
        "synchronous_standby_names": state.synchronous_standby_names,
        "fsync": state.is_durable,
        "loses_nothing": state.loses_nothing,
    }


def _fail(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(1)
