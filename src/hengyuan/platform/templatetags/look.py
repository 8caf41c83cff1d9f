"""Template tags of the common look; built in, so no template needs to load them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Model
from django.templatetags.static import static
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from hengyuan.platform.accounts.permissions import may as user_may

register = template.Library()

NOTHING = "—"


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """An icon of the sprite; it says nothing to a screen reader, the text beside it does."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        css,
        static("vendor/icons.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def may(context: template.Context, action: str) -> bool:
    """`{% may "units.edit" as editable %}`: whether the person may do it."""
    return user_may(context["request"].user, action)


@register.filter
def kg(value: int | None) -> str:
    """Whole kilograms, grouped: 49,000 kg; a dash for what is not known."""
    return NOTHING if value is None else f"{intcomma(value)} kg"


@register.filter
def moment(value: Any) -> str:
    """A point in time to the second, in the platform's time zone; a dash for none."""
    return NOTHING if value is None else date_format(localtime(value), "DATETIME_FORMAT")


@register.inclusion_tag("parts/fact.html")
def fact(record: Model, name: str, unit: str = "") -> dict[str, Any]:
    """A field of a record with its label, as it is read: choices by their names, dashes."""
    field: Any = record._meta.get_field(name)
    display = getattr(record, f"get_{name}_display", None)
    value = display() if display else getattr(record, name)
    return {"label": field.verbose_name, "value": _read(value), "unit": unit if value else ""}


def _read(value: Any) -> Any:
    if value is None or value == "" or value == []:
        return NOTHING
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, int):
        return intcomma(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if hasattr(value, "tzinfo"):
        return moment(value)
    if isinstance(value, list | tuple):
        return "、".join(str(part) for part in value)
    return value
