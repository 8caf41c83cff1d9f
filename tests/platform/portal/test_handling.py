"""Where the offices answer: who sees which reports, each step, and who looked at a contact."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hengyuan.platform.portal import services
from hengyuan.platform.portal.models import ContactView, Outcome, Report, ReportState
from hengyuan.platform.regions.models import Region
from hengyuan.platform.versioning import Stale
from tests.platform.portal.reports import CONTACT, CONTACT_NAME, filed, picture

SEES = {
    "province_head",
    "city_clerk",
    "county_head",
    "county_clerk",
    "county_inspector",
    "county_readonly",
}
SEES_CONTACT = {"county_head", "county_clerk"}


def of(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(name: str, report: Report, *more) -> str:
    return reverse(f"portal:{name}", args=[report.pk, *more])


def checked(cast, report: Report) -> Report:
    services.assign(cast.county_clerk, report.pk, report.version, cast.county_inspector)
    return services.record_check(
        cast.county_inspector, report.pk, report.version + 1, Outcome.CONFIRMED, "查证属实"
    )


class TestScope:
    def test_each_sees_the_reports_of_their_region(self, cast):
        here, there = (filed(Region.objects.get(pk=code)) for code in ("141024", "141023"))
        for name, person in cast.people().items():
            wanted = {here} if name in SEES else set()
            if name in {"province_head", "city_clerk"}:
                wanted = {here, there}
            if name == "neighbour_clerk":
                wanted = {there}
            assert set(Report.objects.visible_to(person)) == wanted, name

    def test_the_inbox_lists_no_other_county_s(self, cast, report):
        other = filed(Region.objects.get(pk="141023"), place="邻县某处")
        text = of(cast.county_clerk).get(reverse("portal:reports")).content.decode()
        assert report.shown_receipt in text
        assert other.shown_receipt not in text
        assert "邻县某处" not in text

    def test_another_county_cannot_touch_it(self, cast, report):
        neighbour = of(cast.neighbour_clerk)
        for name in ("report", "assign", "check", "answer", "close", "pass_on"):
            assert neighbour.get(page(name, report)).status_code == 404
        assert neighbour.post(page("contact", report)).status_code == 404
        assert (
            neighbour.post(page("close", report), {"version": 1, "answer": "x"}).status_code == 404
        )
        report.refresh_from_db()
        assert report.state == ReportState.RECEIVED


class TestContact:
    def test_nobody_reads_it_in_the_page_or_the_list(self, cast, report):
        for name in SEES:
            client = of(cast.people()[name])
            for address in (page("report", report), reverse("portal:reports")):
                text = client.get(address).content.decode()
                assert CONTACT not in text
                assert CONTACT_NAME not in text

    def test_head_and_clerk_are_shown_it_and_each_look_is_noted(self, cast, report):
        for name in sorted(SEES_CONTACT):
            answer = of(cast.people()[name]).post(page("contact", report))
            assert CONTACT in answer.content.decode()
            assert "no-store" in answer.headers["Cache-Control"]
        looks = ContactView.objects.filter(report=report).values_list("by__username", flat=True)
        assert sorted(looks) == sorted(SEES_CONTACT)
        text = of(cast.county_head).get(page("report", report)).content.decode()
        assert "County Clerk" in text.partition("查看记录")[2]

    def test_nobody_else_is_shown_it(self, cast, report):
        for name, person in cast.people().items():
            if name not in SEES_CONTACT:
                answer = of(person).post(page("contact", report))
                assert answer.status_code in (403, 404), name
                assert CONTACT not in answer.content.decode()
        assert not ContactView.objects.exists()

    def test_it_cannot_be_asked_for_by_a_link(self, cast, report):
        assert of(cast.county_head).get(page("contact", report)).status_code == 405
        assert not ContactView.objects.exists()

    def test_a_search_does_not_find_by_it(self, cast, report):
        found = of(cast.county_clerk).get(reverse("portal:reports"), {"search": CONTACT})
        assert report.shown_receipt not in found.content.decode()


class TestSteps:
    def test_from_the_inbox_to_the_answer(self, cast, report):
        clerk, inspector = of(cast.county_clerk), of(cast.county_inspector)
        done = clerk.post(
            page("assign", report), {"version": 1, "to": cast.county_inspector.pk}, follow=True
        )
        assert "该举报现为“核查中”状态。" in done.content.decode()
        inspector.post(
            page("check", report),
            {"version": 2, "outcome": "confirmed", "findings": "过磅记录缺失"},
        )
        clerk.post(page("answer", report), {"version": 3, "answer": "已责令整改。"})
        report.refresh_from_db()
        assert (report.state, report.answer) == (ReportState.ANSWERED, "已责令整改。")
        assert report.finished_by == cast.county_clerk
        assert all([report.assigned_at, report.checked_at, report.finished_at])
        writers = [version.history_user for version in report.history.order_by("history_id")]
        assert writers == [None, cast.county_clerk, cast.county_inspector, cast.county_clerk]

    @pytest.mark.parametrize(
        ("state", "possible"),
        [
            ("received", {"assign", "close", "pass_on"}),
            ("assigned", {"assign", "check", "close", "pass_on"}),
            ("checked", {"check", "answer"}),
            ("answered", set()),
            ("closed", set()),
        ],
    )
    def test_in_each_state_only_its_steps_are_offered_and_done(self, cast, report, state, possible):
        if state == "assigned":
            services.assign(cast.county_clerk, report.pk, 1, cast.county_inspector)
        if state in {"checked", "answered"}:
            checked(cast, report)
        if state == "answered":
            services.answer(cast.county_clerk, report.pk, 3, "已答复")
        if state == "closed":
            services.close(cast.county_clerk, report.pk, 1, "不属于职责")
        report.refresh_from_db()
        assert report.state == state
        clerk = of(cast.county_clerk)
        shown = clerk.get(page("report", report)).content.decode()
        for name in services.STEPS:
            assert (f'href="{page(name, report)}"' in shown) == (name in possible), name
            opened = clerk.get(page(name, report))
            assert opened.status_code == (200 if name in possible else 302), name
        version = report.version
        writes = {
            "assign": lambda: services.assign(
                cast.county_clerk, report.pk, version, cast.county_head
            ),
            "check": lambda: services.record_check(
                cast.county_clerk, report.pk, version, Outcome.PARTLY, "补充"
            ),
            "answer": lambda: services.answer(cast.county_clerk, report.pk, version, "答复"),
            "close": lambda: services.close(cast.county_clerk, report.pk, version, "原因"),
            "pass_on": lambda: services.pass_on(
                cast.county_clerk, report.pk, version, Region.objects.get(pk="141023"), "属邻县"
            ),
        }
        for name in set(services.STEPS) - possible:
            with pytest.raises(services.WrongState):
                writes[name]()

    def test_an_inspector_checks_what_was_given_to_them_and_no_more(self, cast, report):
        inspector = of(cast.county_inspector)
        services.assign(cast.county_clerk, report.pk, 1, cast.county_head)
        assert inspector.get(page("check", report)).status_code == 403
        services.assign(cast.county_clerk, report.pk, 2, cast.county_inspector)
        assert inspector.get(page("check", report)).status_code == 200
        for name in ("assign", "answer", "close", "pass_on"):
            assert inspector.get(page(name, report)).status_code == 403

    def test_a_report_is_given_to_people_of_its_county_alone(self, cast, report):
        for name in ("neighbour_clerk", "city_clerk", "county_readonly", "gatekeeper"):
            with pytest.raises(ValidationError):
                services.assign(cast.county_clerk, report.pk, 1, cast.people()[name])
        answer = of(cast.county_clerk).post(
            page("assign", report), {"version": 1, "to": cast.neighbour_clerk.pk}
        )
        assert answer.status_code == 422

    @pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
    def test_an_answer_has_words(self, cast, report, text):
        checked(cast, report)
        answer = of(cast.county_clerk).post(page("answer", report), {"version": 3, "answer": text})
        assert answer.status_code == 422
        report.refresh_from_db()
        assert report.state == ReportState.CHECKED

    def test_two_clerks_at_once_do_not_overwrite_each_other(self, cast, report):
        services.assign(cast.county_head, report.pk, 1, cast.county_inspector)
        with pytest.raises(Stale):
            services.close(cast.county_clerk, report.pk, 1, "不属于职责")
        answer = of(cast.county_clerk).post(
            page("close", report), {"version": 1, "answer": "不属于职责"}
        )
        assert answer.status_code == 422
        assert "不属于职责" in answer.content.decode(), "what was typed is kept"
        assert answer.context["form"]["version"].value() == "2"
        report.refresh_from_db()
        assert report.state == ReportState.ASSIGNED

    def test_a_report_for_another_county_is_passed_on_with_its_contact(self, cast, report):
        done = of(cast.county_clerk).post(
            page("pass_on", report), {"version": 1, "to": "141023", "reason": "地点在邻县"}
        )
        assert done.url == reverse("portal:reports")
        report.refresh_from_db()
        assert (report.region_id, report.state) == ("141023", ReportState.RECEIVED)
        assert not Report.objects.visible_to(cast.county_clerk).exists()
        assert CONTACT in of(cast.neighbour_clerk).post(page("contact", report)).content.decode()

    def test_it_is_not_passed_on_out_of_the_city_or_to_itself(self, cast, report):
        elsewhere = Region.objects.create(
            code="140105", name="测试区", level="county", parent_id="140100"
        )
        for code in ("141024", elsewhere.pk, "141000"):
            with pytest.raises(ValidationError):
                services.pass_on(
                    cast.county_clerk, report.pk, 1, Region.objects.get(pk=code), "原因"
                )


class TestPictures:
    def test_they_are_seen_by_who_sees_the_report_and_do_nothing(self, cast):
        from hengyuan.platform.portal.pictures import redraw

        report = filed(cast.unit.region, pictures=[redraw(picture())])
        address = page("picture", report, 1)
        answer = of(cast.county_readonly).get(address)
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.content.startswith(b"\xff\xd8")
        assert of(cast.county_readonly).get(page("picture", report, 2)).status_code == 404
        assert of(cast.neighbour_clerk).get(address).status_code == 404
        assert of(cast.unit_manager).get(address).status_code == 403
        assert Client().get(address).status_code == 302


class TestInbox:
    def found(self, person, **query) -> set[Report]:
        answer = of(person).get(reverse("portal:reports"), query)
        return {row.record for row in answer.context["table"].rows}

    def test_by_state_and_by_whose_it_is(self, cast):
        region = cast.unit.region
        new, given, done, late = (filed(region) for _ in range(4))
        services.assign(cast.county_clerk, given.pk, 1, cast.county_inspector)
        services.close(cast.county_clerk, done.pk, 1, "原因")
        Report.objects.filter(pk=late.pk).update(received_at=timezone.now() - timedelta(days=16))
        clerk = cast.county_clerk
        assert self.found(clerk) == {new, given, done, late}
        assert self.found(clerk, state="unfinished") == {new, given, late}
        assert self.found(clerk, state="overdue") == {late}
        assert self.found(clerk, state="closed") == {done}
        assert self.found(clerk, state="mine") == set()
        assert self.found(cast.county_inspector, state="mine") == {given}

    def test_by_receipt_number_place_and_plate(self, cast):
        region = cast.unit.region
        one, two = filed(region, place="甲路口"), filed(region, plate="晋L99999")
        clerk = cast.county_clerk
        assert self.found(clerk, search=one.shown_receipt.lower()) == {one}
        assert self.found(clerk, search="甲路口") == {one}
        assert self.found(clerk, search="99999") == {two}
        assert self.found(clerk, search="nothing like it") == set()


class TestDuties:
    def duties(self, person) -> dict[str, tuple[int, bool]]:
        from hengyuan.platform.portal.duties import duties

        return {
            duty.url.partition("state=")[2]: (duty.count, duty.is_mine)
            for duty in duties(person)
            if duty.count
        }

    def test_each_is_told_what_waits_for_them(self, cast):
        region = cast.unit.region
        _new, given, seen, late = (filed(region) for _ in range(4))
        filed(Region.objects.get(pk="141023"))
        services.assign(cast.county_clerk, given.pk, 1, cast.county_inspector)
        checked(cast, seen)
        Report.objects.filter(pk=late.pk).update(received_at=timezone.now() - timedelta(days=16))
        common = {"received": (2, True), "checked": (1, True), "overdue": (1, True)}
        assert self.duties(cast.county_clerk) == common
        watched = {"received": (2, False), "checked": (1, False), "overdue": (1, False)}
        assert self.duties(cast.county_inspector) == watched | {"mine": (1, True)}
        assert self.duties(cast.city_clerk)["received"] == (3, False)
        assert self.duties(cast.neighbour_clerk) == {"received": (1, True)}
        for name in ("department_clerk", "gatekeeper", "unit_manager", "outsider"):
            assert self.duties(cast.people()[name]) == {}

    def test_whoever_leaves_hands_their_reports_over(self, cast, report):
        services.assign(cast.county_clerk, report.pk, 1, cast.county_inspector)
        assert services.take_over(cast.county_head, cast.county_inspector, cast.county_clerk) == 1
        report.refresh_from_db()
        assert report.assigned_to == cast.county_clerk
        assert report.history.first().history_user == cast.county_head
