"""The enrolment of a terminal over HTTP: the one call that it makes without a key known to us."""

import time
from http import HTTPStatus

import msgspec
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from hengyuan.platform import software
from hengyuan.platform.signing_key import signing_key
from hengyuan.platform.terminals import services
from hengyuan.platform.throttle import throttled

_BODY_MAX_BYTES = 4096
_STATUS = {
    services.UnknownCode: HTTPStatus.NOT_FOUND,
    services.ExpiredCode: HTTPStatus.GONE,
    services.UsedCode: HTTPStatus.CONFLICT,
    services.WrongTerminal: HTTPStatus.CONFLICT,
    services.UnknownSuite: HTTPStatus.UNPROCESSABLE_ENTITY,
    services.UnusableKey: HTTPStatus.UNPROCESSABLE_ENTITY,
}


class EnrolmentRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What a terminal sends. `terminal`, where given, must be the one the code was issued for."""

    code: str
    suite: str
    public_key: str
    terminal: str = ""


@csrf_exempt
@login_not_required
@require_POST
@throttled("enrol", limit=30, period_s=60)
def enrol(request: HttpRequest) -> JsonResponse:
    """POST /api/terminals/v1/enrol"""
    body = request.read(_BODY_MAX_BYTES + 1)
    if len(body) > _BODY_MAX_BYTES:
        return _refusal(
            "too_large", "the request is too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        )
    try:
        asked = msgspec.json.decode(body, type=EnrolmentRequest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _refusal("malformed", str(error), HTTPStatus.BAD_REQUEST)
    key = signing_key()  # first: without it the code must not be used up
    try:
        terminal = services.enrol(asked.code, asked.suite, asked.public_key, asked.terminal)
    except services.EnrolmentRefused as error:
        return _refusal(error.error, str(error), _STATUS[type(error)])
    return JsonResponse(
        {
            "terminal": terminal.code,
            "terminal_name": terminal.name,
            "suite": terminal.suite,
            "unit": terminal.unit.code,
            "unit_name": terminal.unit.name,
            "county": terminal.unit.region_id,
            "platform_key": key.public_hex,
            "platform_suite": key.suite.name,
            "platform_time": time.time_ns() // 1_000_000,
        }
    )


@login_not_required
@require_GET
@throttled("software", limit=30, period_s=60)
def newest_software(request: HttpRequest) -> JsonResponse:
    """GET /api/terminals/v1/software: name and signed order of the newest that is offered.

    Open to anybody: what is offered is public, and what makes it worth anything is its signature.
    """
    found = software.newest()
    if found is None:
        return _refusal("not_found", "no software is offered here", HTTPStatus.NOT_FOUND)
    sealed = msgspec.to_builtins(found.sealed)
    return JsonResponse({"file": found.file.name, "signed": sealed})


@login_not_required
@require_GET
@throttled("software", limit=30, period_s=60)
def software_file(request: HttpRequest, name: str) -> FileResponse | JsonResponse:
    """GET /api/terminals/v1/software/NAME"""
    found = software.named(name)
    if found is None:
        return _refusal("not_found", "no such file is offered here", HTTPStatus.NOT_FOUND)
    return FileResponse(found.open("rb"), content_type="application/octet-stream")


def _refusal(error: str, detail: str, status: HTTPStatus) -> JsonResponse:
    return JsonResponse({"error": error, "detail": detail}, status=status)
