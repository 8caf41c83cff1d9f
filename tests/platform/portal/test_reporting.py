"""Reporting an overload: what is asked, what is kept, what a program cannot do."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from hengyuan.platform.portal.models import (
    ContactView,
    Report,
    ReportContact,
    ReportPicture,
    ReportState,
)
from hengyuan.platform.portal.submissions import MAX_FILLING_S
from tests.platform.portal.reports import (
    CONTACT,
    CONTACT_NAME,
    filed,
    mark,
    picture,
    report_fields,
)
from tests.platform.portal.test_pictures import with_exif

FORM = "/public/report/"


def send(visitor, *pictures, **fields):
    files = [SimpleUploadedFile(f"{n}.jpg", data) for n, data in enumerate(pictures)]
    return visitor.post(FORM, report_fields(**fields) | ({"pictures": files} if files else {}))


def problems(answer) -> dict[str, list[str]]:
    return answer.context["form"].errors


@pytest.fixture
def counties(cast):
    return cast


def test_a_report_is_taken_in_and_gives_a_receipt_number(visitor, counties):
    answer = send(visitor)
    assert answer.status_code == 200
    report = Report.objects.get()
    assert report.shown_receipt in answer.content.decode()
    assert report.state == ReportState.RECEIVED
    assert report.region_id == "141024"
    assert report.plate == "晋L12345"
    assert report.happened_at.isoformat() == "2026-05-09T13:30:00+00:00"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_receipt_number_stands_in_no_address(visitor, counties):
    answer = send(visitor)
    assert answer.request["PATH_INFO"] == FORM
    assert not answer.has_header("Location")


def test_the_contact_is_kept_apart_and_in_no_history(visitor, counties):
    send(visitor)
    report = Report.objects.get()
    assert (report.contact.name, report.contact.reach) == (CONTACT_NAME, CONTACT)
    for version in report.history.all():
        kept = str({field.name: getattr(version, field.name) for field in version._meta.fields})
        assert CONTACT not in kept
        assert CONTACT_NAME not in kept
    assert CONTACT not in str(report.contact)
    assert not ContactView.objects.exists()


def test_nobody_has_to_say_who_they_are(visitor, counties):
    send(visitor, contact_name="", contact="", plate="")
    assert Report.objects.count() == 1
    assert not ReportContact.objects.exists()


def test_neither_address_nor_browser_of_the_person_is_kept(visitor, counties):
    visitor.post(
        FORM, report_fields(), REMOTE_ADDR="203.0.113.77", headers={"user-agent": "hengyuan-agent"}
    )
    from django.db import connection

    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("portal_"):
                cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text ~ %s',
                               ["203.0.113.77|hengyuan-agent"])  # fmt: skip
                assert cursor.fetchone() == (0,), table


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("topic", ""),
        ("topic", "murder"),
        ("region", ""),
        ("region", "141000"),
        ("region", "110101"),
        ("place", ""),
        ("place", "x" * 201),
        ("place", "   "),
        ("description", "short"),
        ("description", "x" * 2001),
        ("description", "nul\0nul nul nul"),
        ("happened_at", ""),
        ("happened_at", "yesterday"),
        ("happened_at", "2026-05-10T11:00"),
        ("happened_at", "2023-01-01T00:00"),
        ("plate", "x" * 17),
        ("contact", ""),
        ("contact", "x" * 61),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_stored(visitor, counties, field, value):
    answer = send(visitor, **{field: value})
    assert answer.status_code == 422
    assert set(problems(answer)) == {field}
    assert "尚未提交" in answer.content.decode()
    assert not Report.objects.exists()


def test_what_was_typed_is_still_there_after_an_error(visitor, counties):
    answer = send(visitor, description="short", place="某某路口")
    assert 'value="某某路口"' in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("晋L·12345", "晋L12345"), ("黄牌晋l1234挂", "晋L1234挂"), ("晋L12", "晋L12"), ("", "")],
)
def test_a_plate_is_kept_as_it_was_read_however_much_of_it(visitor, counties, typed, kept):
    send(visitor, plate=typed)
    assert Report.objects.get().plate == kept


class TestFromAUnit:
    def test_its_name_and_county_are_filled_in(self, visitor, county):
        county.published()
        page = visitor.get(FORM, {"unit": county.cast.unit.code})
        form = page.context["form"]
        assert form.initial["place"] == "测试甲煤矿"
        send(visitor, unit=county.cast.unit.code)
        assert Report.objects.get().unit == county.cast.unit

    @pytest.mark.parametrize("fields", [{"region": "141023"}, {"unit": "x" * 11}])
    def test_a_unit_that_does_not_fit_is_left_out(self, visitor, county, fields):
        county.published()
        send(visitor, **({"unit": county.cast.unit.code} | fields))
        assert Report.objects.get().unit is None

    def test_a_unit_that_is_not_published_is_left_out(self, visitor, county):
        county.submitted()
        send(visitor, unit=county.cast.unit.code)
        assert Report.objects.get().unit is None


class TestPrograms:
    def test_who_fills_in_the_field_that_nobody_sees_is_refused(self, visitor, counties):
        answer = send(visitor, website="https://spam.example")
        assert (answer.status_code, Report.objects.count()) == (422, 0)
        assert "留空" in answer.content.decode()

    @pytest.mark.parametrize("forged", ["", "x", mark(60)[:-3] + "abc", None])
    def test_a_form_without_our_mark_is_refused(self, visitor, counties, forged):
        answer = send(visitor, mark=forged)
        assert (answer.status_code, Report.objects.count()) == (422, 0)

    def test_a_form_that_is_sent_at_once_is_refused(self, visitor, counties):
        answer = send(visitor, mark=mark(0))
        assert (answer.status_code, Report.objects.count()) == (422, 0)

    def test_a_form_that_lay_open_too_long_can_be_sent_once_more(self, visitor, counties):
        from time_machine import travel

        answer = send(visitor, mark=mark(MAX_FILLING_S + 60))
        assert Report.objects.count() == 0
        renewed = answer.context["form"]["mark"].value()
        with travel("2026-05-10 10:01+08:00", tick=False):
            assert send(visitor, mark=renewed).status_code == 200
        assert Report.objects.count() == 1

    def test_without_the_page_s_token_nothing_is_taken(self, counties):
        from django.test import Client

        strict = Client(enforce_csrf_checks=True)
        assert strict.post(FORM, report_fields()).status_code == 403
        assert not Report.objects.exists()


def test_a_second_click_gives_the_same_receipt(visitor, counties):
    fields = report_fields()
    first, second = visitor.post(FORM, fields), visitor.post(FORM, fields)
    receipt = Report.objects.get().shown_receipt
    assert receipt in first.content.decode()
    assert receipt in second.content.decode()


class TestPictures:
    def test_they_are_stored_redrawn_and_without_place(self, visitor, counties):
        send(visitor, with_exif(), picture("PNG"))
        stored = list(ReportPicture.objects.all())
        assert [kept.number for kept in stored] == [1, 2]
        for kept in stored:
            content = bytes(kept.content)
            assert content.startswith(b"\xff\xd8")
            assert b"HengyuanTestPhone" not in content
            assert b"Exif" not in content

    @pytest.mark.parametrize(
        "pictures",
        [
            [picture()] * 4,
            [b"rubbish"],
            [b""],
            [picture(), b"%PDF-1.7"],
            [picture() + bytes(10 * 1024 * 1024)],
        ],
        ids=["four", "rubbish", "empty", "one of two", "too large"],
    )
    def test_what_cannot_be_taken_is_told_and_nothing_is_stored(self, visitor, counties, pictures):
        answer = send(visitor, *pictures)
        assert answer.status_code == 422
        assert set(problems(answer)) == {"pictures"}
        assert not Report.objects.exists()
        assert "图片需要重新选择。" in answer.content.decode()

    def test_the_name_of_a_file_is_shown_as_text(self, visitor, counties):
        file = SimpleUploadedFile("<img src=x onerror=alert(1)>.jpg", b"rubbish")
        answer = visitor.post(FORM, report_fields() | {"pictures": [file]})
        assert b"<img src=x" not in answer.content


class TestProgress:
    ASK = "/public/status/"

    def ask(self, visitor, receipt: str):
        return visitor.post(self.ASK, {"receipt": receipt})

    def test_a_receipt_number_tells_how_far_it_is(self, visitor, report):
        page = self.ask(visitor, report.shown_receipt.lower()).content.decode()
        assert "已收到" in page
        assert "应于 2026-05-25 前办结" in page

    def test_it_tells_nothing_of_persons_or_of_what_was_reported(self, visitor, cast):
        report = filed(cast.unit.region, unit=cast.unit)
        from hengyuan.platform.portal import services
        from hengyuan.platform.portal.models import Outcome

        services.assign(cast.county_clerk, report.pk, 1, cast.county_inspector)
        services.record_check(cast.county_inspector, report.pk, 2, Outcome.CONFIRMED, "内部核查")
        page = self.ask(visitor, report.receipt).content.decode()
        assert "已核查" in page
        secret = [CONTACT, CONTACT_NAME, report.plate, report.place, report.description]
        secret += [cast.unit.name, cast.county_inspector.display_name, "内部核查", "属实"]
        assert [word for word in secret if word in page] == []

    def test_the_answer_is_read_by_whoever_has_the_number(self, visitor, cast, report):
        from hengyuan.platform.portal import services
        from hengyuan.platform.portal.models import Outcome

        services.assign(cast.county_clerk, report.pk, 1, cast.county_inspector)
        services.record_check(cast.county_inspector, report.pk, 2, Outcome.CONFIRMED, "属实")
        services.answer(cast.county_clerk, report.pk, 3, "已责令整改。<b>谢谢</b>")
        page = self.ask(visitor, report.receipt).content.decode()
        assert "已责令整改。&lt;b&gt;谢谢&lt;/b&gt;" in page
        assert "已答复" in page

    def test_a_report_closed_without_a_check_says_why(self, visitor, cast, report):
        from hengyuan.platform.portal import services

        services.close(cast.county_clerk, report.pk, 1, "与治超职责无关")
        page = self.ask(visitor, report.receipt).content.decode()
        assert "与治超职责无关" in page
        assert "已核查" not in page

    def test_numbers_that_lead_nowhere_are_told_apart_by_their_form_alone(self, visitor, report):
        from hengyuan.platform.portal.receipts import new_receipt

        unknown = self.ask(visitor, new_receipt())
        assert problems(unknown) == {"receipt": ["没有查到该编号。"]}
        slip = report.receipt[:-1] + ("2" if report.receipt[-1] != "2" else "3")
        assert "逐位核对" in str(problems(self.ask(visitor, slip)))
        assert problems(self.ask(visitor, ""))

    def test_a_number_in_an_address_is_not_looked_at(self, visitor, report):
        page = visitor.get(self.ASK, {"receipt": report.receipt})
        assert page.context["progress"] is None
        assert report.shown_receipt not in page.content.decode()


def test_a_report_is_due_after_the_days_of_the_setting(report, settings):
    assert report.due_at - report.received_at == timedelta(days=15)
    settings.PORTAL_REPORT_DAYS = 7
    assert report.due_at - report.received_at == timedelta(days=7)
