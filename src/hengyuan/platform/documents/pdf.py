"""PDF of an official document, set by Typst with the fonts of this machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, time
from functools import lru_cache
from pathlib import Path

import typst
from django.conf import settings
from django.utils.translation import gettext as _

from hengyuan.platform.documents.composing import Composed, Heading

_LAYOUT = Path(__file__).parent / "typst" / "official.typ"
_DRAFT_MARK = "草稿"

# What the standard asks for first, then what stands in for it on machines without those fonts.
_SONG = ("Noto Serif CJK SC", "Source Han Serif SC", "Noto Serif SC", "SimSun", "Songti SC")
_SANS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Noto Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
)
_WANTED = {
    "body": ("FangSong_GB2312", "FangSong", "STFangsong", "FZFangSong-Z02", *_SONG, *_SANS),
    "title": ("FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05", "STZhongsong", *_SONG, *_SANS),
    "heading": ("SimHei", "STHeiti", *_SANS, *_SONG),
    "number": ("SimSun", "Songti SC", *_SONG, *_SANS),
}


class NoChineseFont(RuntimeError):
    """No font with Chinese characters is installed, so a PDF would be full of boxes."""


@lru_cache(maxsize=4)
def _installed(folder: str) -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=True,
        include_embedded_fonts=False,
        font_paths=[Path(folder)] if folder else [],
    )


def chosen_fonts(families: frozenset[str]) -> dict[str, list[str]]:
    """For each use the installed fonts in order of preference. Raises NoChineseFont."""
    chosen = {
        use: [family for family in wanted if family in families] for use, wanted in _WANTED.items()
    }
    if not all(chosen.values()):
        raise NoChineseFont(
            _(
                "No Chinese font is installed, so no PDF can be made. Install one (Debian: "
                "fonts-noto-cjk) or put font files into a folder and name it in HENGYUAN_FONTS."
            )
        )
    return chosen


def render_pdf(composed: Composed, heading: Heading, draft: bool = False) -> bytes:
    """The document as PDF; the same document always gives the same bytes. Raises NoChineseFont."""
    return _compiled(composed, heading, draft, "pdf")[0]


def render_pages(
    composed: Composed, heading: Heading, draft: bool = False, ppi: float = 72
) -> list[bytes]:
    """The pages as PNG pictures."""
    return _compiled(composed, heading, draft, "png", ppi)


def _compiled(
    composed: Composed, heading: Heading, draft: bool, form: str, ppi: float | None = None
) -> list[bytes]:
    fonts = _installed(settings.HENGYUAN_FONTS)
    data = asdict(composed) | {
        "fonts": chosen_fonts(frozenset(fonts.families())),
        "draft": draft,
        "draft_mark": _DRAFT_MARK,
    }
    compiler = typst.Compiler(
        input=_LAYOUT,
        root=_LAYOUT.parent,
        font_paths=fonts,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )
    noon = datetime.combine(heading.dated, time(12), UTC)
    made = compiler.compile(format=form, ppi=ppi, timestamp=noon)  # type: ignore[arg-type]
    return list(made) if isinstance(made, list) else [bytes(made or b"")]
