"""`hengyuan platform months, seal, archive, verify-month, retention, hold`: closed months."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from hengyuan.cli import platform_questions
from hengyuan.platform import server
from hengyuan.platform.embedded import PostgresFailed

Home = Annotated[
    Path | None,
    typer.Option(help="平台的数据目录（默认 $HENGYUAN_HOME）", show_default=False),
]
Month = Annotated[str, typer.Argument(help="月份，例如 2026-01")]
AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 写到标准输出")]

_STATES = {
    "open": "开放",
    "wanted": "待封存",
    "sealing": "封存中",
    "sealed": "已封存",
    "reopened": "已重开",
    "handing": "归档中",
    "archived": "已归档",
    "expired": "保存期满",
}
_REFUSED = {
    "not_ended": "{month} 还没有结束（按 UTC）",
    "unknown": "数据库里没有 {month}",
    "empty": "{month} 没有记录",
    "not_sealed": "{month} 还没有封存，先运行 hengyuan platform seal {month}",
    "reopened": "{month} 有迟到的记录，已重开；重新封存后再归档",
    "changed": "{month} 的分区与封存时不同，没有归档；请查明是谁改动了数据库",
    "busy": "{month} 的记录正在使用，稍后再试",
}

hold_app = typer.Typer(
    help="证据保全：未结案件的证据不随保存期满而删除。",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """The commands as part of `hengyuan platform`."""
    app.command("months")(months)
    app.command("seal")(seal)
    app.command("archive")(archive)
    app.command("verify-month")(verify_month)
    app.command("retention")(retention)
    app.command("history")(platform_questions.history)
    app.add_typer(hold_app, name="hold")


def months(
    as_json: AsJson = False,
    due: Annotated[
        bool, typer.Option("--due", help="按设置封存、归档、清理到期的月份（平台运行时自动进行）")
    ] = False,
    home: Home = None,
) -> None:
    """列出各月：开放、已封存、已归档，记录数、字节数、摘要。"""
    server.use_home(home)
    with _django():
        from hengyuan.platform.history import partitions, queries, services

        if due:
            try:
                problems = services.do_what_is_due()
            except partitions.AtWork:
                _fail("另一个进程正在封存或归档")
            if problems:
                _fail("\n".join(problems))
        rows = [_described(row) for row in queries.months()]
        if as_json:
            typer.echo(json.dumps(rows, ensure_ascii=False))
            return
        if not rows:
            typer.echo("还没有记录。")
        for row in rows:
            typer.echo(
                f"{row['month']}{'.' + str(row['part']) if row['part'] else '':3} "
                f"{_STATES[row['state']]}  {'约 ' if row['is_estimate'] else ''}"
                f"{row['records']:,} 条  {row['bytes']:,} 字节  {row['digest'][:16]}"
            )


def seal(month: Month, as_json: AsJson = False, home: Home = None) -> None:
    """封存一个已结束的月份：此后不得改动，保存合计与摘要；迟到的记录照收，并使封存失效。"""
    server.use_home(home)
    with _django(), _refusals(month):
        from hengyuan.platform.history import sealing

        made = sealing.seal(_month(month))
        if as_json:
            typer.echo(json.dumps(_seal_as_dict(made), ensure_ascii=False))
        else:
            typer.echo(f"已封存 {made}：{made.records:,} 条记录，摘要 {made.digest_hex}")


def archive(
    month: Month,
    drop: Annotated[
        bool, typer.Option("--drop", help="核验通过后从数据库移除该月，此后由文件提供查询")
    ] = False,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """把已封存的月份写成 Parquet 文件，读回并沿每条记录链核验。"""
    server.use_home(home)
    with _django(), _refusals(month):
        from hengyuan.platform.history import sealing

        made = sealing.archive(_month(month), drop=drop)
        if as_json:
            typer.echo(json.dumps(_seal_as_dict(made), ensure_ascii=False))
        else:
            typer.echo(
                f"{made}：{made.records:,} 条记录，{made.file_bytes:,} 字节，已核验："
                f"{sealing.path_of(made)}"
            )
            if drop:
                typer.echo("分区已移除，该月由文件提供查询。")


def verify_month(month: Month, as_json: AsJson = False, home: Home = None) -> None:
    """重新核验一个月的归档文件：每条记录的规范行、摘要链、批次签名，以及与封存时的摘要。

    退出码：0 完好，1 有问题。
    """
    server.use_home(home)
    with _django(), _refusals(month):
        from hengyuan.platform.history import sealing
        from hengyuan.platform.history.models import MonthSeal, SealState

        stored = (SealState.SEALED, SealState.HANDING, SealState.ARCHIVED)
        found = MonthSeal.objects.filter(month=_month(month), state__in=stored)
        seals = list(found.exclude(file_name="").order_by("part"))
        if not seals:
            _fail(f"{month} 没有归档文件")
        checked = [(made, sealing.check(made)) for made in seals]
        if as_json:
            typer.echo(
                json.dumps(
                    [
                        {
                            "file": made.file_name,
                            "records": one.records,
                            "terminals": one.terminals,
                            "signatures": one.signatures,
                            "digest": one.digest.hex(),
                            "problems": one.problems,
                        }
                        for made, one in checked
                    ],
                    ensure_ascii=False,
                )
            )
        else:
            for made, one in checked:
                typer.echo(
                    f"{made.file_name}：{one.records:,} 条记录，{one.terminals} 条链，"
                    f"{one.signatures} 个签名，{'完好' if one.is_sound else '有问题'}"
                )
                for problem in one.problems:
                    typer.echo(f"  {problem}")
        if not all(one.is_sound for _made, one in checked):
            raise typer.Exit(1)


def retention(
    apply: Annotated[
        bool, typer.Option("--apply", help="真正删除；不给则只列出将要删除的月份")
    ] = False,
    home: Home = None,
) -> None:
    """列出保存期满的月份（HENGYUAN_KEEP_MONTHS），以及因证据保全而保留的。"""
    server.use_home(home)
    with _django():
        from django.conf import settings

        from hengyuan.platform.history import retention as keeping

        if not settings.HISTORY_KEEP_MONTHS:
            typer.echo("没有设置保存期限（HENGYUAN_KEEP_MONTHS），全部保留。")
            return
        endings = keeping.endings()
        if not endings:
            typer.echo("没有保存期满的已封存月份。")
        for ending in endings:
            if ending.holds:
                cases = "、".join(str(hold) for hold in ending.holds)
                typer.echo(f"{ending.seal} 保留：证据保全 {cases}")
            elif apply:
                try:
                    keeping.throw_away(ending.seal)
                    typer.echo(f"{ending.seal} 已删除 {ending.seal.records:,} 条记录")
                except keeping.Held as error:
                    _fail(f"没有删除：{error}")
            else:
                typer.echo(f"{ending.seal} 将删除 {ending.seal.records:,} 条记录（加 --apply）")


@hold_app.command("set")
def hold_set(
    case: Annotated[str, typer.Option(help="案号或文号")],
    reason: Annotated[str, typer.Option(help="理由")],
    terminal: Annotated[str, typer.Option(help="终端编码", show_default=False)] = "",
    region: Annotated[str, typer.Option(help="县、市代码：其全部终端", show_default=False)] = "",
    first: Annotated[
        int | None, typer.Option("--from", min=1, help="起始序号", show_default=False)
    ] = None,
    last: Annotated[
        int | None, typer.Option("--to", min=1, help="截止序号", show_default=False)
    ] = None,
    from_day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="起始日期", show_default=False),
    ] = None,
    to_day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="截止日期", show_default=False),
    ] = None,
    home: Home = None,
) -> None:
    """设置证据保全：一台终端（可限定序号或日期），或一个县的全部终端。"""
    if bool(terminal) == bool(region):
        _fail("--terminal 和 --region 必须且只能给一个")
    server.use_home(home)
    with _django():
        from hengyuan.platform.history import retention as keeping
        from hengyuan.platform.history import services
        from hengyuan.platform.history.models import EvidenceHold
        from hengyuan.platform.regions.models import Region
        from hengyuan.platform.terminals.models import Terminal

        found = Terminal.objects.filter(code=terminal).select_related("unit").first()
        if terminal and found is None:
            _fail(f"没有编码为 {terminal} 的终端")
        place = found.unit.region if found else Region.objects.filter(pk=region).first()
        if place is None:
            _fail(f"没有代码为 {region} 的地区")
        made = services.set_hold(
            None,
            EvidenceHold(
                region=place,
                terminal=found,
                first_seq=first,
                last_seq=last,
                from_day=from_day.date() if from_day else None,
                to_day=to_day.date() if to_day else None,
                case=case,
                reason=reason,
            ),
        )
        count = keeping.records_of(made).count()
        typer.echo(f"已设置证据保全第 {made.pk} 号：{made}，现有 {count:,} 条记录")


@hold_app.command("lift")
def hold_lift(
    number: Annotated[int, typer.Argument(help="保全号，见 hold list")],
    reason: Annotated[str, typer.Option(help="解除的理由")],
    home: Home = None,
) -> None:
    """解除证据保全：结案之后，记录随保存期限处理。"""
    server.use_home(home)
    with _django():
        from hengyuan.platform.history import services
        from hengyuan.platform.history.models import EvidenceHold

        hold = EvidenceHold.objects.filter(pk=number).first()
        if hold is None:
            _fail(f"没有第 {number} 号证据保全")
        services.lift_hold(None, hold, reason)
        typer.echo(f"已解除第 {number} 号证据保全：{hold}")


@hold_app.command("list")
def hold_list(as_json: AsJson = False, home: Home = None) -> None:
    """列出证据保全。"""
    server.use_home(home)
    with _django():
        from hengyuan.platform.history.models import EvidenceHold

        holds = EvidenceHold.objects.select_related("region", "terminal", "set_by")
        if as_json:
            typer.echo(json.dumps([_hold_as_dict(hold) for hold in holds], ensure_ascii=False))
            return
        if not holds:
            typer.echo("没有证据保全。")
        for hold in holds:
            state = "有效" if hold.is_in_force else "已解除"
            typer.echo(f"{hold.pk}  {state}  {hold}  {hold.reason}")


def _described(row: Any) -> dict[str, Any]:
    return {
        "month": row.key,
        "part": row.part,
        "state": row.state,
        "records": row.records,
        "is_estimate": row.is_estimate,
        "bytes": row.bytes,
        "digest": row.seal.digest_hex if row.seal else "",
        "file": row.seal.file_name if row.seal else "",
        "verified_at": _moment(row.seal.verified_at) if row.seal else None,
    }


def _seal_as_dict(made: Any) -> dict[str, Any]:
    return {
        "month": f"{made.month:%Y-%m}",
        "part": made.part,
        "state": made.state,
        "records": made.records,
        "over": made.over,
        "gross_kg": made.gross_kg,
        "terminals": made.terminals,
        "digest": made.digest_hex,
        "file": made.file_name,
        "file_bytes": made.file_bytes,
        "file_digest": made.file_digest_hex,
        "verified_at": _moment(made.verified_at),
    }


def _hold_as_dict(hold: Any) -> dict[str, Any]:
    return {
        "number": hold.pk,
        "case": hold.case,
        "reason": hold.reason,
        "region": hold.region_id,
        "terminal": hold.terminal.code if hold.terminal else None,
        "from": hold.first_seq,
        "to": hold.last_seq,
        "from_day": hold.from_day and hold.from_day.isoformat(),
        "to_day": hold.to_day and hold.to_day.isoformat(),
        "set_at": _moment(hold.set_at),
        "lifted_at": _moment(hold.lifted_at),
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone().isoformat(timespec="seconds")


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month, no moment
    except ValueError:
        _fail(f"{text} 不是月份；写作 2026-01")


@contextlib.contextmanager
def _refusals(month: str) -> Iterator[None]:
    """What cannot be sealed or archived, in words and with exit code 1."""
    from hengyuan.platform.history.partitions import AtWork
    from hengyuan.platform.history.sealing import CannotSeal

    try:
        yield
    except AtWork:
        _fail("另一个进程正在封存或归档，稍后再试")
    except CannotSeal as error:
        words = _REFUSED.get(error.code)
        _fail(words.format(month=month) if words else f"{month} 未通过核验：\n{error}")


@contextlib.contextmanager
def _django() -> Iterator[None]:
    try:
        with server.django_at_work():
            from django.core.exceptions import ValidationError
            from django.db import ProgrammingError

            try:
                yield
            except ValidationError as error:
                _fail("；".join(error.messages))
            except ProgrammingError as error:
                _fail(f"数据库的表不是本版本的，先运行 hengyuan platform migrate：{error}")
    except PostgresFailed as error:
        _fail(str(error))


def _fail(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(1)
