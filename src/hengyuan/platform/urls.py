"""Addresses of the platform: one line per app."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []

handler400 = "hengyuan.platform.errors.bad_request"
handler403 = "hengyuan.platform.errors.forbidden"
handler404 = "hengyuan.platform.errors.not_found"
handler500 = "hengyuan.platform.errors.server_error"
