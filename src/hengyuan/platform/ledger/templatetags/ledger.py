"""Template tags of the ledger's own pages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone

from hengyuan.platform.ledger.words import LIKENESS
from hengyuan.platform.templatetags.look import fact

register = template.Library()


@register.simple_tag
def until_tone(until: date) -> str:
    """`warn` for a certificate that has ended or ends within the days of the setting."""
    last = timezone.localdate() + timedelta(days=settings.LEDGER_CERTIFICATE_DAYS)
    return "warn" if until <= last else ""


@register.filter
def likeness(name: str) -> Any:
    """Why two units look alike, in words."""
    return LIKENESS[name]


@register.simple_tag
def field_label(record: Any, name: str) -> Any:
    return fact(record, name)["label"]


@register.simple_tag
def field_value(record: Any, name: str) -> Any:
    return fact(record, name)["value"]
