"""`hengyuan platform chain`: the records of a terminal as a file that proves itself."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from hengyuan.platform import server
from hengyuan.platform.embedded import PostgresFailed

app = typer.Typer(
    help="记录链:导出一台终端的记录,供 hengyuan record verify 核验。",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@app.callback()
def _group() -> None:
    """Keeps `export` a command of its own while it is the only one."""


@app.command("export")
def export(
    terminal: Annotated[str, typer.Argument(help="终端编码,例如 14102451001-01")],
    output: Annotated[Path, typer.Option("-o", "--output", help="写到这个文件;- 为标准输出")],
    first: Annotated[
        int | None,
        typer.Option("--from", min=1, help="起始序号,默认从头", show_default=False),
    ] = None,
    last: Annotated[
        int | None, typer.Option("--to", min=1, help="截止序号,默认到尾", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="文件已存在时覆盖")] = False,
    home: Annotated[
        Path | None,
        typer.Option(help="平台的数据目录(默认 $HENGYUAN_HOME)", show_default=False),
    ] = None,
) -> None:
    """导出一台终端的记录链(NDJSON)。范围扩展到整批,因为签名以批次为单位。

    退出码:0 已导出,1 没有可导出的记录或写不了文件。
    """
    to_file = str(output) != "-"
    if to_file and output.exists() and not force:
        _fail(f"{output} 已存在;要覆盖请加 --force")
    server.use_home(home)
    try:
        with server.django_at_work():
            records = _export(terminal, first, last, output if to_file else None)
    except PostgresFailed as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"写不了 {output}:{error.strerror or error}")
    if to_file:
        typer.echo(f"已导出第 {records[0]} 号至第 {records[1]} 号到 {output}")


def _export(code: str, first: int | None, last: int | None, output: Path | None) -> tuple[int, int]:
    from hengyuan.platform.terminals.models import Terminal
    from hengyuan.platform.weighing import chains, services
    from hengyuan.platform.weighing.models import Export

    terminal = Terminal.objects.filter(code=code).exclude(public_key="").first()
    if terminal is None:
        _fail(f"没有编码为 {code} 的已接入终端")
    chosen = chains.chain_range(terminal, first, last)
    if chosen is None:
        _fail(f"终端 {code} 在此范围内没有记录")
    services.note_export(
        None,
        Export.What.CHAIN,
        wanted={"terminal": code, "first": chosen.first, "last": chosen.last},
        description=f"{code}: {chosen.first}–{chosen.last} (command line, {getpass.getuser()})",
        records=chosen.records,
    )
    pieces = chains.chain_archive(chosen)
    if output is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    else:
        _write(output, pieces)
    return chosen.first, chosen.last


def _write(output: Path, pieces: Iterator[bytes]) -> None:
    """The file appears under its name only once it is whole."""
    draft = output.with_name(f".{output.name}.part")
    try:
        with draft.open("wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)


def _fail(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(1)
