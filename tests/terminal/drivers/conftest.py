"""No example of a property test fails for being slow: the first one loads every driver."""

from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
