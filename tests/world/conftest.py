"""The world's tests that need a platform's database use the platform tests' own fixtures."""

from tests.platform.conftest import committed_intake, enrolled

__all__ = ["committed_intake", "enrolled"]
