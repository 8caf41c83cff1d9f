"""The axle records that a command of the simulated city is to use, or why they cannot be had."""

import sys
from pathlib import Path
from typing import Any, NoReturn

import typer

from hengyuan.world.axle_records import BadAxleRecords, load_axle_records


def fail(message: str) -> NoReturn:
    """Say what is wrong and end with code 2."""
    print(message, file=sys.stderr)
    raise typer.Exit(2)


def records_or_fail(path: Path | None) -> Any:
    """The axle records, or a message with the rows that are wrong."""
    try:
        return load_axle_records(path)
    except OSError as error:
        fail(f"读不了轴重数据文件 {path}:{error.strerror}")
    except BadAxleRecords as error:
        shown = "\n  ".join(error.problems[:20])
        fail(f"轴重数据文件有 {len(error.problems)} 处错误:{error.source}\n  {shown}")
