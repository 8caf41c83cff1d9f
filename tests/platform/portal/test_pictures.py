"""Pictures from strangers: pixels are kept, everything else is left behind."""

import io
import random
import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from hengyuan.platform.portal.pictures import MAX_BYTES, UnusablePicture, redraw
from tests.platform.portal.reports import picture

GPS, ORIENTATION, MAKE, MAKER_NOTE = 0x8825, 0x0112, 0x010F, 0x927C


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def with_exif(**more) -> bytes:
    exif = Image.Exif()
    exif[MAKE] = "HengyuanTestPhone"
    exif[GPS] = {1: "N", 2: (36.0, 15.0, 12.0), 3: "E", 4: (111.0, 40.0, 20.0)}
    exif.update(more.pop("tags", {}))
    return picture(exif=exif, **more)


def test_place_and_device_are_taken_out():
    sent = with_exif(comment=b"taken by somebody")
    assert b"HengyuanTestPhone" in sent, "the test has something to find"
    assert opened(sent).getexif().get_ifd(GPS)
    made = redraw(sent).content
    assert b"HengyuanTestPhone" not in made
    assert b"taken by somebody" not in made
    assert b"Exif" not in made
    assert not opened(made).getexif()
    assert set(opened(made).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_texts_and_profiles_of_a_png_are_taken_out():
    notes = PngInfo()
    notes.add_text("Author", "hengyuan-somebody")
    notes.add_itxt("GPS", "36.25,111.67")
    sent = picture("PNG", pnginfo=notes, icc_profile=b"hengyuan profile" * 10)
    made = redraw(sent)
    for hidden in (b"hengyuan", b"36.25"):
        assert hidden not in made.content
    assert opened(made.content).format == "JPEG"


def test_a_telephone_held_upright_gives_an_upright_picture():
    made = redraw(with_exif(size=(400, 300), tags={ORIENTATION: 6}))
    assert (made.width, made.height) == (300, 400)
    assert opened(made.content).size == (300, 400)


def test_a_large_picture_is_made_smaller_and_a_small_one_kept():
    assert (redraw(picture(size=(6000, 4000))).width, redraw(picture(size=(60, 40))).width) == (
        1920,
        60,
    )


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "I;16", "CMYK"])
def test_pictures_of_every_kind_become_plain_ones(mode):
    made = io.BytesIO()
    form = "JPEG" if mode == "CMYK" else "PNG"
    Image.new(mode, (64, 48)).save(made, form)
    image = opened(redraw(made.getvalue()).content)
    assert (image.mode, image.size) == ("RGB", (64, 48))


def test_a_picture_that_is_also_something_else_is_a_picture_only():
    page = b"<script>alert(1)</script>"
    archive = b"PK\x03\x04 hengyuan archive PK\x05\x06"
    made = redraw(picture() + page + archive).content
    assert page not in made
    assert b"PK\x03\x04" not in made
    assert redraw(made).content[-2:] == b"\xff\xd9"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        b"GIF89a" + bytes(60),
        b"%PDF-1.7\n" + picture(),
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"<html>" + picture(),
        picture("GIF"),
        picture("WEBP"),
        picture("TIFF"),
        picture("BMP"),
        picture()[:200],
        picture()[: len(picture()) // 2],
        picture("PNG")[:60],
        picture("PNG")[:40] + bytes(200),
        picture(size=(15, 400)),
    ],
    ids=range(15),
)
def test_rubbish_is_refused_with_a_reason(content):
    with pytest.raises(UnusablePicture) as refused:
        redraw(content)
    assert str(refused.value)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png_of_zeros(width: int, height: int) -> bytes:
    """A few kilobytes that unpack to width x height pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(9)
    line = bytes(1 + 3 * width)
    body = b"".join(packer.compress(line) for _ in range(min(height, 2_000))) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", body)
        + _chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [6_000, 20_000, 60_000])
def test_a_small_file_that_unpacks_into_a_huge_picture_is_refused(side):
    bomb = _png_of_zeros(side, side)
    assert len(bomb) < MAX_BYTES
    with pytest.raises(UnusablePicture):
        redraw(bomb)


def test_a_file_that_is_too_large_is_not_even_looked_at():
    with pytest.raises(UnusablePicture, match="10 MB"):
        redraw(picture() + bytes(MAX_BYTES))


def test_no_damage_ends_in_anything_but_a_picture_or_a_refusal():
    chance = random.Random(20261123)
    for form in ("JPEG", "PNG"):
        sound = picture(form, size=(90, 70))
        for _ in range(400):
            spoilt = bytearray(sound)
            for _ in range(chance.randrange(1, 8)):
                spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
            cut = chance.randrange(len(spoilt) // 2, len(spoilt) + 1)
            try:
                made = redraw(bytes(spoilt[:cut]))
            except UnusablePicture:
                continue
            assert opened(made.content).format == "JPEG"
