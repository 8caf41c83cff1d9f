"""`hengyuan record`: re-check an exported chain with nothing at hand but the file."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from hengyuan.record.archive import (
    MAX_ARCHIVE_LINE_BYTES,
    ArchiveReport,
    ProblemCode,
    verify_archive,
)

SOUND, BROKEN, RUBBISH = 0, 1, 2

app = typer.Typer(
    help="称重记录：核验导出的记录链。",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

# code -> what it means for the person who reads it
REASONS: dict[ProblemCode, str] = {
    "bad_key": "文件头里的公钥不是有效的公钥",
    "bad_record": "这一行不是此处应有的称重记录：内容被改动，或有记录被删除、插入、调换",
    "bad_signature": "批次签名与公钥不符：批次被改动，或不是该终端所签",
    "digest_differs": "记录与它的摘要不符：记录或摘要被改动过",
    "head_differs": "本批记录推不到签名所认的末条摘要：记录连同摘要一起被改动过",
    "incomplete": "文件在文件头所写的末条记录之前就结束了：尾部缺失",
    "no_batch": "此处应是批次头：有记录被插入，或批次头被改动、删除",
    "no_record": "此处应是一条记录（摘要、空格、记录行）：有记录被删除，或行被改动",
    "not_archive": "不是导出的记录链文件",
    "not_canonical": "记录没有按规范形式书写：被改动或重新排版过",
    "not_genesis": "文件头里的起点摘要与终端编号、公钥不符",
    "other_terminal": "批次属于另一台终端",
    "prev_differs": "批次没有接在前一条记录之后：中间的内容被改动或调换过",
    "range_differs": "批次序号没有接上：有批次被删除、重复或调换",
    "too_large": "行长或批次条数超过协议上限",
    "truncated": "文件在批次中间结束：尾部缺失",
    "unknown_suite": "文件头里的算法名称不认识",
}
OTHER_KEY = "公钥指纹与给定的不符：文件不是该终端所出"
UNREADABLE = "读不了文件"


@app.callback()
def _group() -> None:
    """Keeps `verify` a command of its own while it is the only one."""


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="导出的记录链文件；- 为标准输入")],
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 对象")] = False,
    fingerprint: Annotated[
        str | None, typer.Option(help="登记表上的公钥指纹，不符即为断链")
    ] = None,
) -> None:
    """核验记录链：每条记录、每个摘要、每个签名。

    退出码：0 完好，1 已断，2 不是记录链文件或读不了。
    """
    try:
        with _opened(file) as stream:
            report = verify_archive(_bounded_lines(stream))
    except OSError as error:
        _fail_unreadable(file, error, as_json)
    other_key = report.sound and fingerprint is not None and not _same(report, fingerprint)
    if as_json:
        print(json.dumps(_as_json(report, other_key), ensure_ascii=False))
    else:
        print(_as_text(report, other_key))
    if not report.is_archive:
        raise typer.Exit(RUBBISH)
    raise typer.Exit(SOUND if report.sound and not other_key else BROKEN)


def _opened(file: Path) -> BinaryIO:
    return sys.stdin.buffer if str(file) == "-" else file.open("rb")


def _bounded_lines(stream: BinaryIO) -> Iterator[bytes]:
    """The stream's lines; what is longer than any line of an archive comes in pieces."""
    while piece := stream.readline(MAX_ARCHIVE_LINE_BYTES + 2):
        yield piece


def _same(report: ArchiveReport, fingerprint: str) -> bool:
    return "".join(fingerprint.split()).lower() == report.fingerprint.replace(" ", "")


def _as_json(report: ArchiveReport, other_key: bool) -> dict[str, Any]:
    problem = None
    if other_key:
        problem = {
            "code": "other_key",
            "line": 1,
            "seq": None,
            "detail": "not the fingerprint given",
        }
    elif not report.sound:
        problem = {
            "code": report.code,
            "line": report.line,
            "seq": report.seq,
            "detail": report.problem,
        }
    return {
        "sound": problem is None,
        "terminal": report.terminal,
        "suite": report.suite,
        "public_key": report.public_key,
        "fingerprint": report.fingerprint,
        "from_genesis": report.from_genesis,
        "first": report.first,
        "last": report.last,
        "head": report.head,
        "records": report.records,
        "batches": report.batches,
        "problem": problem,
    }


def _as_text(report: ArchiveReport, other_key: bool) -> str:
    if not report.is_archive:
        return _table("不是记录链文件", [("细节", f"第 1 行：{report.problem}")])
    rows = [("终端", report.terminal)]
    if report.suite:
        rows.append(("算法", report.suite))
    if report.fingerprint:
        rows.append(("公钥指纹", f"{report.fingerprint}（请与终端登记表核对）"))
    if other_key:
        return _table("记录链不可信", [*rows, ("原因", OTHER_KEY)])
    if report.code is not None:
        at = f"第 {report.line} 行" + (f"，记录序号 {report.seq}" if report.seq else "")
        rows += [
            ("断在", at),
            ("原因", REASONS[report.code]),
            ("细节", report.problem or ""),
            ("此前完好", _range(report)),
            ("怎么办", "保留此文件原样，向出具方重新导出；仍断在此处，按数据篡改线索处理。"),
        ]
        return _table("记录链已断", rows)
    origin = "终端登记，之前没有记录" if report.from_genesis else "之前的记录不在文件内"
    rows += [("记录", _range(report)), ("起点", origin), ("末条摘要", report.head)]
    return _table("记录链完好", rows)


def _range(report: ArchiveReport) -> str:
    if report.first is None or report.last is None:
        return "没有记录"
    count = report.last - report.first + 1
    return f"第 {report.first} 号至第 {report.last} 号，{count} 条，{report.batches} 批"


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    # Chinese characters are two columns wide
    lines = [f"  {label}{' ' * (10 - 2 * len(label))}{_visible(text)}" for label, text in rows]
    return "\n".join([title, *lines])


def _visible(text: str) -> str:
    """The text without what would steer a terminal: it may come from a forged file."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def _fail_unreadable(file: Path, error: OSError, as_json: bool) -> None:
    reason = error.strerror or str(error)
    if as_json:
        problem = {"code": "unreadable", "line": None, "seq": None, "detail": reason}
        answer = _as_json(ArchiveReport(), False) | {"sound": False, "problem": problem}
        print(json.dumps(answer, ensure_ascii=False))
    else:
        print(f"{UNREADABLE} {_visible(str(file))}:{reason}", file=sys.stderr)
    raise typer.Exit(RUBBISH)
