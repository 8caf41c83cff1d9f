"""Small invented boundaries: squares and what is cut out of them, nothing of a real map."""

from __future__ import annotations

import json
from typing import Any

WEST, EAST, NORTH = "141024", "141002", "141034"
Line = list[list[float]]


def square(x: float, y: float, side: float = 0.1) -> Line:
    """A closed ring with its lower left corner at 111 + x, 36 + y degrees."""
    corners = [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side), (0.0, 0.0)]
    return [[round(111 + x + dx, 7), round(36 + y + dy, 7)] for dx, dy in corners]


def feature(code: Any, *rings: Line, name: str = "adcode", **more: Any) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": list(rings)}
    return {"type": "Feature", "properties": {name: code}, "geometry": geometry} | more


def collection(*features: Any, **more: Any) -> bytes:
    document = {"type": "FeatureCollection", "features": list(features)} | more
    return json.dumps(document).encode()


def neighbours() -> bytes:
    """Two squares side by side and one on top of both."""
    top = [[111.0, 36.1], [111.1, 36.1], [111.2, 36.1], [111.2, 36.2], [111.0, 36.2], [111.0, 36.1]]
    return collection(
        feature(WEST, square(0, 0)), feature(EAST, square(0.1, 0)), feature(NORTH, top)
    )
