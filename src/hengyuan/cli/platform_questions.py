"""`hengyuan platform history`: standard questions over all months, by DuckDB or a Spark cluster."""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from hengyuan.platform import server
from hengyuan.platform.embedded import PostgresFailed


class Asked(StrEnum):
    """The questions; the same names as in `history.questions`."""

    COUNTY_MONTH = "county-month"
    PLATE = "plate"
    BAND = "band"
    HOUR = "hour"


_HEADINGS = {
    "county": "县",
    "month": "月份",
    "plate": "号牌",
    "plate_colour": "号牌颜色",
    "band": "超限率",
    "hour": "时段",
    "trucks": "出场车次",
    "over": "超限车次",
    "gross_kg": "车货总质量（kg）",
    "overload_kg": "超限质量（kg）",
}
_NUMBERS = ("trucks", "over", "gross_kg", "overload_kg")


def history(
    question: Annotated[
        Asked,
        typer.Argument(help="county-month 按县和月，plate 按号牌，band 按超限率，hour 按时段"),
    ],
    first: Annotated[
        str, typer.Option("--from", help="起始月份，例如 2026-01", show_default=False)
    ] = "",
    last: Annotated[str, typer.Option("--to", help="截止月份（含）", show_default=False)] = "",
    limit: Annotated[int, typer.Option(min=1, help="最多多少个号牌")] = 100,
    spark: Annotated[
        str,
        typer.Option(
            help="Spark 集群的地址，例如 spark://10.0.0.1:7077；不给则用本机的 DuckDB",
            show_default=False,
        ),
    ] = "",
    snapshot_dir: Annotated[
        Path | None,
        typer.Option(
            help="数据库中各月的快照放在哪里（集群须能读到）；用后删除", show_default=False
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 写到标准输出")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="以 CSV 写到标准输出")] = False,
    home: Annotated[
        Path | None,
        typer.Option(help="平台的数据目录（默认 $HENGYUAN_HOME）", show_default=False),
    ] = None,
) -> None:
    """就全部月份（数据库中的和已归档的）回答常用问题；时间按北京时间。"""
    if as_json and as_csv:
        _fail("--json 和 --csv 只能给一个")
    months = (_month(first), _month(last))
    server.use_home(home)
    try:
        with server.django_at_work():
            try:
                rows = _answered(question, months, limit, spark, snapshot_dir)
            except ModuleNotFoundError as error:
                extra = "spark" if spark else "history"
                _fail(f"需先安装：pip install 'hengyuan[{extra}]'（{error}）")
            _show(question, rows, as_json, as_csv)
    except PostgresFailed as error:
        _fail(str(error))


def _answered(
    asked: Asked,
    months: tuple[int | None, int | None],
    limit: int,
    spark: str,
    snapshot_dir: Path | None,
) -> list[dict[str, Any]]:
    from hengyuan.platform.history import engines
    from hengyuan.platform.history.questions import QUESTIONS

    question = QUESTIONS[asked.value]
    with tempfile.TemporaryDirectory(prefix="hengyuan-history-", dir=snapshot_dir) as work:
        files = engines.files_for(Path(work))
        if not files:
            return []
        records = engines.spark_records(files, spark) if spark else engines.duckdb_records(files)
        with records as table:
            return engines.answer(question, table, *months, limit=limit)


def _show(asked: Asked, rows: list[dict[str, Any]], as_json: bool, as_csv: bool) -> None:
    from hengyuan.platform.history.questions import QUESTIONS

    question = QUESTIONS[asked.value]
    if as_json:
        typer.echo(json.dumps({"question": asked.value, "rows": rows}, ensure_ascii=False))
        return
    names = [name for name, _label in question.columns]
    if as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        writer.writerows([row[name] for name in names] for row in rows)
        return
    if not rows:
        typer.echo("没有记录。")
        return
    words = _words()
    table = Table()
    for name in names:
        table.add_column(_HEADINGS[name], justify="right" if name in _NUMBERS else "left")
    for row in rows:
        table.add_row(*(_cell(name, row[name], words) for name in names))
    Console().print(table)


def _words() -> dict[str, dict[Any, str]]:
    """Names behind the numbers of counties, bands and colours."""
    from django.utils.translation import override

    from hengyuan.law.bands import DEFAULT_BANDS
    from hengyuan.platform.regions.models import Region
    from hengyuan.platform.weighing import words
    from hengyuan.platform.weighing.columns import PLATE_COLOURS

    with override("zh-hans"):
        over = [band for band in DEFAULT_BANDS if band.above_bp is not None]
        return {
            "county": {
                int(code): name for code, name in Region.objects.values_list("code", "name")
            },
            "band": {-1: "不明", 0: "未超限"}
            | {
                number: str(words.band_words(band.above_bp, band.upto_bp))
                for number, band in enumerate(over, start=1)
            },
            "plate_colour": {
                number: str(words.PLATE_COLOURS[name]) for number, name in enumerate(PLATE_COLOURS)
            },
        }


def _cell(name: str, value: Any, words: dict[str, dict[Any, str]]) -> str:
    if name in words:
        return words[name].get(value, str(value))
    if name == "month":
        return f"{value // 100}-{value % 100:02d}"
    if name == "hour":
        return f"{value:02d}:00–{value:02d}:59"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _month(text: str) -> int | None:
    if not text:
        return None
    year, _, month = text.partition("-")
    if not (year.isdigit() and month.isdigit() and len(year) == 4 and 1 <= int(month) <= 12):
        _fail(f"{text} 不是月份；写作 2026-01")
    return int(year) * 100 + int(month)


def _fail(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(1)
