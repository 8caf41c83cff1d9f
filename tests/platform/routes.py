"""Every address of the platform, from its router, with plausible arguments."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import get_converters

_SAMPLES = {"str": "x", "int": "1", "slug": "x", "path": "x", "uuid": "0" * 8 + "-" + "0000-" * 3}
_SAMPLES["uuid"] += "0" * 12


def addresses() -> Iterator[str]:
    """One address for each route; arguments are made up from their converters."""
    yield from _walk(get_resolver(), "/")


def _walk(resolver: URLResolver, prefix: str) -> Iterator[str]:
    names = {type(converter): name for name, converter in get_converters().items()}
    for entry in resolver.url_patterns:
        route = str(entry.pattern)
        for argument, converter in entry.pattern.converters.items():
            name = names[type(converter)]
            for written in (f"<{name}:{argument}>", f"<{argument}>"):
                route = route.replace(written, _SAMPLES[name])
        if isinstance(entry, URLResolver):
            yield from _walk(entry, prefix + route)
        elif isinstance(entry, URLPattern):
            yield prefix + route
