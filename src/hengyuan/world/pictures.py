"""What the plate camera of the simulated gate takes: drawn JPEGs of the truck and its plate.

Three pictures of a passage, as a Hikvision camera sends them: the plate alone, the truck from the
front, the whole truck from the side on the deck. Drawn, not photographed, and it shows: nobody
can take them for evidence of a real truck.
"""

import io
import random
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFilter

from hengyuan.world.fonts import drawable, font
from hengyuan.world.trucks import Truck

WIDTH, HEIGHT = 1280, 720
PLATE_WIDTH, PLATE_HEIGHT = 440, 140
JPEG_QUALITY = 68

_CHINA = timezone(timedelta(hours=8))
_GROUND_Y = 560
_MARGIN = 70
_WHEEL_MM = 1_000
_Rgb = tuple[int, int, int]
_PLATE_COLOURS: dict[str, tuple[_Rgb, _Rgb]] = {
    "yellow": ((248, 188, 28), (20, 20, 20)),
    "blue": ((22, 66, 160), (255, 255, 255)),
}
_CAB_COLOURS = ((176, 42, 40), (36, 78, 140), (226, 226, 222), (40, 110, 76), (196, 132, 34))
_CARGO_COLOURS = {
    "0100": (44, 44, 46),
    "0300": (116, 72, 56),
    "0400": (120, 128, 138),
    "0500": (164, 148, 120),
    "0600": (176, 176, 172),
    "0800": (196, 190, 176),
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The pictures of one passage, JPEG."""

    plate: bytes
    head: bytes
    panorama: bytes


def photograph(truck: Truck, at: datetime, caption: str) -> Snapshot:
    """Take the pictures. `caption` and the time stand on the large ones, as cameras write them."""
    stamp = f"{at.astimezone(_CHINA):%Y-%m-%d %H:%M:%S}  {caption}"
    return Snapshot(
        plate=_jpeg(plate_picture(truck.plate, truck.plate_colour)),
        head=_jpeg(_head(truck, stamp)),
        panorama=_jpeg(_panorama(truck, stamp)),
    )


def picture_of_room(at: datetime, caption: str) -> bytes:
    """The weigh room, JPEG: a desk, a screen, nobody."""
    image = Image.new("RGB", (WIDTH, HEIGHT), (206, 202, 192))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 470, WIDTH, HEIGHT), fill=(128, 120, 108))
    draw.rectangle((760, 90, 1180, 330), fill=(164, 190, 206))
    draw.rectangle((200, 430, 900, 470), fill=(112, 82, 56))
    draw.rectangle((430, 230, 690, 400), fill=(34, 36, 40))
    draw.rectangle((444, 244, 676, 386), fill=(58, 92, 120))
    draw.rectangle((545, 400, 575, 430), fill=(34, 36, 40))
    _caption(draw, f"{at.astimezone(_CHINA):%Y-%m-%d %H:%M:%S}  {caption}")
    return _jpeg(image)


def plate_picture(plate: str, colour: str) -> Image.Image:
    """The plate alone, 440×140 as the real ones are in mm."""
    ground, ink = _PLATE_COLOURS.get(colour, _PLATE_COLOURS["yellow"])
    image = Image.new("RGB", (PLATE_WIDTH, PLATE_HEIGHT), ground)
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((4, 4, PLATE_WIDTH - 5, PLATE_HEIGHT - 5), 10, outline=ink, width=4)
    text = drawable(plate[:2] + "·" + plate[2:])
    size_px = 84
    while size_px > 20 and draw.textlength(text, font=font(size_px)) > PLATE_WIDTH - 36:
        size_px -= 4
    draw.text((PLATE_WIDTH / 2, PLATE_HEIGHT / 2), text, ink, font(size_px), anchor="mm")
    return image


def _head(truck: Truck, stamp: str) -> Image.Image:
    image = _scene().copy()
    draw = ImageDraw.Draw(image)
    left, right, top, floor = 400, 880, 130, 600
    draw.rectangle((left + 40, floor - 30, left + 130, floor + 40), fill=(24, 24, 26))
    draw.rectangle((right - 130, floor - 30, right - 40, floor + 40), fill=(24, 24, 26))
    draw.rounded_rectangle((left, top, right, floor), 26, fill=_cab_colour(truck))
    draw.rounded_rectangle((left + 34, top + 40, right - 34, top + 210), 16, fill=(52, 66, 78))
    draw.line((640, top + 40, 640, top + 210), fill=(30, 38, 46), width=5)
    draw.rectangle((left + 120, top + 240, right - 120, top + 330), fill=(40, 42, 46))
    for x in (left + 26, right - 96):
        draw.rounded_rectangle((x, floor - 110, x + 70, floor - 66), 8, fill=(246, 240, 206))
    draw.rectangle((left - 10, floor - 52, right + 10, floor), fill=(58, 60, 64))
    plate = plate_picture(truck.plate, truck.plate_colour).resize((220, 70))
    image.paste(plate, (640 - 110, floor - 62))
    _caption(draw, stamp)
    return image


def _panorama(truck: Truck, stamp: str) -> Image.Image:
    image = _scene().copy()
    draw = ImageDraw.Draw(image)
    wheels = wheel_positions(truck)
    radius = max(12, round(_WHEEL_MM / 2 * _scale(truck)))
    bed_y = _GROUND_Y - radius * 2 - 6
    cab_right = wheels[0] + radius * 3
    body_right = WIDTH - _MARGIN
    draw.rectangle((wheels[0] - radius, bed_y - 8, body_right, bed_y + 8), fill=(46, 48, 52))
    for left, right in _bodies(truck, wheels, cab_right, body_right):
        heap = [
            (left + 8, bed_y - 150),
            ((left + right) / 2, bed_y - 190),
            (right - 8, bed_y - 150),
        ]
        draw.polygon(heap, fill=_CARGO_COLOURS.get(truck.cargo, (120, 120, 120)))
        draw.rectangle((left, bed_y - 150, right, bed_y), fill=(92, 104, 112))
        for x in range(round(left) + 24, round(right) - 8, 48):
            draw.line((x, bed_y - 148, x, bed_y - 2), fill=(74, 84, 92), width=4)
    cab_left = max(10, wheels[0] - radius * 2)
    draw.rounded_rectangle((cab_left, bed_y - 210, cab_right, bed_y + 20), 14, _cab_colour(truck))
    draw.polygon(
        [
            (cab_left + 10, bed_y - 190),
            (cab_right - 30, bed_y - 190),
            (cab_right - 30, bed_y - 90),
            (cab_left + 4, bed_y - 90),
        ],
        fill=(52, 66, 78),
    )
    for wheel in wheels:
        draw.circle((wheel, _GROUND_Y - radius), radius, fill=(24, 24, 26))
        draw.circle((wheel, _GROUND_Y - radius), radius // 2, fill=(150, 152, 154))
    plate = plate_picture(truck.plate, truck.plate_colour).resize((176, 56))
    image.paste(plate, (round(cab_left), _GROUND_Y + 44))
    draw.text(
        (cab_left + 200, _GROUND_Y + 56),
        _words(f"{truck.axles}轴", f"{truck.axles} axles"),
        "white",
        font(30),
    )
    _caption(draw, stamp)
    return image


def wheel_positions(truck: Truck) -> list[float]:
    """Where the axles are drawn on the panorama, in pixels from the left, front axle first."""
    scale = _scale(truck)
    overhang_mm = (truck.length_mm - sum(truck.spacings_mm)) * 0.4
    x = _MARGIN + overhang_mm * scale
    positions = [x]
    for spacing_mm in truck.spacings_mm:
        x += spacing_mm * scale
        positions.append(x)
    return positions


def _scale(truck: Truck) -> float:
    """Pixels per mm."""
    return (WIDTH - 2 * _MARGIN) / max(truck.length_mm, sum(truck.spacings_mm) + 1_500)


def _bodies(
    truck: Truck, wheels: list[float], cab_right: float, body_right: float
) -> list[tuple[float, float]]:
    """Load bodies: one, or a second one where the widest gap shows a trailer behind a truck."""
    whole = [(cab_right + 12, body_right)]
    radius = (cab_right - wheels[0]) / 3
    if truck.vehicle.combination is not None or truck.axles < 3:
        return whole
    gap, before = max((after - before, before) for before, after in pairwise(wheels[1:]))
    split = before + radius * 1.4
    if gap < radius * 4 or split - cab_right < radius * 4:
        return whole
    return [(cab_right + 12, split), (split + radius, body_right)]


def _cab_colour(truck: Truck) -> tuple[int, int, int]:
    return _CAB_COLOURS[truck.number % len(_CAB_COLOURS)]


def _words(chinese: str, english: str) -> str:
    return chinese if drawable(chinese) == chinese else english


def _caption(draw: ImageDraw.ImageDraw, stamp: str) -> None:
    draw.rectangle((0, 0, WIDTH, 44), fill=(16, 18, 20))
    draw.text((16, 22), drawable(stamp), "white", font(26), anchor="lm")
    draw.text((WIDTH - 16, 22), _words("模拟画面", "SIMULATED"), "white", font(26), anchor="rm")


@cache
def _scene() -> Image.Image:
    """Yard, sky and deck; grain as a sensor has it. Drawn once."""
    chance = random.Random(1)
    image = Image.new("RGB", (WIDTH, HEIGHT), (176, 190, 202))
    draw = ImageDraw.Draw(image)
    for y in range(44, 380):
        shade = y // 12
        draw.line((0, y, WIDTH, y), fill=(160 + shade, 176 + shade, 192 + shade))
    draw.polygon([(0, 380), (260, 250), (520, 380)], fill=(120, 124, 112))
    draw.polygon([(380, 380), (760, 280), (1280, 330), (1280, 380)], fill=(132, 134, 122))
    draw.rectangle((0, 380, WIDTH, HEIGHT), fill=(118, 116, 110))
    draw.rectangle((20, _GROUND_Y, WIDTH - 20, _GROUND_Y + 34), fill=(88, 92, 96))
    draw.rectangle((20, _GROUND_Y, WIDTH - 20, _GROUND_Y + 5), fill=(226, 188, 40))
    grain = Image.frombytes("L", (WIDTH // 2, HEIGHT // 2), chance.randbytes(WIDTH * HEIGHT // 4))
    grain = grain.filter(ImageFilter.GaussianBlur(1)).resize((WIDTH, HEIGHT))
    return Image.blend(image, Image.merge("RGB", (grain, grain, grain)), 0.10)


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()
