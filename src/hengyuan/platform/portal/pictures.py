"""Pictures from the open network: what they show is drawn anew, what came along is left behind.

A file may be a picture and something else as well, and a telephone writes into it where and when
it was taken and with which device. So nothing of the file is kept but its pixels.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 10 * 1024 * 1024
MAX_PICTURES = 3
# A PNG is unpacked whole, four bytes a pixel; a JPEG is reduced while it is read.
_MAX_PIXELS_PNG = 24_000_000
_MAX_PIXELS_JPEG = 89_000_000
_LONGEST_PX = 1920
_SHORTEST_PX = 16
_QUALITY = 82

# what a decoder raises for files that break off or contradict themselves
_DAMAGED: tuple[type[Exception], ...] = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    OverflowError,
    EOFError,
    TypeError,
    struct.error,
    zlib.error,
)


class UnusablePicture(Exception):
    """The file is not taken; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Redrawn:
    """A JPEG of our own making."""

    content: bytes
    width: int
    height: int


def redraw(content: bytes) -> Redrawn:
    """The picture in these bytes, upright, at most 1920 pixels long, without any metadata.

    Raises UnusablePicture for anything but a whole JPEG or PNG of a bearable size.
    """
    if len(content) > MAX_BYTES:
        raise UnusablePicture(
            _("The picture is larger than %s MB. Send a smaller one.") % (MAX_BYTES >> 20)
        )
    try:
        picture = _read(content)
    except Image.DecompressionBombError:
        raise UnusablePicture(_("The picture has too many pixels. Send a smaller one.")) from None
    except UnidentifiedImageError:
        raise UnusablePicture(_("This is no JPEG or PNG picture.")) from None
    except _DAMAGED:
        raise UnusablePicture(_("The picture is damaged and cannot be read.")) from None
    made = BytesIO()
    picture.save(made, "JPEG", quality=_QUALITY, optimize=True)
    return Redrawn(made.getvalue(), picture.width, picture.height)


def _read(content: bytes) -> Image.Image:
    with Image.open(BytesIO(content), formats=("JPEG", "PNG")) as opened:
        most = _MAX_PIXELS_PNG if opened.format == "PNG" else _MAX_PIXELS_JPEG
        if opened.width * opened.height > most:
            raise UnusablePicture(_("The picture has too many pixels. Send a smaller one."))
        if min(opened.size) < _SHORTEST_PX:
            raise UnusablePicture(_("The picture is too small to show anything."))
        opened.draft("RGB", (_LONGEST_PX, _LONGEST_PX))
        upright = ImageOps.exif_transpose(opened)
        upright.thumbnail((_LONGEST_PX, _LONGEST_PX))
        # on fresh paper: comments and profiles of the file would be written along otherwise
        clean = Image.new("RGB", upright.size, "white")
        if "A" in upright.getbands() or "transparency" in upright.info:
            clear = upright.convert("RGBA")
            clean.paste(clear, mask=clear)
        else:
            clean.paste(upright.convert("RGB"))
        return clean
