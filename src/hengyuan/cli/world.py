"""`hengyuan world`: the simulated city's trucks, records and pictures; entering the demo's city."""

import json
import os
import sys
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from hengyuan.cli import world_fill, world_gate, world_loss
from hengyuan.cli._world_records import fail, records_or_fail
from hengyuan.world.axle_records import write_axle_records
from hengyuan.world.sampling import SAMPLE_SEED, SAMPLE_SIZE, sample_records
from hengyuan.world.trucks import Truck, trucks

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="模拟城市:车辆、轴重数据、图片(演示和测试用)。",
)

app.command("loss")(world_loss.loss)

app.command("gate")(world_gate.gate)

app.command("fill")(world_fill.fill)

AxleRecords = Annotated[
    Path | None, typer.Option("--axle-records", help="轴重数据文件(CSV);不给则用自带的 2000 辆")
]
Seed = Annotated[int, typer.Option(help="随机种子:同一种子,同样的车")]


@app.command("trucks")
def list_trucks(
    count: Annotated[int, typer.Option(min=1, help="多少辆")] = 10,
    seed: Seed = 1,
    axle_records: AxleRecords = None,
    made_share: Annotated[
        float, typer.Option(min=0, max=1, help="人为加重成超限的比例(会标明)")
    ] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="每辆一行 JSON")] = False,
) -> None:
    """列出模拟车辆:真实轴重,虚构车牌,已知真值。"""
    records = records_or_fail(axle_records)
    for truck in islice(trucks(records, seed, made_share), count):
        facts = _facts(truck)
        if as_json:
            print(json.dumps(facts, ensure_ascii=False))
        else:
            verdict = "超限" if facts["over"] else "合格"
            made = " (人为加重)" if truck.made else ""
            print(
                f"{truck.plate}  {truck.axles} 轴 {facts['layout']:<9}"
                f"{truck.gross_kg:>7} kg  限值 {facts['limit_kg']} kg  {verdict}{made}"
            )


@app.command()
def sample(
    file: Annotated[Path, typer.Argument(help="轴重数据文件(CSV)")],
    size: Annotated[int, typer.Option(min=1, help="抽多少辆")] = SAMPLE_SIZE,
    seed: Seed = SAMPLE_SEED,
) -> None:
    """从轴重数据中分层抽样,写到标准输出:保持轴数构成和重车。"""
    try:
        chosen = sample_records(records_or_fail(file), size, seed)
    except ValueError as error:
        fail(f"抽不出样本:{error}")
    sys.stdout.writelines(write_axle_records(chosen))


@app.command()
def picture(
    folder: Annotated[Path, typer.Argument(help="写到哪个目录")],
    number: Annotated[int, typer.Option(min=1, help="第几辆车")] = 1,
    seed: Seed = 1,
    axle_records: AxleRecords = None,
) -> None:
    """画一辆模拟车的三张图片:车牌、车头、全景。"""
    from hengyuan.world.pictures import photograph

    truck = next(islice(trucks(records_or_fail(axle_records), seed), number - 1, None))
    taken = photograph(truck, datetime.now(UTC), "示例磅房")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("plate", "head", "panorama"):
            file = folder / f"{truck.plate}-{name}.jpg"
            file.write_bytes(getattr(taken, name))
            print(file)
    except OSError as error:
        fail(f"写不进 {folder}:{error.strerror}")


@app.command()
def city(
    terminals: Annotated[int, typer.Option(min=0, max=99, help="多少台终端配有模拟设备")] = 3,
    remote: Annotated[
        int, typer.Option(min=0, max=99, help="各县另有多少台没有模拟设备的终端")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 对象")] = False,
) -> None:
    """把演示城市(虚构的单位、机构、人员、终端)录入 HENGYUAN_HOME 的平台。

    重复执行不会重复录入,只换口令;口令可用环境变量 HENGYUAN_DEMO_PASSWORD 指定。
    """
    import msgspec

    from hengyuan.platform import server
    from hengyuan.platform.embedded import PostgresFailed
    from hengyuan.world.city import enter_city
    from hengyuan.world.city.running import PASSWORD_VARIABLE

    server.use_home(None)
    try:
        with server.django_at_work():
            from django.core.exceptions import ValidationError
            from django.db import Error as DatabaseError

            from hengyuan.world.city.ledger import CityFailed

            try:
                entered = enter_city(terminals, os.environ.get(PASSWORD_VARIABLE), remote)
            except ValidationError as error:
                fail("录入失败:" + ";".join(map(str, error.messages)))
            except CityFailed as error:
                fail(f"录入失败:{error}")
            except DatabaseError as error:
                fail(f"录入失败,数据库的表没有建好(先运行 hengyuan platform run):{error}")
    except PostgresFailed as error:
        fail(str(error))
    if as_json:
        print(msgspec.json.encode(entered).decode())
        return
    for note in entered.notes:
        print(note, file=sys.stderr)
    for terminal in [*entered.terminals, *entered.remote]:
        code = terminal.enrolment_code or "(已登记)"
        print(f"{terminal.code}  {terminal.unit_name} {terminal.name}  登记码 {code}")
    for login in entered.logins:
        print(f"{login.username:<18} {login.password}  {login.name}")


def _facts(truck: Truck) -> dict[str, Any]:
    judgement = truck.judged(20, datetime.now(UTC).date())
    vehicle = truck.vehicle
    return {
        "number": truck.number,
        "record": truck.record,
        "plate": truck.plate,
        "plate_colour": truck.plate_colour,
        "trailer_plate": truck.trailer_plate,
        "gross_kg": truck.gross_kg,
        "axle_kg": truck.axle_kg,
        "spacings_mm": truck.spacings_mm,
        "length_mm": truck.length_mm,
        "layout": "+".join(map(str, truck.layout)),
        "combination": vehicle.combination.value if vehicle.combination else None,
        "cargo": truck.cargo,
        "limit_kg": judgement.limit_kg,
        "over": judgement.over,
        "assumed": judgement.assumed,
        "made": truck.made,
        "spacings_made": truck.spacings_made,
    }
