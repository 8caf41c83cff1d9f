"""Static files: addresses that change with the content, answers that suit an ASGI server."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware


class VersionedStaticFiles(StaticFilesStorage):
    """`/static/app.css?v=…`, the mark made from the file's size and time of change."""

    def url(self, name: str | None) -> str:
        plain = super().url(name)
        mark = _mark(name) if name else None
        return f"{plain}?v={mark}" if mark else plain


def _mark(name: str) -> str | None:
    return _read_mark(name) if settings.DEBUG else _kept_mark(name)


def _read_mark(name: str) -> str | None:
    found = finders.find(name)
    if not isinstance(found, str):
        return None
    status = Path(found).stat()
    return f"{status.st_mtime_ns ^ status.st_size:x}"[-10:]


_kept_mark = lru_cache(maxsize=1024)(_read_mark)


class StaticFiles(WhiteNoiseMiddleware):
    """Hands a file over whole: Django cannot stream from a plain file in an ASGI server."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        body = b""
        if found.file is not None:
            with found.file as file:
                body = file.read()
        answer = HttpResponse(body, status=int(found.status))
        del answer["content-type"]
        for name, value in found.headers:
            answer[name] = value
        if found.file is not None:
            # the file may have been replaced since the server started
            answer["Content-Length"] = str(len(body))
        return answer
