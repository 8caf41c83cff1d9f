"""`hengyuan platform ledger`: the ledger of source units in and out as a workbook."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from hengyuan.platform import server
from hengyuan.platform.embedded import PostgresFailed

app = typer.Typer(
    help="源头单位台账：导入、导出 Excel，生成模板。",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

SOME_ROWS_REFUSED = 3
"""Exit code when the workbook could be read, but rows in it have errors."""
_SHOWN_CHANGES = 50

Home = Annotated[
    Path | None,
    typer.Option(
        help="平台的数据目录（默认 $HENGYUAN_HOME，否则 ~/.local/share/hengyuan/platform）",
        show_default=False,
    ),
]
County = Annotated[
    list[str] | None,
    typer.Option(help="县（市、区）代码，可以给多个；不给为全部", show_default=False),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="写到这个文件；- 为标准输出", show_default=False),
]


@app.command("import")
def import_ledger(
    file: Annotated[Path, typer.Argument(help="按模板填写的 .xlsx 文件")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只核对，不写入台账")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 写到标准输出")] = False,
    as_user: Annotated[
        str,
        typer.Option(
            "--as",
            help="以哪个用户的管辖范围导入，并记在其名下；不给则不限范围",
            show_default=False,
        ),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="不询问，直接导入没有错误的行")] = False,
    home: Home = None,
) -> None:
    """逐行核对，确认后把没有错误的行一次写入台账。

    退出码：0 没有错误；3 有错误的行，其余各行已导入（或 --dry-run 已核对）；
    1 整个文件未导入；2 用法错误。
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        _fail(f"无法读取 {file}：{error.strerror or error}")
    server.use_home(home)
    with _django():
        by = _user(as_user)
        plan = _import(by, content, file.name, dry_run, as_json, yes)
        if plan.errors:
            raise typer.Exit(SOME_ROWS_REFUSED)


@app.command("template")
def template(output: Output = None, county: County = None, home: Home = None) -> None:
    """生成空白的导入模板，带下拉列表和填写说明。"""
    server.use_home(home)
    with _django():
        from hengyuan.platform.ledger.exporting import template_workbook

        counties = _counties(county)
        _write(template_workbook(counties), output, "台账导入模板.xlsx")


@app.command("export")
def export(output: Output = None, county: County = None, home: Home = None) -> None:
    """把台账导出为与模板相同格式的 .xlsx，修改后可以再导入。"""
    server.use_home(home)
    with _django():
        from hengyuan.platform.ledger.exporting import export_workbook
        from hengyuan.platform.ledger.models import SourceUnit

        counties = _counties(county)
        units = SourceUnit.objects.filter(region__in=counties)
        _write(export_workbook(units, counties), output, "源头单位台账.xlsx")


def _import(
    by: Any, content: bytes, file_name: str, dry_run: bool, as_json: bool, yes: bool
) -> Any:
    from hengyuan.platform.ledger.importing.applying import LedgerChanged, import_book
    from hengyuan.platform.ledger.importing.known import known_to
    from hengyuan.platform.ledger.importing.package import UnusableFile
    from hengyuan.platform.ledger.importing.plan import Plan
    from hengyuan.platform.ledger.importing.planning import plan_import
    from hengyuan.platform.ledger.importing.sheets import read
    from hengyuan.platform.ledger.services import LedgerFull

    try:
        book = read(content)
    except UnusableFile as unusable:
        _tell(Plan(problems=[unusable.problem]), as_json, dry_run, imported=False)
        raise typer.Exit(1) from None
    plan = plan_import(book, known_to(by))
    if not book.is_usable:
        _tell(plan, as_json, dry_run, imported=False)
        raise typer.Exit(1)
    if dry_run:
        _tell(plan, as_json, dry_run, imported=False)
        return plan
    if not as_json:
        _tell(plan, as_json, True, imported=False)
        if plan.has_work and not yes and sys.stdin.isatty():
            typer.confirm("写入台账？", abort=True)
    if plan.has_work:
        try:
            plan = import_book(by, book, file_name, plan.fingerprint())
        except LedgerChanged:
            _fail("核对以后台账有了变化，没有写入。请重新运行。")
        except LedgerFull as error:
            _fail(f"没有写入：{error}")
    if as_json:
        _tell(plan, as_json, dry_run, imported=plan.has_work)
    else:
        typer.echo("已写入台账。" if plan.has_work else "没有需要写入的内容。")
    return plan


