"""Addresses of the platform: one line per app."""

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from hengyuan.platform import pages
from hengyuan.platform.accounts import views_audit
from hengyuan.platform.terminals import api as terminals_api

urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.home, name="home"),
    path("theme/", login_not_required(pages.theme), name="theme"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("account/", include("hengyuan.platform.accounts.urls")),
    path("offices/", include("hengyuan.platform.accounts.urls_offices")),
    path("townships/", include("hengyuan.platform.accounts.urls_townships")),
    path("people/", include("hengyuan.platform.accounts.urls_people")),
    path("audit/", include("hengyuan.platform.accounts.urls_audit")),
    path("permissions/", views_audit.permissions, name="permissions"),
    path("board/", include("hengyuan.platform.board.urls")),
    path("weighing/", include("hengyuan.platform.weighing.urls")),
    path("units/", include("hengyuan.platform.ledger.urls")),
    path("terminals/", include("hengyuan.platform.terminals.urls")),
    path("upkeep/", include("hengyuan.platform.upkeep.urls")),
    path("video/", include("hengyuan.platform.video.urls")),
    path("publication/", include("hengyuan.platform.publication.urls")),
    path("documents/", include("hengyuan.platform.documents.urls")),
    path("", include("hengyuan.platform.portal.urls")),
    path("history/", include("hengyuan.platform.history.urls")),
    path("operations/", include("hengyuan.platform.operations.urls")),
    path("design/", include("hengyuan.platform.design.urls")),
    path("api/terminals/v1/enrol", terminals_api.enrol, name="terminals-enrol"),
    path(
        "api/terminals/v1/software", terminals_api.newest_software, name="terminals-newest-software"
    ),
    path(
        "api/terminals/v1/software/<str:name>",
        terminals_api.software_file,
        name="terminals-software",
    ),
]

handler400 = "hengyuan.platform.errors.bad_request"
handler403 = "hengyuan.platform.errors.forbidden"
handler404 = "hengyuan.platform.errors.not_found"
handler500 = "hengyuan.platform.errors.server_error"
