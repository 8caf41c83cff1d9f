"""Template tags of the parts that pages are made of; built in, so no template needs to load them.

Each has its place on the design page, where it is seen with every state that it can have.
"""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from hengyuan.platform.charts import Chart, Sparkline
from hengyuan.platform.county_map import CountyMap
from hengyuan.platform.weighing import words

register = template.Library()

_PLATE = re.compile(r"^([\u4e00-\u9fff][A-Z])([A-Z0-9\u4e00-\u9fff]{4,6})$")
TONES = frozenset({"good", "warn", "wait", "off"})


@register.filter
def plate_text(text: str | None) -> str:
    """A plate as it stands on the truck, with the dot: 晋L·12345. What is no plate stays."""
    return _PLATE.sub("\\1·\\2", text or "")


@register.simple_tag
def plate(text: str | None, colour: str | None = None) -> SafeString:
    """A plate in its colours; the colour's name is read out and shown on pointing."""
    if not text:
        return format_html('<span class="plate plate-none">{}</span>', _("no plate"))
    name = colour or "unknown"
    front, dot, rest = plate_text(text).partition("·")
    return format_html(
        '<span class="plate plate-{}" title="{}">{}<span class="plate-dot">{}</span>{}</span>',
        name if name in words.PLATE_COLOURS else "unknown",
        words.PLATE_COLOURS.get(name, words.PLATE_COLOURS["unknown"]),
        front,
        dot,
        rest,
    )


@register.simple_tag
def verdict(name: str | None) -> SafeString:
    """The verdict in a word: only the one over the limit is red."""
    if name is None:
        return format_html('<span class="muted">{}</span>', pgettext("verdict", "not judged"))
    css = {"over": "verdict-over", "pass": "state state-good"}.get(name, "state state-wait")
    return format_html('<span class="{}">{}</span>', css, words.VERDICTS[name])


@register.simple_tag
def state(tone: str, label: Any) -> SafeString:
    """A state: a dot and its word. `tone` is good, warn, wait or off."""
    if tone not in TONES:
        raise template.TemplateSyntaxError(f"a state is {', '.join(sorted(TONES))}, not {tone!r}")
    return format_html('<span class="state state-{}">{}</span>', tone, label)


@register.inclusion_tag("parts/chart.html")
def chart(drawn: Chart) -> dict[str, Any]:
    """A chart with its figures as a table."""
    return {"chart": drawn, "spec": drawn.spec()}


@register.inclusion_tag("parts/sparkline.html")
def sparkline(drawn: Sparkline) -> dict[str, Any]:
    """A course of values as small as a word."""
    return {"spark": drawn}


@register.inclusion_tag("parts/county_map.html")
def county_map(drawn: CountyMap) -> dict[str, Any]:
    """The counties with their figures: cartogram, or map with a switch to the cartogram."""
    return {"map": drawn}


@register.inclusion_tag("parts/tabs.html", takes_context=True)
def tabs(context: template.Context, label: Any, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Pages that belong together. Each entry: label, url, perhaps count; the open one is marked."""
    here = context["request"].path
    marked = [entry | {"is_here": entry.get("is_here", entry["url"] == here)} for entry in entries]
    return {"label": label, "entries": marked}
