"""Template tags of the common look; built in, so no template needs to load them."""

from django import template

register = template.Library()
