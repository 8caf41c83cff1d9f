"""`hengyuan platform`: run the supervision platform, and what its keeper needs beside it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from hengyuan.cli import (
    _platform_chain,
    platform_backup,
    platform_distribute,
    platform_history,
    platform_ledger,
    platform_map,
    platform_servers,
    platform_service,
)
from hengyuan.platform import server
from hengyuan.platform.embedded import PostgresFailed

app = typer.Typer(
    help="监管平台:运行、升级数据库、管理用户。",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
user_app = typer.Typer(
    help="用户:新增、改密码、列出。",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.add_typer(user_app, name="user")
app.add_typer(_platform_chain.app, name="chain")
app.add_typer(platform_ledger.app, name="ledger")
app.add_typer(platform_map.app, name="map")
app.add_typer(platform_servers.app)
app.add_typer(platform_service.app, name="service")
app.add_typer(platform_distribute.app)
platform_backup.add_to(app)
platform_history.add_to(app)

Home = Annotated[
    Path | None,
    typer.Option(
        help="平台的数据目录(默认 $HENGYUAN_HOME,否则 ~/.local/share/hengyuan/platform)",
        show_default=False,
    ),
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="从标准输入读密码(一行),不提示")
]


@app.command("run")
def run(
    host: Annotated[str, typer.Option(help="监听的地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="端口,0 为任一空闲端口")] = 8000,
    home: Home = None,
) -> None:
    """运行平台:启动数据库、升级表结构、提供网页和终端接口,直到 Ctrl-C。"""
    server.use_home(home, keep_connections=True)
    try:
        served = server.run(host, port, lambda address: typer.echo(f"衡源平台已启动:{address}"))
    except PostgresFailed as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"无法监听 {host}:{port}:{error.strerror or error}")
    if not served:
        _fail("平台没有启动成功,原因见上面的日志")


@app.command("signing-key")
def show_signing_key(home: Home = None) -> None:
    """显示平台的公钥和指纹:下发给终端的配置、规则和软件由它签名。首次使用时生成。"""
    from hengyuan.platform.signing_key import NoSigningKey, signing_key

    server.use_home(home)
    try:
        key = signing_key()
    except NoSigningKey as error:
        _fail(str(error))
    typer.echo(f"{key.suite.name}  {key.public_hex}\n指纹 {key.fingerprint}")


@app.command("sign-software")
def sign_software(
    file: Annotated[Path, typer.Argument(help="hengyuan-版本-….whl")],
    number: Annotated[int, typer.Option(min=1, help="第几号软件;须比以前的大")],
    terminal: Annotated[str, typer.Option(help="终端代码;* 为任何终端")] = "*",
    reason: Annotated[str, typer.Option(help="说明")] = "",
    offer: Annotated[
        bool, typer.Option("--offer", help="同时放到平台上,供终端用 --from-platform 取")
    ] = False,
    home: Home = None,
) -> None:
    """用平台的密钥给终端软件签名,写出 FILE.signed.json,与软件一起交给磅房。"""
    import time

    import msgspec

    from hengyuan.platform.signing_key import NoSigningKey, signing_key
    from hengyuan.record.directives import Directive, seal
    from hengyuan.record.suites import SM2_SM3

    server.use_home(home)
    try:
        data = file.read_bytes()
        key = signing_key()
    except (OSError, NoSigningKey) as error:
        _fail(str(error))
    order = Directive(
        body={"file": file.name, "size": len(data), "sm3": SM2_SM3.digest(data).hex()},
        issued_at=time.time_ns() // 1_000_000,
        kind="software",
        reason=reason,
        terminal=terminal,
        version=number,
    )
    signed = file.with_name(f"{file.name}.signed.json")
    signed.write_bytes(msgspec.json.encode(seal(order, key.suite, key.key)))
    typer.echo(f"已签名:{signed}")
    if offer:
        from hengyuan.platform import software

        typer.echo(f"已放到平台上:{software.offer(file, signed)}")


@app.command("migrate")
def migrate(home: Home = None) -> None:
    """把数据库的表升级到本版本(run 也会做)。"""
    server.use_home(home)
    with _django():
        server.migrate(verbosity=1)


@app.command(
    "manage",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def manage(context: typer.Context) -> None:
    """Django 自带的管理命令,例如 hengyuan platform manage check --deploy。"""
    server.use_home(None)
    with _django():
        from django.core.management import execute_from_command_line

        execute_from_command_line(["hengyuan platform manage", *context.args])


@user_app.command("add")
def user_add(
    username: Annotated[str, typer.Argument(help="登录名")],
    name: Annotated[str, typer.Option(help="姓名")],
    role: Annotated[
        str,
        typer.Option(help="head、clerk、inspector、readonly;源头单位用 manager、gatekeeper"),
    ],
    region: Annotated[
        str, typer.Option(help="治超办所在的省、市、县代码,例如 141024", show_default=False)
    ] = "",
    department: Annotated[
        str, typer.Option(help="部门(与 --region 一起),例如 transport", show_default=False)
    ] = "",
    unit: Annotated[str, typer.Option(help="源头单位编码,代替 --region", show_default=False)] = "",
    must_change: Annotated[
        bool, typer.Option("--must-change/--keep", help="首次登录是否必须改密码")
    ] = True,
    password_stdin: PasswordStdin = False,
    home: Home = None,
) -> None:
    """新增一个用户;其办公室还没有的话一并建立。"""
    if bool(region) == bool(unit):
        _fail("--region 和 --unit 必须且只能给一个")
    password = _password(password_stdin)
    server.use_home(home)
    with _django():
        from hengyuan.platform.accounts import services

        office = _office_of(region, department, unit)
        made = services.create_user(
            None,
            username=username,
            password=password,
            display_name=name,
            office=office,
            role=role,
            must_change_password=must_change,
        )
        typer.echo(f"已新增用户 {made.username}({made.display_name},{office})")


@user_app.command("passwd")
def user_passwd(
    username: Annotated[str, typer.Argument(help="登录名")],
    must_change: Annotated[
        bool, typer.Option("--must-change/--keep", help="下次登录是否必须改密码")
    ] = True,
    password_stdin: PasswordStdin = False,
    home: Home = None,
) -> None:
    """给用户一个新密码,并解除登录锁定。"""
    password = _password(password_stdin)
    server.use_home(home)
    with _django():
        from axes.utils import reset

        from hengyuan.platform.accounts import services
        from hengyuan.platform.accounts.models import User

        user = User.objects.filter(username=username).first()
        if user is None:
            _fail(f"没有用户 {username}")
        services.set_password(None, user, password, must_change=must_change)
        reset(username=username)
        typer.echo(f"已更改用户 {username} 的密码")


@user_app.command("list")
def user_list(home: Home = None) -> None:
    """列出用户。"""
    server.use_home(home)
    with _django():
        from hengyuan.platform.accounts.models import User

        for user in User.objects.select_related("office"):
            state = "" if user.is_active else " (已停用)"
            typer.echo(f"{user.username}\t{user}\t{user.office or '-'}\t{user.role}{state}")


def _office_of(region: str, department: str, unit: str) -> Any:
    from hengyuan.platform.accounts import services
    from hengyuan.platform.accounts.models import Department
    from hengyuan.platform.ledger.models import SourceUnit
    from hengyuan.platform.regions.models import Region

    if unit:
        found = SourceUnit.objects.filter(code=unit).first()
        if found is None:
            _fail(f"台账里没有源头单位 {unit}")
        return services.office_of_unit(None, found)
    place = Region.objects.filter(pk=region).first()
    if place is None:
        _fail(f"没有代码为 {region} 的省、市、县")
    if department and department not in Department.values:
        _fail(f"部门 {department} 不在名单里:{'、'.join(Department.values)}")
    return services.office_of_region(None, place, department)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    answer: str = typer.prompt("密码", hide_input=True, confirmation_prompt="再输一次")
    return answer


@contextlib.contextmanager
def _django() -> Iterator[None]:
    """Database and Django for one command; a refusal becomes one line and exit code 1."""
    try:
        with server.django_at_work():
            from django.core.exceptions import ValidationError

            try:
                yield
            except ValidationError as error:
                _fail(_readable(error))
    except PostgresFailed as error:
        _fail(str(error))


def _readable(error: Any) -> str:
    if hasattr(error, "message_dict"):
        return ";".join(f"{field}:{' '.join(said)}" for field, said in error.message_dict.items())
    return " ".join(error.messages)


def _fail(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(1)
