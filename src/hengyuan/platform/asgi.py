"""The ASGI application of the platform: what watches it, the terminals' lane, and Django behind."""

import os

from django.core.asgi import get_asgi_application

from hengyuan.platform.body_limit import BodyLimit
from hengyuan.platform.intake.lane import Lane
from hengyuan.platform.observing import Observed

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hengyuan.platform.settings")

# Django must be set up before the door's modules read its settings and models
_django = get_asgi_application()

from hengyuan.platform.operations.door import Door  # noqa: E402

lane = Lane(BodyLimit(_django))
application = Observed(Door(lane))
