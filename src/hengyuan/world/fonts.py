"""A font that has Chinese characters, wherever this machine keeps it."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_KNOWN = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "C:/Windows/Fonts/msyhbd.ttc",
    "C:/Windows/Fonts/simhei.ttf",
)
# Both are on every plate that is worth reading; a font without them is no Chinese font.
_MUST_DIFFER = ("晋", "挂")
_LATIN = {"晋": "JIN", "挂": "TRL"}


@cache
def chinese_font_file() -> tuple[str, int] | None:
    """File and face index of a font with Chinese characters; None where there is none."""
    for path, index in (*_from_fontconfig(), *((path, 0) for path in _KNOWN)):
        if Path(path).is_file() and _has_chinese(path, index):
            return path, index
    return None


@cache
def font(size_px: int) -> Font:
    """The Chinese font in that size; where there is none, Pillow's own Latin one."""
    found = chinese_font_file()
    if found is None:
        return ImageFont.load_default(size_px)
    return ImageFont.truetype(found[0], size_px, index=found[1])


def drawable(text: str) -> str:
    """`text`, or what of it can be drawn without a Chinese font: 晋 becomes JIN."""
    if chinese_font_file() is not None:
        return text
    return "".join(sign if sign.isascii() else _LATIN.get(sign, "") for sign in text)


def _from_fontconfig() -> list[tuple[str, int]]:
    program = shutil.which("fc-match")
    if program is None:
        return []
    try:
        answer = subprocess.run(
            [program, "-f", "%{file}\n%{index}", "sans:bold:lang=zh-cn"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        ).stdout
        path, _, index = answer.partition("\n")
        # the high half of the index names a variable font's instance, not a face
        return [(path, int(index or 0) & 0xFFFF)]
    except (OSError, subprocess.SubprocessError, ValueError):
        return []


def _has_chinese(path: str, index: int) -> bool:
    try:
        face = ImageFont.truetype(path, 24, index=index)
    except OSError:
        return False
    first, second = (bytes(face.getmask(sign)) for sign in _MUST_DIFFER)
    return first != second
