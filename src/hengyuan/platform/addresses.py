"""Addresses that name nothing, whatever page they are for."""

from django.http import Http404, HttpRequest
from django.utils.deprecation import MiddlewareMixin


class NoNullCharacters(MiddlewareMixin):
    """404 where the path has a null character: no name has one, and PostgreSQL takes none."""

    def process_request(self, request: HttpRequest) -> None:
        if "\x00" in request.path:
            raise Http404(request.path)
