"""People whom the fixed cast lacks, and logging in as they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Cast

if TYPE_CHECKING:
    from django.test import Client

    from hengyuan.platform.accounts.models import Office, User


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """What a process keeps for a minute: sessions seen, refusals noted, tries counted."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def hire(cast: Cast) -> Callable[..., User]:
    """Somebody for an office, with the cast's password."""
    from hengyuan.platform.accounts.models import User

    def made(username: str, office: Office, role: str = "clerk") -> User:
        return User.objects.create_user(
            username=username,
            password=Cast.PASSWORD,
            display_name=username.replace("_", " ").title(),
            office=office,
            role=role,
        )

    return made


@pytest.fixture
def city_head(cast: Cast, hire: Callable[..., User]) -> User:
    return hire("city_head", cast.city_clerk.office, "head")


@pytest.fixture
def department_head(cast: Cast, hire: Callable[..., User]) -> User:
    return hire("department_head", cast.department_clerk.office, "head")


@pytest.fixture
def login() -> Callable[[User], Client]:
    """A browser of its own in which somebody is logged in."""
    from django.test import Client

    def logged_in(person: User) -> Client:
        client = Client(headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0"})
        client.force_login(person)
        return client

    return logged_in
