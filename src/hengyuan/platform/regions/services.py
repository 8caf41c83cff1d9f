"""Writes about regions: the divisions that come with the program, the maps an office brings."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from hengyuan.law.regions import REGIONS, RegionLevel, parent_code
from hengyuan.platform.regions import boundary_file, outlines
from hengyuan.platform.regions.models import BoundaryMap
from hengyuan.platform.regions.tiles import TILES

# GS（2024）0001号, GS京（2024）0001号, 晋S（2024）001号: who approved, the year, the number.
# Either kind of bracket and colon is taken (full-width ones by their code points).
_APPROVAL = re.compile(
    r"^(?:审图号[:\uff1a]?)?([\u4e00-\u9fff]{0,6}G?S[\u4e00-\u9fff]{0,3})"
    r"[(\uff08](\d{4})[)\uff09](\d{1,6})号$"
)


class ApprovalWrong(ValueError):
    """The text is no map approval number (审图号)."""


def load_divisions(region_model: Any) -> None:
    """Bring the table to what the law room lists; what is there already is brought up to date.

    `region_model` is the model, or in a migration its state at that time.
    """
    region_model.objects.bulk_create(
        [
            region_model(
                code=region.code,
                name=region.name,
                level=region.level.value,
                parent_id=region.parent,
                is_local=region.local,
                tile_col=TILES.get(region.code, (None, None))[0],
                tile_row=TILES.get(region.code, (None, None))[1],
            )
            for region in REGIONS.values()
        ],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name", "level", "parent_id", "is_local", "tile_col", "tile_row"],
    )


def approval_number(text: str) -> str:
    """A map approval number (审图号) as it is printed, 晋S（2024）001号; else ApprovalWrong."""
    found = _APPROVAL.match("".join(text.split()))
    if found is None:
        raise ApprovalWrong(
            _("“%s” is no map approval number; one looks like 晋S（2024）001号.") % text[:40]
        )
    return f"{found[1]}（{found[2]}）{found[3]}号"


@transaction.atomic
def import_map(
    content: bytes,
    *,
    file_name: str,
    approval: str,
    source: str = "",
    code_property: str | None = None,
) -> BoundaryMap:
    """Take a boundary file in place of the map that its city had; the BoundaryMap.

    ApprovalWrong, boundary_file.BoundaryFileWrong and ValidationError say what is wrong; then
    nothing is changed.
    """
    number = approval_number(approval)
    counties = {code for code, region in REGIONS.items() if region.level == RegionLevel.COUNTY}
    found = boundary_file.read(content, counties, code_property)
    drawing = outlines.draw(found.rings)
    city: Any = parent_code(next(iter(found.rings)))
    drawn = BoundaryMap.objects.filter(region_id=city).first() or BoundaryMap(region_id=city)
    drawn.approval = number
    drawn.source = source
    drawn.file_name = file_name
    drawn.file_digest = hashlib.sha256(content).hexdigest()
    drawn.width, drawn.height = drawing.width, drawing.height
    drawn.outlines, drawn.labels = drawing.outlines, drawing.labels
    drawn.full_clean()
    drawn.save()
    return drawn


def remove_map(region_code: str) -> bool:
    """Go back to the cartogram; False where there was no map."""
    drawn = BoundaryMap.objects.filter(region_id=region_code).first()
    if drawn is None:
        return False
    drawn.delete()
    return True
