"""The colours of the style sheet are readable, and docs/look.md says by how much."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STYLES = ROOT / "src" / "hengyuan" / "platform" / "static" / "hengyuan"
THEMES = ("light", "dark")
TEXT, GRAPHICS = 4.5, 3.0
# drawn, not written
DRAWN = {("beside", "paper")}
STEPS = [
    (f"on-{'low' if step < 4 else 'high'}", f"{scale}-{step}")
    for scale in ("scale", "over")
    for step in range(1, 6)
]


def tokens() -> dict[str, dict[str, str]]:
    """The colours of each theme by their names."""
    found: dict[str, dict[str, str]] = {theme: {} for theme in THEMES}
    for name in ("app.css", "parts.css"):
        for theme, body in re.findall(
            r'\[data-bs-theme="(light|dark)"\]\s*\{([^}]*)\}', (STYLES / name).read_text()
        ):
            found[theme] |= dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6})\b", body))
    return found


def contrast(one: str, other: str) -> float:
    """By WCAG 2: from 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def documented() -> dict[tuple[str, str], tuple[float, float]]:
    rows = re.findall(
        r"\| `([a-z-]+)` / `([a-z-]+)` \| ([0-9.]+) \| ([0-9.]+) \|",
        (ROOT / "docs" / "look.md").read_text(),
    )
    return {(text, ground): (float(light), float(dark)) for text, ground, light, dark in rows}


def test_contrast_is_reckoned_as_the_guideline_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


def test_both_themes_have_the_same_colours():
    light, dark = (set(tokens()[theme]) for theme in THEMES)
    assert light == dark
    assert len(light) > 20


@pytest.mark.parametrize("theme", THEMES)
def test_text_can_be_read_on_what_is_under_it(theme):
    colours = tokens()[theme]
    pairs = [*documented(), *STEPS]
    assert len(pairs) > 20
    weak = {
        pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2)
        for pair in pairs
        if contrast(colours[pair[0]], colours[pair[1]]) < (GRAPHICS if pair in DRAWN else TEXT)
    }
    assert weak == {}


def test_the_document_gives_the_figures_of_the_style_sheet():
    known = tokens()
    reckoned = {
        pair: tuple(
            round(contrast(known[theme][pair[0]], known[theme][pair[1]]), 1) for theme in THEMES
        )
        for pair in documented()
    }
    assert documented() == reckoned


def test_red_is_for_what_is_over_the_limit():
    """No rule of a warning, an error, a deletion or a state takes the red."""
    rules = [
        (selector.strip(), body)
        for name in ("app.css", "parts.css")
        for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", (STYLES / name).read_text())
    ]
    red = [selector for selector, body in rules if "var(--over" in body]
    assert red
    assert [selector for selector in red if "over" not in selector] == []
