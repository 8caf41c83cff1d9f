"""`hengyuan terminal print-test`: a sample ticket on the receipt printer, or into a file."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Annotated

import structlog
import typer

WRONG_CALL, NOT_PRINTED = 2, 1


def print_test(
    config: Annotated[Path, typer.Argument(help="终端配置文件(TOML)")],
    dry_run: Annotated[
        Path | None, typer.Option("--dry-run", help="不打印,把要发送的字节写入此文件")
    ] = None,
) -> None:
    """试打一张样张,检查 [printer] 的纸宽、汉字、二维码和切刀。

    退出码:0 已发送(或已写文件),1 打印机不通或缺纸,2 没有 [printer] 或配置有误。
    """
    from hengyuan.terminal.clock import SystemClock
    from hengyuan.terminal.config import load_config
    from hengyuan.terminal.config_errors import ConfigError
    from hengyuan.terminal.screen.printing import NotPrinted, Printer
    from hengyuan.terminal.screen.ticket_sample import sample_ticket
    from hengyuan.terminal.words import translations

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        read = load_config(config.absolute())
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(WRONG_CALL) from None
    if read.printer is None:
        typer.echo(f"{config}: 没有 [printer] 表;见 docs/terminal.md", err=True)
        raise typer.Exit(WRONG_CALL)
    printer = Printer(read.printer)
    ticket = sample_ticket(
        read.platform.url,
        translations(read.language),
        read.language == "zh_Hans",
        SystemClock().now_ms(),
    )
    if dry_run is not None:
        data = printer.bytes_of(ticket)
        dry_run.write_bytes(data)
        typer.echo(f"{dry_run}: {len(data)} 字节")
        return
    try:
        asyncio.run(printer.print(ticket))
    except NotPrinted as error:
        typer.echo(f"未能打印: {error}", err=True)
        raise typer.Exit(NOT_PRINTED) from None
    typer.echo("样张已发送到打印机")
