"""Django settings of the platform: all of them from the environment, safe where it is silent.

HENGYUAN_HOME            directory of the platform (default ~/.local/share/hengyuan/platform)
HENGYUAN_DATABASE_URL    a PostgreSQL server, 14 or newer, in place of the embedded one; several
                         hosts with commas are a primary and its standbys (docs/outgrowing.md)
HENGYUAN_DATABASE_POOL   connections kept open by a serving process (default 0: none kept)
HENGYUAN_SECRET_KEY      signs sessions (default: made once, kept in the home)
HENGYUAN_ALLOWED_HOSTS   host names that are served, with commas (default: this machine only)
HENGYUAN_HTTPS           1 when people reach the platform by HTTPS: secure cookies, HSTS
HENGYUAN_FONTS           a folder with further fonts for printed documents (default: none)
HENGYUAN_REMIND_DAYS     remind of a scale's certificate so long before it ends (default 30)
HENGYUAN_GRADE_KEY_T     a unit that moves so many t a year is suggested as key (default 200000)
HENGYUAN_GRADE_NEXT_T    and from here on as next to key (default 100000)
HENGYUAN_ACCESS_LOG_DAYS how long logins, refusals and exports are kept (default 1095, least 180)
HENGYUAN_CLIP_DAYS       clips of the past that were asked for are kept so long (default 30)
HENGYUAN_PORTAL_REGION   code of the region whose office the public portal names (default: found)
HENGYUAN_REPORT_DAYS     a report from the public is to be answered within so long (default 15)
HENGYUAN_HISTORY_DIR     folder of the archived months (default: history in the home)
HENGYUAN_SEAL_DAYS       a month is sealed so many days after its end (default: by hand)
HENGYUAN_ARCHIVE_MONTHS  a sealed month goes to its file after so many months (default: by hand)
HENGYUAN_KEEP_MONTHS     months with their records are thrown away after so many (default: kept)
HENGYUAN_LOG             text or json (default: text on a screen, else json)
HENGYUAN_METRICS_TOKEN   who shows it may read /metrics; without one only this machine may
HENGYUAN_METRICS_TOKEN_FILE  the same from a file
HENGYUAN_DISK_FLOOR_MB   with less free space than this /readyz says no (default 2048)
HENGYUAN_DEBUG           1 shows errors in full; never where others can reach it
"""

import os
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.connections import django_settings
from hengyuan.platform.embedded import database_url
from hengyuan.platform.home import home_dir, secret_key
from hengyuan.platform.logs import logging_settings


def _flag(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in {"1", "true", "yes", "on"}


def _secret(name: str) -> str:
    """From the variable itself, or from the file that NAME_FILE names."""
    path = os.environ.get(f"{name}_FILE", "").strip()
    return Path(path).read_text().strip() if path else os.environ.get(name, "").strip()


def _number(name: str) -> int | None:
    """A whole number, or None where the variable is empty."""
    text = os.environ.get(name, "").strip()
    return int(text) if text else None


def _listed(name: str, default: list[str]) -> list[str]:
    return [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()] or default


def _database(url: str, pool_size: int) -> dict[str, Any]:
    database = django_settings(url)
    if pool_size:
        database["OPTIONS"]["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 10}
    return {"ENGINE": "django.db.backends.postgresql", **database, "CONN_HEALTH_CHECKS": True}


PLATFORM_DIR = Path(__file__).resolve().parent
HENGYUAN_HOME = home_dir()

DEBUG = _flag("HENGYUAN_DEBUG")
SECRET_KEY = os.environ.get("HENGYUAN_SECRET_KEY") or secret_key(HENGYUAN_HOME)
ALLOWED_HOSTS = _listed("HENGYUAN_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
HTTPS = _flag("HENGYUAN_HTTPS")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_tables2",
    "simple_history",
    # one app a room; see docs/ for what each of them holds
    "hengyuan.platform.regions",
    "hengyuan.platform.accounts",
    "hengyuan.platform.ledger",
    "hengyuan.platform.terminals",
    "hengyuan.platform.upkeep",
    "hengyuan.platform.video",
    "hengyuan.platform.weighing",
    "hengyuan.platform.intake",
    "hengyuan.platform.history",
    "hengyuan.platform.documents",
    "hengyuan.platform.publication",
    "hengyuan.platform.portal",
    "hengyuan.platform.design",
    "hengyuan.platform.board",
    "hengyuan.platform.operations",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "hengyuan.platform.assets.StaticFiles",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "hengyuan.platform.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "hengyuan.platform.addresses.NoNullCharacters",
    "hengyuan.platform.accounts.middleware.PasswordChangeRequired",
    "hengyuan.platform.accounts.middleware.SessionSeen",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
if _flag("HENGYUAN_SERVER_TIMING"):
    MIDDLEWARE.insert(0, "hengyuan.platform.timing.ServerTiming")

ROOT_URLCONF = "hengyuan.platform.urls"
ASGI_APPLICATION = "hengyuan.platform.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PLATFORM_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "hengyuan.platform.navigation.navigation",
            ],
            "builtins": [
                "hengyuan.platform.templatetags.look",
                "hengyuan.platform.templatetags.parts",
            ],
            "libraries": {"look": "hengyuan.platform.templatetags.look"},
        },
    },
]

