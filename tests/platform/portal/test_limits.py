"""How often one address may ask, and how much it may send."""

import asyncio

import pytest
from django.test import RequestFactory
from django.urls import reverse

from hengyuan.platform.body_limit import BodyLimit
from hengyuan.platform.portal import views_filing, views_ticket
from hengyuan.platform.portal.models import Report
from hengyuan.platform.throttle import client_of
from tests.platform.portal.reports import report_fields


def told_to_wait(answer) -> bool:
    return (
        answer.status_code == 429
        and "访问过于频繁" in answer.content.decode()
        and int(answer.headers["Retry-After"]) > 0
    )


def test_reports_of_one_address_have_an_end(visitor, cast):
    most = views_filing.FILED_AN_HOUR
    for _ in range(most):
        assert visitor.post("/public/report/", report_fields()).status_code == 200
    assert told_to_wait(visitor.post("/public/report/", report_fields()))
    assert Report.objects.count() == most
    elsewhere = visitor.post("/public/report/", report_fields(), REMOTE_ADDR="203.0.113.9")
    assert elsewhere.status_code == 200


def test_tries_of_one_address_have_an_end_whatever_comes_of_them(visitor, cast):
    for _ in range(views_filing.TRIES_AN_HOUR):
        assert visitor.post("/public/report/", {}).status_code == 422
    assert told_to_wait(visitor.post("/public/report/", report_fields()))
    assert not Report.objects.exists()


def test_receipt_numbers_cannot_be_tried_out(visitor, report):
    for _ in range(views_filing.ASKED_A_MINUTE):
        visitor.post(reverse("portal:status"), {"receipt": "2345"})
    assert told_to_wait(visitor.post(reverse("portal:status"), {"receipt": report.receipt}))


def test_tickets_cannot_be_tried_out(visitor, cast):
    for number in range(views_ticket.ASKED_A_MINUTE):
        visitor.get(reverse("portal:ticket", args=[f"T-1-{number:08x}"]))
    assert told_to_wait(visitor.get(reverse("portal:ticket", args=["T-1-00000000"])))
    assert visitor.get(reverse("portal:home")).status_code == 200, "other pages go on"


def test_who_reads_a_lot_is_told_to_wait(visitor, cast):
    from hengyuan.platform.portal.public import public_page

    @public_page(indexed=True, per_minute=2)
    def some_page(request):
        from django.http import HttpResponse

        return HttpResponse("read")

    request = RequestFactory().get("/public/")
    from django.contrib.auth.models import AnonymousUser

    request.user, request.LANGUAGE_CODE = AnonymousUser(), "zh-hans"
    request.resolver_match = None
    assert [some_page(request).status_code for _ in range(4)] == [200, 200, 429, 429]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.1", "203.0.113.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.1", "203.0.113.1", True),
        ("", "", True),
        ("unix:", "unix:", True),
    ],
)
def test_one_customer_of_a_provider_is_one_client(one, other, same):
    def client(address: str) -> str:
        return client_of(RequestFactory().get("/", REMOTE_ADDR=address))

    assert (client(one) == client(other)) == same


class TestBodies:
    """The ceiling in front of the framework, which would store any body before looking at it."""

    def ask(self, chunks: list[bytes], headers=(), limit: int = 100):
        """What the application got, and what was answered."""
        got: list[bytes] = []
        sent: list[dict] = []
        waiting = list(chunks)

        async def receive():
            body = waiting.pop(0)
            return {"type": "http.request", "body": body, "more_body": bool(waiting)}

        async def send(message):
            sent.append(message)

        async def app(scope, receive, send):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                got.append(message["body"])
                if not message["more_body"]:
                    break
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"ok"})

        scope = {"type": "http", "headers": list(headers)}
        asyncio.run(BodyLimit(app, limit)(scope, receive, send))
        return b"".join(got), sent[0]["status"]

    def test_what_is_within_the_limit_goes_through(self):
        assert self.ask([b"x" * 60, b"y" * 40]) == (b"x" * 60 + b"y" * 40, 200)

    def test_what_says_that_it_is_too_large_is_refused_unread(self):
        assert self.ask([b"x"], [(b"content-length", b"101")]) == (b"", 413)
        assert self.ask([b"x"], [(b"content-length", b"9" * 40)]) == (b"", 413)

    def test_what_does_not_say_is_cut_off_when_it_becomes_too_large(self):
        assert self.ask([b"x" * 60, b"y" * 60, b"z"]) == (b"x" * 60, 413)

    def test_a_wrong_length_helps_nobody(self):
        assert self.ask([b"x" * 200], [(b"content-length", b"3")])[1] == 413
        assert self.ask([b"x" * 9], [(b"content-length", b"-5")]) == (b"x" * 9, 200)

    def test_the_platform_stands_behind_it(self):
        from hengyuan.platform.asgi import application
        from hengyuan.platform.body_limit import MAX_BODY_BYTES
        from hengyuan.platform.portal.pictures import MAX_BYTES, MAX_PICTURES

        sent = []

        async def send(message):
            sent.append(message)

        async def receive():
            raise AssertionError("not even asked for")

        scope = {
            "type": "http",
            "path": "/public/report/",
            "method": "POST",
            "headers": [(b"content-length", b"%d" % (MAX_BODY_BYTES + 1))],
        }
        asyncio.run(application(scope, receive, send))
        assert sent[0]["status"] == 413
        assert MAX_BODY_BYTES > MAX_PICTURES * MAX_BYTES
