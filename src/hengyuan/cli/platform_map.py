"""`hengyuan platform map`: the boundary file that an authority has approved, in and out."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from hengyuan.platform import server
from hengyuan.platform.embedded import PostgresFailed

app = typer.Typer(
    help="县界图：导入经审核的边界文件，代替方格示意图。",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Home = Annotated[
    Path | None,
    typer.Option(
        help="平台的数据目录（默认 $HENGYUAN_HOME，否则 ~/.local/share/hengyuan/platform）",
        show_default=False,
    ),
]


@app.command("import")
def import_map(
    file: Annotated[Path, typer.Argument(help="GeoJSON 文件，经纬度坐标，每个县一个要素")],
    approval: Annotated[str, typer.Option(help="审图号，例如 晋S（2024）001号；显示在图下方")],
    source: Annotated[
        str, typer.Option(help="图的来源（编制单位），显示在审图号旁", show_default=False)
    ] = "",
    code_property: Annotated[
        str | None,
        typer.Option(
            help="要素里写着县代码的属性名；不给则依次找 adcode、code、gb、PAC、XZQDM",
            show_default=False,
        ),
    ] = None,
    home: Home = None,
) -> None:
    """检查并导入一个市的县界；同一个市再次导入即替换。"""
    try:
        content = file.read_bytes()
    except OSError as error:
        _fail(f"无法读取 {file}:{error.strerror or error}")
    server.use_home(home)
    with _django():
        from hengyuan.platform.regions import services
        from hengyuan.platform.regions.boundary_file import BoundaryFileWrong

        try:
            drawn = services.import_map(
                content,
                file_name=file.name,
                approval=approval,
                source=source,
                code_property=code_property,
            )
        except services.ApprovalWrong as error:
            _fail(str(error))
        except BoundaryFileWrong as error:
            _fail("\n".join([f"{file} 未导入：", *error.problems]))
        typer.echo(f"已导入 {drawn.region} 的县界图，审图号 {drawn.approval}")
        _tell_counties(drawn)


@app.command("show")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 写到标准输出")] = False,
    home: Home = None,
) -> None:
    """列出已导入的县界图。"""
    server.use_home(home)
    with _django():
        from hengyuan.platform.regions import queries

        maps = queries.boundary_maps()
        if as_json:
            typer.echo(json.dumps([_described(drawn) for drawn in maps], ensure_ascii=False))
            return
        if not maps:
            typer.echo("没有导入过县界图，各页显示方格示意图。")
        for drawn in maps:
            described = _described(drawn)
            typer.echo(
                f"{described['region']} {described['name']}  审图号 {drawn.approval}  "
                f"{described['counties']} 个县  {drawn.file_name}  "
                f"{described['imported_at']} 导入"
            )
            _tell_counties(drawn)


@app.command("remove")
def remove(
    region: Annotated[str, typer.Argument(help="市的代码，例如 141000")],
    home: Home = None,
) -> None:
    """撤下一个市的县界图，恢复方格示意图。"""
    server.use_home(home)
    with _django():
        from hengyuan.platform.regions import services

        if not services.remove_map(region):
            _fail(f"{region} 没有县界图")
        typer.echo(f"已撤下 {region} 的县界图")


def _described(drawn: Any) -> dict[str, Any]:
    return {
        "region": drawn.region_id,
        "name": drawn.region.name,
        "approval": drawn.approval,
        "source": drawn.source,
        "counties": len(drawn.outlines),
        "file": drawn.file_name,
        "sha256": drawn.file_digest,
        "imported_at": drawn.imported_at.astimezone().isoformat(timespec="seconds"),
    }


def _tell_counties(drawn: Any) -> None:
    from hengyuan.platform.regions import queries

    missing = [
        county.name
        for county in queries.counties_of(drawn.region_id)
        if county.code not in drawn.outlines
    ]
    if missing:
        typer.echo(f"文件里没有，图旁另列：{'、'.join(missing)}")


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
