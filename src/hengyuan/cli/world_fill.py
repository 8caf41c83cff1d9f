"""`hengyuan world fill`: a year of the city, straight into the record table."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from hengyuan.cli._world_records import fail


def fill(
    days: Annotated[int, typer.Option(min=1, max=3650, help="多少天")] = 365,
    until: Annotated[
        str | None, typer.Option(help="最后一天(年-月-日),不给则昨天", show_default=False)
    ] = None,
    units: Annotated[int, typer.Option(min=1, max=5000, help="多少家有终端的源头单位")] = 800,
    scale: Annotated[float, typer.Option(min=0.01, max=50, help="每家车流量的倍数")] = 1.0,
    seed: Annotated[int, typer.Option(help="随机种子:同一种子,同样的车和记录")] = 1,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="进程数,不给则为处理器核数")
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option(help="平台的数据目录(默认 $HENGYUAN_HOME)", show_default=False),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(help="数据库地址(默认 $HENGYUAN_DATABASE_URL)", show_default=False),
    ] = None,
    with_shares: Annotated[
        bool, typer.Option("--shares", help="最后按县、月、时、超限等级、轴组列出分布")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 对象")] = False,
) -> None:
    """生成一年(约 2200 万条)称重记录,连同签名的记录链和统计,直接写入平台的数据库。

    数据库里没有城市则先录入。中断后用相同参数再次运行,从中断处继续。
    口令可用环境变量 HENGYUAN_DEMO_PASSWORD 指定。退出码:0 完成,1 中途失败,2 不能开始。
    """
    from hengyuan.platform import server
    from hengyuan.platform.embedded import URL_VARIABLE, PostgresFailed, database_url
    from hengyuan.world.city.running import PASSWORD_VARIABLE
    from hengyuan.world.fill import calendar
    from hengyuan.world.fill.filling import FillFailed
    from hengyuan.world.fill.preparing import CannotFill, FillPlan
    from hengyuan.world.fill.shares import as_text, shares

    last = calendar.last_whole_day(datetime.now(UTC))
    if until is not None:
        try:
            last = datetime.strptime(until, "%Y-%m-%d").date()  # noqa: DTZ007 - a day, no instant
        except ValueError:
            fail(f"--until:{until} 不是日期,应写成 2026-06-30 这样")
    plan = FillPlan(days=days, last=last, units=units, seed=seed, scale=scale)
    try:
        plan.check(datetime.now(UTC))
    except CannotFill as error:
        fail(str(error))
    if database is not None:
        os.environ[URL_VARIABLE] = database
    server.use_home(home)
    # whoever ends us in order lets us end the processes and the database in order
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with server.django_at_work():
            server.migrate()
            from django.core.exceptions import ValidationError

            from hengyuan.world.city.keys import KeyGone
            from hengyuan.world.city.ledger import CityFailed
            from hengyuan.world.fill.filling import fill as fill_all

            try:
                filled, entered = fill_all(
                    plan,
                    database_url(),
                    workers or os.cpu_count() or 1,
                    os.environ.get(PASSWORD_VARIABLE),
                    lambda text: print(text, file=sys.stderr, flush=True),
                )
                counted = asyncio.run(shares(database_url())) if with_shares else {}
            except CannotFill as error:
                fail(str(error))
            except ValidationError as error:
                fail("录入失败:" + ";".join(map(str, error.messages)))
            except (CityFailed, KeyGone) as error:
                fail(f"录入失败:{error}")
            except FillFailed as error:
                print(f"中途失败,可用相同参数继续:{error}", file=sys.stderr)
                raise typer.Exit(1) from None
            except KeyboardInterrupt:
                print("已停止,可用相同参数继续", file=sys.stderr)
                raise typer.Exit(1) from None
    except PostgresFailed as error:
        fail(str(error))
    figures = filled.figures()
    if as_json:
        print(json.dumps(figures | ({"shares": counted} if counted else {})))
        return
    for line in as_text(counted):
        print(line)
    for login in entered.logins:
        print(f"{login.username:<18} {login.password}  {login.name}")
    print(
        f"{figures['records']:,} 条记录,{figures['seconds']:,.0f} 秒,"
        f"{figures['records_per_s']:,} 条/秒,每条 {figures['bytes_per_record']} 字节(含索引)"
    )
