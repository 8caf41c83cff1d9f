"""Loading the divisions that come with the program."""

from typing import Any

from hengyuan.law.regions import REGIONS
from hengyuan.platform.regions.tiles import TILES


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