def _tell(plan: Any, as_json: bool, dry_run: bool, imported: bool) -> None:
    from hengyuan.platform.ledger.importing.plan import Action
    from hengyuan.platform.ledger.importing.report import printed

    if as_json:
        said = printed(plan) | {"dry_run": dry_run, "imported": imported}
        typer.echo(json.dumps(said, ensure_ascii=False, indent=2))
        return
    for title, problems in (("错误", plan.errors), ("提醒", plan.warnings)):
        if problems:
            typer.echo(f"{title} {len(problems)} 处：")
        for problem in problems:
            typer.echo(f"  {_place(problem)}{problem.problem} {problem.remedy}")
    changed = [row for row in plan.rows if row.action == Action.CHANGED]
    if changed:
        typer.echo(f"变更 {len(changed)} 行：")
    for row in changed[:_SHOWN_CHANGES]:
        what = "；".join(
            f"{change.heading}：{change.old or '（空）'} → {change.new or '（空）'}"
            for change in row.changes
        )
        typer.echo(f"  {row.sheet} 第 {row.row} 行 {row.target} {row.subject}：{what}")
    if len(changed) > _SHOWN_CHANGES:
        typer.echo(f"  …… 其余 {len(changed) - _SHOWN_CHANGES} 行见 --json")
    counts = plan.counts()
    typer.echo(
        f"共 {len(plan.rows)} 行：新增 {counts['new']}，变更 {counts['changed']}，"
        f"无变化 {counts['unchanged']}，不导入 {counts['refused']}"
    )


def _place(problem: Any) -> str:
    parts = [problem.sheet]
    if problem.row:
        parts.append(f"第 {problem.row} 行")
    if problem.column:
        parts.append(f"{problem.column} 列")
    place = " ".join(part for part in parts if part)
    shown = f"“{problem.value}”" if problem.value else ""
    return f"{place}{shown}：" if place else ""


def _user(username: str) -> Any:
    from hengyuan.platform.accounts.models import User
    from hengyuan.platform.accounts.permissions import may

    if not username:
        return None
    user = User.objects.select_related("office").filter(username=username).first()
    if user is None:
        _fail(f"没有用户 {username}")
    if not may(user, "units.import"):
        _fail(f"用户 {username} 无权导入台账")
    return user


def _counties(codes: list[str] | None) -> list[Any]:
    from hengyuan.platform.regions.models import Region

    counties = list(Region.objects.counties().order_by("code"))
    if not codes:
        return counties
    known = {county.code: county for county in counties}
    unknown = [code for code in codes if code not in known]
    if unknown:
        _fail(f"没有代码为 {'、'.join(unknown)} 的县（市、区）")
    return [known[code] for code in codes]


def _write(content: bytes, output: Path | None, name: str) -> None:
    if output is not None and str(output) == "-":
        sys.stdout.buffer.write(content)
        return
    target = output or Path(name)
    try:
        target.write_bytes(content)
    except OSError as error:
        _fail(f"无法写入 {target}：{error.strerror or error}")
    typer.echo(f"已写入 {target}")


@contextlib.contextmanager
def _django() -> Iterator[None]:
    try:
        with server.django_at_work():
            from django.db import ProgrammingError

            try:
                yield
            except ProgrammingError as error:
                _fail(f"数据库的表不是本版本的，先运行 hengyuan platform migrate：{error}")
    except PostgresFailed as error:
        _fail(str(error))


def _fail(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(1)
