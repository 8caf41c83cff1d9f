"""`hengyuan platform distribute`: the record table over the machines of a Citus cluster."""

from __future__ import annotations

from typing import Annotated, NoReturn

import psycopg
import typer

from hengyuan.platform.connections import said
from hengyuan.platform.distribution import CannotDistribute, distribute, steps
from hengyuan.platform.embedded import URL_VARIABLE, database_url, is_embedded

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.command("distribute")
def distribute_tables(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只打印还要执行的 SQL，不做任何改动")
    ] = False,
) -> None:
    """在 Citus 集群上按终端分布记录表，并把小表复制到各节点。可重复执行，从未完成处继续。

    先停止平台；升级平台并执行 migrate 之后再执行一次。退出码：0 已完成，1 未完成。
    """
    if is_embedded():
        _fail(f"平台使用内置数据库，不能分布；请用 {URL_VARIABLE} 指定 Citus 的协调节点")
    try:
        with psycopg.connect(database_url(), autocommit=True) as connection:
            left = steps(connection)
            for step in left:
                typer.echo(f"{step.statement};")
                if not dry_run:
                    distribute(connection, step)
    except CannotDistribute as error:
        _fail(f"没有分布：{error}")
    except (psycopg.Error, ValueError) as error:
        _fail(f"没有分布：数据库出错：{said(error)}")
    if not left:
        typer.echo("所有表都已分布，无事可做")


def _fail(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(1)
