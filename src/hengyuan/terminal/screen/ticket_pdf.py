"""A ticket as PDF, set by Typst in a process of its own: what that takes of memory ends with it.

Run as `python -m hengyuan.terminal.screen.ticket_pdf` it reads JSON and writes a PDF.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hengyuan.terminal.screen.tickets import Paper, Ticket

_LAYOUT = Path(__file__).parent / "typst" / "ticket.typ"
_NO_FONT = 3
_PATIENCE_S = 60
FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Noto Sans SC",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Noto Serif CJK SC",
    "SimSun",
)
"""In order of preference; Windows has 微软雅黑."""


class NoChineseFont(RuntimeError):
    """No font with Chinese characters is installed."""


class NotSet(RuntimeError):
    """The PDF could not be made; the text says why."""


async def ticket_pdf(ticket: Ticket, paper: Paper) -> bytes:
    """The ticket as PDF. Raises NoChineseFont or NotSet."""
    data = asdict(ticket) | {"paper": paper, "qr": qr_svg(ticket.address)}
    return await asyncio.to_thread(_run, json.dumps(data, ensure_ascii=False).encode())


def qr_svg(address: str) -> str:
    """The QR code as a drawing."""
    # loaded with the first ticket
    import segno

    return segno.make(address, error="m", micro=False).svg_inline(border=2, omitsize=True)


def _run(data: bytes) -> bytes:
    command = [sys.executable, "-m", __name__]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_PATIENCE_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotSet(str(error)) from error
    if done.returncode == _NO_FONT:
        raise NoChineseFont
    if done.returncode:
        raise NotSet(done.stderr.decode(errors="replace")[-400:])
    return done.stdout


def set_pdf(data: dict[str, Any]) -> bytes:
    """Set the ticket in this process. Raises NoChineseFont."""
    import typst

    fonts = typst.Fonts(include_system_fonts=True, include_embedded_fonts=False)
    installed = frozenset(fonts.families())
    chosen = [family for family in FONTS if family in installed]
    if not chosen:
        raise NoChineseFont
    compiler = typst.Compiler(
        input=_LAYOUT,
        root=_LAYOUT.parent,
        font_paths=fonts,
        sys_inputs={"data": json.dumps(data | {"fonts": chosen}, ensure_ascii=False)},
    )
    made = compiler.compile(format="pdf")
    assert isinstance(made, bytes), "one document is one file"
    return made


def main() -> int:
    """Read a ticket from standard input, write its PDF to standard output."""
    try:
        pdf = set_pdf(json.loads(sys.stdin.buffer.read()))
    except NoChineseFont:
        return _NO_FONT
    sys.stdout.buffer.write(pdf)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
