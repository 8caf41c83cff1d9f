"""Message catalogues: every .po compiled to .mo, without the system's gettext."""

from pathlib import Path

import polib

SOURCE = Path(__file__).resolve().parent.parent / "src" / "hengyuan"


def catalogues() -> list[Path]:
    """Every .po file of the package."""
    return sorted(SOURCE.rglob("locale/*/LC_MESSAGES/*.po"))


def compile_catalogues() -> list[Path]:
    """Compile those that are newer than what was compiled from them; the .mo files written."""
    written = []
    for source in catalogues():
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        polib.pofile(str(source), encoding="utf-8").save_as_mofile(str(target))
        written.append(target)
    return written