FORM_RENDERER = "hengyuan.platform.look.LookRenderer"

DATABASES = {
    "default": _database(database_url(), int(os.environ.get("HENGYUAN_DATABASE_POOL") or 0))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# who comes in

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "hengyuan.platform.accounts.passwords.MinimumLength",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "accounts:login"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "hengyuan.platform.accounts.views.locked_out"
AXES_RESET_ON_SUCCESS = True
# trying on does not prolong the lock: the page says until when it lasts
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# the access log of accounts keeps what axes would keep a second time
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
OTP_TOTP_ISSUER = "衡源"
ACCOUNTS_ACCESS_LOG_DAYS = int(os.environ.get("HENGYUAN_ACCESS_LOG_DAYS") or 1095)

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "hengyuan_session"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "hengyuan.platform.errors.csrf_failure"

# what a browser may do with our pages

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # the arrows and ticks inside the style sheet
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# language and time

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "hengyuan_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS
LOCALE_PATHS = [PLATFORM_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = ["hengyuan.platform.formats"]

# files

STATIC_URL = "/static/"
STATICFILES_DIRS = [PLATFORM_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "hengyuan.platform.assets.VersionedStaticFiles"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 3600
MEDIA_ROOT = HENGYUAN_HOME / "files"
HENGYUAN_FONTS = os.environ.get("HENGYUAN_FONTS", "")

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        # counters of the public pages: one for each address and page
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    }
}

DJANGO_TABLES2_TEMPLATE = "tables/table.html"
DJANGO_TABLES2_PAGE_RANGE = 7

LOGGING = logging_settings()

# the ledger

LEDGER_CERTIFICATE_DAYS = int(os.environ.get("HENGYUAN_REMIND_DAYS") or 30)
LEDGER_KEY_FROM_T = int(os.environ.get("HENGYUAN_GRADE_KEY_T") or 200_000)
LEDGER_NEXT_FROM_T = int(os.environ.get("HENGYUAN_GRADE_NEXT_T") or 100_000)

# pictures of gates

VIDEO_CLIP_DAYS = max(1, int(os.environ.get("HENGYUAN_CLIP_DAYS") or 30))

# operations

OPERATIONS_METRICS_TOKEN = _secret("HENGYUAN_METRICS_TOKEN")
OPERATIONS_DISK_FLOOR_MB = int(os.environ.get("HENGYUAN_DISK_FLOOR_MB") or 2048)

# months that are closed; None where people decide

HISTORY_FOLDER = Path(
    os.environ.get("HENGYUAN_HISTORY_DIR") or HENGYUAN_HOME / "history"
).expanduser()
HISTORY_SEAL_DAYS = _number("HENGYUAN_SEAL_DAYS")
HISTORY_ARCHIVE_MONTHS = _number("HENGYUAN_ARCHIVE_MONTHS")
HISTORY_KEEP_MONTHS = _number("HENGYUAN_KEEP_MONTHS")

# the public portal

PORTAL_REGION = os.environ.get("HENGYUAN_PORTAL_REGION", "").strip()
PORTAL_REPORT_DAYS = int(os.environ.get("HENGYUAN_REPORT_DAYS") or 15)
