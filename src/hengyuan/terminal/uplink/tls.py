"""Whom the terminal trusts to be its platform."""

from __future__ import annotations

import ssl


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """The system's authorities, and the county's own where it has one. OSError for a bad file."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
