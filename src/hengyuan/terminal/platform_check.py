"""Whether the platform can be reached from here, step by step, in words: for set-up and doctor."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

from hengyuan.terminal.uplink.tls import tls_context
from hengyuan.terminal.words import installer_text as _

Level = Literal["good", "warn", "bad"]
ENROL_PATH = "/api/terminals/v1/enrol"
ANSWER_S = 10.0
CERTIFICATE_DAYS = 21
CLOCK_WARN_S = 5.0
"""Further off than this, records are flagged."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at. `remedy` says what to do where it is not good."""

    what: str
    level: Level
    text: str
    remedy: str = ""


@dataclass(slots=True)
class PlatformReport:
    """What was found on the way to the platform."""

    steps: list[Step] = field(default_factory=list)
    offset_s: float | None = None
    """This machine's clock minus the platform's, to about a second; None where it did not say."""

    @property
    def reachable(self) -> bool:
        """Whether a platform answers there."""
        return all(step.level != "bad" for step in self.steps)

    def add(self, what: str, level: Level, text: str, remedy: str = "") -> None:
        """Note a step."""
        self.steps.append(Step(what, level, text, remedy))


def check_platform(url: str, ca_file: str | None = None) -> PlatformReport:
    """Name, port, certificate, answer and clock, as far as one gets. Never raises for the line."""
    report = PlatformReport()
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if parts.scheme not in ("http", "https") or not host:
        remedy = _("write it like https://platform.example")
        report.add("url", "bad", _("{url} is no address").format(url=url), remedy)
        return report
    if not _name(report, host, port) or not _port(report, host, port):
        return report
    if parts.scheme == "https":
        if not _certificate(report, host, port, ca_file):
            return report
    elif not _in_house(host):
        remedy = _("ask the county for an https address")
        report.add("tls", "warn", _("the line is not encrypted (http)"), remedy)
    _answer(report, url, ca_file)
    return report


def _name(report: PlatformReport, host: str, port: int) -> bool:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        remedy = _("check the spelling, and that this machine has a name server")
        report.add(
            "dns",
            "bad",
            _("{host}: name not found ({error})").format(host=host, error=error),
            remedy,
        )
        return False
    report.add("dns", "good", f"{host} → {found[0][4][0]}")
    return True


def _port(report: PlatformReport, host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), ANSWER_S).close()
    except OSError as error:
        remedy = _("check network, firewall and port; ask the county whether the platform runs")
        report.add(
            "connect",
            "bad",
            _("{host}:{port} does not answer ({error})").format(host=host, port=port, error=error),
            remedy,
        )
        return False
    report.add("connect", "good", _("{host}:{port} answers").format(host=host, port=port))
    return True


def _certificate(report: PlatformReport, host: str, port: int, ca_file: str | None) -> bool:
    try:
        context = tls_context(ca_file)
    except (OSError, ssl.SSLError) as error:
        remedy = _("give the county's certificate as a PEM file")
        report.add("tls", "bad", f"{ca_file}: {error}", remedy)
        return False
    try:
        with (
            socket.create_connection((host, port), ANSWER_S) as line,
            context.wrap_socket(line, server_hostname=host) as tls,
        ):
            ends = _not_after(tls.getpeercert() or {})
    except ssl.SSLCertVerificationError as error:
        remedy = _(
            "set [platform] ca_file to the county's own authority; "
            "a certificate that is not yet valid mostly means a wrong clock here"
        )
        report.add(
            "tls",
            "bad",
            _("the certificate is not trusted: {error}").format(error=error.verify_message),
            remedy,
        )
        return False
    except (OSError, ssl.SSLError) as error:
        remedy = _("ask the county which address and port speak https")
        report.add("tls", "bad", _("no encrypted line: {error}").format(error=error), remedy)
        return False
    if ends is not None and (ends - datetime.now(UTC)).days < CERTIFICATE_DAYS:
        remedy = _("tell the county")
        report.add(
            "tls", "warn", _("the certificate ends on {day}").format(day=ends.date()), remedy
        )
    else:
        report.add("tls", "good", _("the certificate is trusted"))
    return True


def _not_after(certificate: Any) -> datetime | None:
    with contextlib.suppress(KeyError, ValueError, TypeError):
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    return None


def _answer(report: PlatformReport, url: str, ca_file: str | None) -> None:
    asked_s = time.time()
    try:
        answer = httpx.get(
            url.rstrip("/") + ENROL_PATH,
            verify=tls_context(ca_file),
            timeout=ANSWER_S,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        remedy = _("something answers there that is no web server")
        report.add("http", "bad", f"{type(error).__name__}: {error}", remedy)
        return
    middle_s = (asked_s + time.time()) / 2
    # the path takes POST only: whoever knows it says so, anything else is no platform
    if answer.status_code != 405:
        remedy = _("check the address: scheme, host and port of the county's platform, no path")
        report.add(
            "http",
            "bad",
            _("what answers there is no platform (HTTP {status})").format(
                status=answer.status_code
            ),
            remedy,
        )
        return
    report.add("http", "good", _("the platform answers"))
    _clock(report, answer.headers.get("date", ""), middle_s)


def _clock(report: PlatformReport, date: str, middle_s: float) -> None:
    with contextlib.suppress(ValueError, TypeError):
        # the header counts whole seconds: the middle of that second is the best guess
        report.offset_s = middle_s - (parsedate_to_datetime(date).timestamp() + 0.5)
    if report.offset_s is None:
        return
    far = abs(report.offset_s) > CLOCK_WARN_S
    text = _("clock {offset:+.0f} s from the platform's").format(offset=report.offset_s)
    remedy = _("switch on time synchronisation (NTP) on this machine") if far else ""
    report.add("clock", "warn" if far else "good", text, remedy)


def _in_house(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
