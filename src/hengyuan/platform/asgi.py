"""The ASGI application of the platform: the terminals' lane, and Django behind it."""

import os

from django.core.asgi import get_asgi_application

from hengyuan.platform.body_limit import BodyLimit
from hengyuan.platform.intake.lane import Lane

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hengyuan.platform.settings")

application = Lane(BodyLimit(get_asgi_application()))
