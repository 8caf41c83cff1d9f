"""Where each county stands in the tile cartogram of its city: (column, row) from the north-west.

Drawn by us after the counties' centroids, neighbours kept together; it is no map of borders.
"""

TILES: dict[str, tuple[int, int]] = {
    "141032": (0, 0),  # 永和
    "141031": (1, 0),  # 隰县
    "141034": (2, 0),  # 汾西
    "141082": (3, 0),  # 霍州
    "141030": (0, 1),  # 大宁
    "141033": (1, 1),  # 蒲县
    "141024": (2, 1),  # 洪洞
    "141025": (3, 1),  # 古县
    "141028": (0, 2),  # 吉县
    "141002": (2, 2),  # 尧都
    "141071": (3, 2),  # 临汾经济开发区
    "141026": (4, 2),  # 安泽
    "141029": (1, 3),  # 乡宁
    "141023": (2, 3),  # 襄汾
    "141027": (3, 3),  # 浮山
    "141081": (2, 4),  # 侯马
    "141021": (3, 4),  # 曲沃
    "141022": (4, 4),  # 翼城
}
