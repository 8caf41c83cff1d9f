"""Addresses that name nothing are not found; none of them is a fault of the platform."""

import pytest
from django.test import Client

from tests.platform import routes

pytestmark = pytest.mark.django_db


def test_a_null_character_in_an_address_is_not_found(cast, monkeypatch):
    monkeypatch.setitem(routes._SAMPLES, "str", "x%00")
    monkeypatch.setitem(routes._SAMPLES, "slug", "x%00")
    named = [address for address in routes.addresses() if "%00" in address]
    assert len(named) > 20
    client = Client()
    client.force_login(cast.county_clerk)
    answers = {address: client.get(address).status_code for address in named}
    assert {address: status for address, status in answers.items() if status != 404} == {}
