"""`python -m scripts.inhabitants`: more people and papers for the city of `scripts.city`.

Runs in the platform's home, through the platform's services: a person of every kind of office and
role, a published list with an open objection, a draft, a list in review, a suspended terminal,
reports from the public in every state.
Prints who can log in, as JSON. Names are plainly invented.
"""

from __future__ import annotations

import io
import os
import sys
from datetime import timedelta
from typing import Any

import msgspec
from PIL import Image

from hengyuan.platform import server
from hengyuan.world.city import Login

COUNTY, OTHER_COUNTY, CITY, PROVINCE = "141024", "141023", "141000", "140000"
# user name, name, role, region of the office, department
PEOPLE = (
    ("province", "省治超办负责人（演示）", "head", PROVINCE, ""),
    ("city-head", "市治超办负责人（演示）", "head", CITY, ""),
    ("county-head", "洪洞县治超办负责人（演示）", "head", COUNTY, ""),
    ("other-head", "襄汾县治超办负责人（演示）", "head", OTHER_COUNTY, ""),
    ("county-clerk", "洪洞县治超办办事员（演示）", "clerk", COUNTY, ""),
    ("county-inspector", "洪洞县治超办检查员（演示）", "inspector", COUNTY, ""),
    ("county-reader", "洪洞县治超办查阅人员（演示）", "readonly", COUNTY, ""),
    ("transport", "洪洞县交通运输部门（演示）", "clerk", COUNTY, "transport"),
)
DECIDED = {
    "mode": "patrol",
    "supervisor_name": "王示例",
    "supervisor_office": "洪洞县交通运输局",
    "duty_telephone": "0357-0000000",
    "department": "transport",
}


def main() -> int:
    password = os.environ["HENGYUAN_DEMO_PASSWORD"]
    server.use_home(None)
    with server.django_at_work():
        people = _people(password)
        _lists(people)
        _suspended_terminal()
        _reports(people)
        logins = [Login(user.username, password, str(user), str(user.office)) for user in people]
    sys.stdout.write(msgspec.json.encode(logins).decode() + "\n")
    return 0


def _people(password: str) -> list[Any]:
    from hengyuan.platform.accounts import services
    from hengyuan.platform.accounts.models import User
    from hengyuan.platform.ledger.models import SourceUnit
    from hengyuan.platform.regions.models import Region

    wanted = [
        (name, shown, role, services.office_of_region(None, Region.objects.get(pk=code), part))
        for name, shown, role, code, part in PEOPLE
    ]
    unit = SourceUnit.objects.filter(region=COUNTY).order_by("code").first()
    if unit is not None:
        office = services.office_of_unit(None, unit)
        wanted.append(("manager", "源头单位负责人（演示）", "manager", office))
    return [
        User.objects.filter(username=name).first()
        or services.create_user(
            None, username=name, password=password, display_name=shown, office=office, role=role
        )
        for name, shown, role, office in wanted
    ]


def _lists(people: list[Any]) -> None:
    """One county has published, was objected to and drafts again; the other's is in review."""
    from django.utils.timezone import localdate

    from hengyuan.platform.accounts.models import User
    from hengyuan.platform.publication import services
    from hengyuan.platform.publication.models import Objection, PublicationList
    from hengyuan.platform.regions.models import Region

    if PublicationList.objects.exists():
        return
    by = {user.username: user for user in people}
    head, clerk = by["county-head"], by["county-clerk"]
    region = Region.objects.get(pk=COUNTY)
    drafted = services.draft_from_ledger(clerk, region)
    _complete_ledger(clerk, region)
    services.refresh(clerk, drafted.pk)
    versions = dict(drafted.units.values_list("pk", "version"))
    services.set_units(clerk, drafted.pk, versions, DECIDED)
    drafted.refresh_from_db()
    submitted = services.submit(clerk, drafted.pk, drafted.version)
    today = localdate()
    how = services.Publishing(
        f"洪政公告〔{today.year}〕1号", today - timedelta(days=2), today + timedelta(days=7)
    )
    published = services.publish(head, submitted.pk, submitted.version, how)
    objecting = services.Objecting("赵示例", "13000000000", "该单位已停产，请核实。")
    services.file_objection(
        published.pk, objecting, Objection.Via.LETTER, unit=published.units.first(), by=clerk
    )
    services.draft_from_ledger(clerk, region)
    other = Region.objects.get(pk=OTHER_COUNTY)
    neighbour = User.objects.filter(office__region=other, role="clerk")[0]
    _complete_ledger(neighbour, other)
    reviewed = services.draft_from_ledger(neighbour, other)
    versions = dict(reviewed.units.values_list("pk", "version"))
    services.set_units(neighbour, reviewed.pk, versions, DECIDED)
    reviewed.refresh_from_db()
    services.submit(neighbour, reviewed.pk, reviewed.version)


