"""Reports as people send them, through the form and through the service."""

from __future__ import annotations

import io
import time
import uuid
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from hengyuan.platform.portal.models import Report
    from hengyuan.platform.regions.models import Region

CONTACT, CONTACT_NAME = "13800000000", "钱示例"


def filed(region: Region, **fields: Any) -> Report:
    """A report taken in by the service, with a contact; `fields` replace those of a usual one."""
    from django.utils import timezone

    from hengyuan.platform.portal.models import Topic
    from hengyuan.platform.portal.services import Filing, file_report

    usual: dict[str, Any] = {
        "submission": uuid.uuid4().hex,
        "region": region,
        "topic": Topic.LEFT_OVERLOADED,
        "place": "示例煤矿南门",
        "happened_at": timezone.now(),
        "description": "满载的六轴车没有过磅就出了门。",
        "plate": "晋L12345",
        "contact_name": CONTACT_NAME,
        "contact": CONTACT,
    }
    return file_report(Filing(**(usual | fields)))


def mark(seconds_ago: float = 60) -> str:
    """The mark of a form that was opened so long ago."""
    from hengyuan.platform.portal.submissions import new_mark

    return new_mark(time.time() - seconds_ago)


def report_fields(**fields: Any) -> dict[str, Any]:
    """What somebody fills in; `fields` replace any of it, None leaves a field out."""
    filled: dict[str, Any] = {
        "topic": "left_overloaded",
        "region": "141024",
        "place": "示例煤矿南门",
        "happened_at": "2026-05-09T21:30",
        "plate": "晋L·12345",
        "description": "满载的六轴车没有过磅就出了门。",
        "contact_name": CONTACT_NAME,
        "contact": CONTACT,
        "website": "",
        "mark": mark(),
    }
    return {name: value for name, value in (filled | fields).items() if value is not None}


def picture(form: str = "JPEG", size: tuple[int, int] = (400, 300), **options: Any) -> bytes:
    """A plain picture; `options` go to Pillow."""
    made = io.BytesIO()
    Image.new("RGB", size, "#8899aa").save(made, form, **options)
    return made.getvalue()
