"""The city as the platform has it once entered: who is there, what waits, what history says."""

import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from unittest import mock

from django.db.models import Count
from django.test import TestCase

from hengyuan.platform.accounts.models import Department, Office, OfficeKind, Role, User
from hengyuan.platform.home import HOME_VARIABLE
from hengyuan.platform.ledger import queries as ledger
from hengyuan.platform.ledger.models import Gate, ImportSession, Lane, Scale, SourceUnit
from hengyuan.platform.portal.models import Report, ReportState
from hengyuan.platform.publication.models import Objection, PublicationList
from hengyuan.platform.terminals.models import Terminal
from hengyuan.world.city import EnteredCity, enter_city
from hengyuan.world.city.keys import FOLDER, load_key
from hengyuan.world.city.people import MAIN
from hengyuan.world.city.plan import units

PASSWORD = "trucks-on-the-scale"


def person(username: str) -> User:
    return User.objects.get(username=username)


class CityTests(TestCase):
    """It is entered once for all of these, which takes some seconds."""

    home: Path
    city: EnteredCity

    @classmethod
    def setUpTestData(cls) -> None:
        cls.home = Path(tempfile.mkdtemp(prefix="hengyuan-city-"))
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        cls.city = cls.enter(PASSWORD)

    @classmethod
    def enter(cls, password: str) -> EnteredCity:
        with mock.patch.dict(os.environ, {HOME_VARIABLE: str(cls.home)}):
            return enter_city(3, password, remote=4)

    def test_all_counties_have_units_with_gates_lanes_and_scales(self) -> None:
        by_county = SourceUnit.objects.values("region").annotate(units=Count("pk"))
        assert len(by_county) == 18
        assert SourceUnit.objects.count() == len(units()) >= 120
        assert Gate.objects.count() >= 120
        assert Lane.objects.count() >= 120
        assert Scale.objects.count() >= 120
        counts = ledger.certificate_figures(person("city-head"))
        assert counts["expired"] >= 3
        assert counts["soon"] >= 5

    def test_every_kind_of_office_role_and_department_is_there(self) -> None:
        people = User.objects.exclude(office=None).select_related("office")
        assert {user.role for user in people} == set(Role.values)
        assert {user.office.kind for user in people} == set(OfficeKind.values)
        assert set(Office.objects.values_list("department", flat=True)) - {""} == set(
            Department.values
        )
        counties = Office.objects.filter(kind=OfficeKind.COUNTY)
        assert counties.count() == 18
        assert all(office.people.filter(role=Role.HEAD).exists() for office in counties)

    def test_those_that_are_shown_can_log_in(self) -> None:
        assert [login.username for login in self.city.logins] == list(MAIN)
        for username in ("linfen", "gate1"):
            answer = self.client.post(
                "/account/login/", {"username": username, "password": PASSWORD}
            )
            assert answer.status_code == 302, username

    def test_the_history_says_who_entered_what(self) -> None:
        unit = SourceUnit.objects.filter(region="141082")[0]
        assert unit.history.get().history_user == person("huozhou")
        assert person("huozhou").history.get().history_user == person("huozhou-head")
        done = ImportSession.objects.filter(state="done").values_list("by__username", flat=True)
        assert len(done) == len(set(done)) == 18

    def test_lists_stand_in_every_state_of_their_way(self) -> None:
        states = Counter(PublicationList.objects.values_list("state", flat=True))
        assert states["final"] >= 1
        assert states["published"] >= 1
        assert states["in_review"] == 1
        assert states["draft"] >= 1
        assert all(found.attachments.exists() for found in PublicationList.objects.in_public())
        assert Objection.objects.filter(state="open").count() >= 1

    def test_something_waits_for_the_county(self) -> None:
        clerk = person("hongtong")
        assert len(ledger.suspected_duplicates(clerk)) == 1
        assert ImportSession.objects.filter(by=clerk, state="ready").count() == 1
        assert set(Report.objects.values_list("state", flat=True)) == set(ReportState.values)

    def test_terminals_are_enrolled_planned_and_suspended(self) -> None:
        states = Counter(Terminal.objects.values_list("state", flat=True))
        assert states == {"enrolled": 4, "planned": 3 + 2, "suspended": 1}
        assert all(terminal.enrolment_code for terminal in self.city.terminals)
        assert not any(terminal.enrolment_code for terminal in self.city.remote)
        assert all(load_key(self.home / FOLDER, terminal.code) for terminal in self.city.remote)

    def test_entering_it_again_changes_nothing_but_the_password(self) -> None:
        def counts() -> list[int]:
            models = (
                User,
                Office,
                SourceUnit,
                Scale,
                PublicationList,
                Report,
                Terminal,
                ImportSession,
            )
            return [model.objects.count() for model in models]

        before = counts()
        again = self.enter("other-trucks-on-it")
        assert counts() == before
        assert [terminal.code for terminal in again.remote] == [
            terminal.code for terminal in self.city.remote
        ]
        assert person("gate1").check_password("other-trucks-on-it")
        assert not person("linfen").check_password(PASSWORD)