def _reports(people: list[Any]) -> None:
    """One report in each state to the county's office; the first with a picture and a contact."""
    from django.utils.timezone import now

    from hengyuan.platform.ledger.models import SourceUnit
    from hengyuan.platform.portal import services
    from hengyuan.platform.portal.models import Outcome, Report, Topic
    from hengyuan.platform.portal.pictures import redraw
    from hengyuan.platform.regions.models import Region

    if Report.objects.exists():
        return
    by = {user.username: user for user in people}
    clerk, inspector = by["county-clerk"], by["county-inspector"]
    unit = SourceUnit.objects.filter(region=COUNTY).order_by("code").first()
    filed = [
        services.file_report(
            services.Filing(
                submission=f"demo-{number}",
                region=Region.objects.get(pk=COUNTY),
                topic=topic,
                place=f"{unit}南门" if unit else "示例路口",
                happened_at=now() - timedelta(hours=6 + number),
                description="满载的六轴车没有过磅就出了门，往国道方向去了。",
                plate="晋L00001",
                unit=unit,
                contact_name="" if number else "钱示例",
                contact="" if number else "13000000000",
                pictures=[] if number else [redraw(_sketch())],
            )
        )
        for number, topic in enumerate(Topic)
    ]
    for report in filed[1:4]:
        services.assign(clerk, report.pk, report.version, inspector)
    for report in filed[2:4]:
        services.record_check(inspector, report.pk, 2, Outcome.CONFIRMED, "监控可见该车未过磅。")
    services.answer(clerk, filed[3].pk, 3, "经核查属实，已责令该单位整改。")
    services.close(clerk, filed[4].pk, 1, "没有具体时间和地点，无法核查。")


def _sketch() -> bytes:
    """A picture of nothing in particular."""
    made = io.BytesIO()
    Image.linear_gradient("L").resize((640, 480)).save(made, "JPEG")
    return made.getvalue()


def _suspended_terminal() -> None:
    from hengyuan.platform.accounts.models import User
    from hengyuan.platform.terminals.models import Terminal, TerminalState
    from hengyuan.platform.terminals.services import suspend

    enrolled = Terminal.objects.filter(
        unit__region=OTHER_COUNTY, state=TerminalState.ENROLLED
    ).order_by("code")
    if enrolled.count() > 1:
        clerk = User.objects.filter(office__region=OTHER_COUNTY, role="clerk")[0]
        suspend(enrolled[0], clerk, "检定证书到期，暂停使用")


def _complete_ledger(by: Any, region: Any) -> None:
    """Publication asks for a credit code and an address, which the world's units may lack."""
    from hengyuan.law.credit_code import check_character
    from hengyuan.platform.ledger.models import SourceUnit
    from hengyuan.platform.ledger.services import change_unit

    for number, unit in enumerate(SourceUnit.objects.filter(region=region), start=1):
        body = f"91{region.code}MA0DEM{number:03d}"
        change_unit(
            by,
            unit,
            credit_code=unit.credit_code or body + check_character(body),
            address=unit.address or f"{region.name}示例镇",
        )


if __name__ == "__main__":
    raise SystemExit(main())
