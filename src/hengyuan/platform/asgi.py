"""The ASGI application of the platform."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hengyuan.platform.settings")

application = get_asgi_application()
