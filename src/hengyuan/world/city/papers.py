"""Papers on their way: publication lists in every state, objections, reports, an invitation.

All of it by the platform's services and by the people whose task it is.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw

from hengyuan.world.city.plan import HONGTONG, XIANGFEN, county
from hengyuan.world.fonts import drawable, font

if TYPE_CHECKING:
    from hengyuan.platform.accounts.models import User
    from hengyuan.platform.publication.models import PublicationList


@dataclass(frozen=True, slots=True)
class PlannedList:
    """How far a county has come. `published_days` ago it was published, None: not yet."""

    county: str
    state: str
    published_days: int | None = None
    reported: bool = True


LISTS = (
    PlannedList("141002", "final", 24),
    PlannedList("141081", "final", 19),
    PlannedList("141082", "final", 15),
    PlannedList(HONGTONG, "published", 3, reported=False),
    PlannedList("141029", "published", 5),
    PlannedList("141033", "published", 1),
    PlannedList(XIANGFEN, "in_review"),
    PlannedList("141022", "draft"),
    PlannedList("141021", "draft"),
)
_OBJECTION_DAYS = 7
_TO_BE_PUBLISHED_WITHIN_DAYS = 12
_SUPERVISORS = ("王演示", "李演示", "张演示")
_ISSUERS = {
    "141002": "尧政公告",
    "141081": "侯政公告",
    "141082": "霍政公告",
    HONGTONG: "洪政公告",
    "141029": "乡政公告",
    "141033": "蒲政公告",
}


def enter(by: dict[str, User]) -> list[str]:
    """Enter what is not there yet, kind by kind; what could not be done, in words."""
    from hengyuan.platform.accounts.models import Invitation
    from hengyuan.platform.portal.models import Report
    from hengyuan.platform.publication.models import PublicationList

    notes = []
    if not PublicationList.objects.exists():
        notes = _lists(by)
    if not Report.objects.exists():
        _reports(by)
    if not Invitation.objects.exists():
        _invitations(by)
    return notes


def _lists(by: dict[str, User]) -> list[str]:
    from django.utils.timezone import localdate

    from hengyuan.platform.publication import services
    from hengyuan.platform.regions.models import Region

    services.set_rules(
        by["city-head"],
        Region.objects.get(pk="141000"),
        objection_days=_OBJECTION_DAYS,
        publish_by=localdate() + timedelta(days=_TO_BE_PUBLISHED_WITHIN_DAYS),
    )
    try:
        for planned in LISTS:
            _list(by, planned)
    except services.NoChineseFont as missing:
        # documents cannot be printed on this machine: the rest of the city can be seen
        return [f"公示名单没有发布: {missing}"]
    _objections(by)
    # what has changed since the publication goes onto the next list
    services.draft_from_ledger(by["hongtong"], Region.objects.get(pk=HONGTONG))
    return []


def _list(by: dict[str, User], planned: PlannedList) -> None:
    from hengyuan.platform.publication import services
    from hengyuan.platform.regions.models import Region

    pinyin = county(planned.county).pinyin
    clerk, head = by[pinyin], by[f"{pinyin}-head"]
    drafted = services.draft_from_ledger(clerk, Region.objects.get(pk=planned.county))
    if planned.state == "draft":
        return
    _decide(clerk, drafted)
    drafted.refresh_from_db()
    submitted = services.submit(clerk, drafted.pk, drafted.version)
    if planned.published_days is None:
        return
    published = services.publish(
        head, submitted.pk, submitted.version, _publishing(planned.county, planned.published_days)
    )
    if planned.state == "final":
        published = services.finalise(head, published.pk, published.version)
    if planned.reported:
        services.report(clerk, published.pk, published.version)


def _decide(clerk: User, drafted: PublicationList) -> None:
    """Name the supervisors, a third of the list each."""
    from hengyuan.platform.publication import services

    assert clerk.office is not None
    rows = list(drafted.units.values_list("pk", "version"))
    for number, name in enumerate(_SUPERVISORS):
        services.set_units(
            clerk,
            drafted.pk,
            dict(rows[number :: len(_SUPERVISORS)]),
            {
                "supervisor_name": name,
                "supervisor_office": f"{drafted.region.name}交通运输局",
                "duty_telephone": "0357-0000000",
                "department": "transport",
            },
        )


def _publishing(region: str, days_ago: int) -> Any:
    from django.utils.timezone import localdate

    from hengyuan.platform.publication.services import Publishing

    day = localdate() - timedelta(days=days_ago)
    return Publishing(
        f"{_ISSUERS[region]}〔{day.year}〕3号", day, day + timedelta(days=_OBJECTION_DAYS)
    )


def _objections(by: dict[str, User]) -> None:
    """In Hongtong one is open and one was answered; in Xiangning one is open."""
    from hengyuan.platform.publication import services
    from hengyuan.platform.publication.models import Objection, PublicationList

    def on(region: str) -> PublicationList:
        return PublicationList.objects.get(region=region, state="published")

    listed, who = on(HONGTONG), services.Objecting
    stopped, patrolled = listed.units.all()[1], listed.units.all()[3]
    services.file_objection(
        listed.pk,
        who("赵示例", "13000000000", "该单位自上月起已停产，不应列入名单，请核实。"),
        Objection.Via.PORTAL,
        unit=stopped,
    )
    answered = services.file_objection(
        listed.pk,
        who("洪洞县示例单位", "0357-0000000", "本单位出口已装称重设备，申请改为电子监管。"),
        Objection.Via.LETTER,
        unit=patrolled,
        by=by["hongtong"],
    )
    services.answer_objection(
        by["hongtong"],
        answered.pk,
        answered.version,
        upheld=False,
        answer="经核查，称重设备尚未检定，检定合格后再行调整。",
    )
    services.file_objection(
        on("141029").pk,
        who("钱示例", "13000000000", "名单中的监管责任人已调离，请更正。"),
        Objection.Via.PHONE,
        by=by["xiangning"],
    )


_TOLD = (
    ("left_overloaded", "南门", "一辆六轴车装得冒尖，没有卸货就出了门，往国道方向去了。"),
    ("not_weighed", "1号门", "下午有几辆车绕过磅房，从旁边的便道出了场。"),
    ("unfit_vehicle", "装车点", "给没有号牌的改装自卸车装料。"),
    ("false_data", "磅房", "装载单上的重量与过磅的不一样。"),
    ("on_road", "国道旁路口", "两辆货车满载石料，轮胎压得很扁，从路口驶过。"),
    ("other", "北门", "夜间装车没有苫盖，沿路撒漏。"),
)


def _reports(by: dict[str, User]) -> None:
    """In Hongtong one in each state, the first with a picture and a contact; some elsewhere."""
    from hengyuan.platform.ledger.models import SourceUnit
    from hengyuan.platform.portal import services
    from hengyuan.platform.portal.models import Outcome

    units = list(SourceUnit.objects.filter(region=HONGTONG).order_by("code")[: len(_TOLD)])
    filed = [_file(number, unit) for number, unit in enumerate(units)]
    for region in ("141082", "141029"):
        _file(len(_TOLD) + int(region), SourceUnit.objects.filter(region=region)[0])
    clerk, inspector = by["hongtong"], by["hongtong-inspector"]
    for report in filed[1:4]:
        services.assign(clerk, report.pk, report.version, inspector)
    for report in filed[2:4]:
        services.record_check(inspector, report.pk, 2, Outcome.CONFIRMED, "监控可见该车未过磅。")
    services.answer(clerk, filed[3].pk, 3, "经核查属实，已责令该单位整改。")
    services.close(clerk, filed[4].pk, 1, "没有具体时间和车牌，无法核查。")


def _file(number: int, unit: Any) -> Any:
    from django.utils.timezone import now

    from hengyuan.platform.portal import services
    from hengyuan.platform.portal.models import Topic
    from hengyuan.platform.portal.pictures import redraw

    topic, place, told = _TOLD[number % len(_TOLD)]
    return services.file_report(
        services.Filing(
            submission=f"demo-{number}",
            region=unit.region,
            topic=Topic(topic),
            place=f"{unit.name}{place}" if topic != "on_road" else place,
            happened_at=now() - timedelta(hours=5 + number % len(_TOLD) * 7),
            description=told,
            plate=f"晋LHYA0{number % 10}",
            unit=unit if topic != "on_road" else None,
            contact_name="" if number else "孙示例",
            contact="" if number else "13000000000",
            pictures=[] if number else [redraw(_sketch())],
        )
    )


def _sketch() -> bytes:
    """A drawn picture, and it shows that it is one."""
    width, height = 960, 640
    picture = Image.new("RGB", (width, height), (196, 214, 228))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 430, width, height), fill=(120, 118, 112))
    draw.rectangle((180, 250, 700, 430), fill=(150, 120, 70))
    draw.polygon([(180, 250), (440, 150), (700, 250)], fill=(70, 66, 60))
    draw.rectangle((715, 290, 830, 430), fill=(170, 50, 45))
    for centre in (240, 330, 560, 650, 770):
        draw.ellipse((centre - 38, 400, centre + 38, 476), fill=(30, 30, 30))
    draw.text((24, 20), drawable("模拟画面"), font=font(36), fill=(40, 40, 40))
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=80)
    return content.getvalue()


def _invitations(by: dict[str, User]) -> None:
    from hengyuan.platform.accounts.services import invite

    head = by["hongtong-head"]
    assert head.office is not None
    invite(head, head.office, role="inspector", display_name="周演示（新检查员）")
