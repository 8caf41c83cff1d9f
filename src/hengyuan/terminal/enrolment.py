"""Who this terminal is: a key made here that never leaves, and the county's answer to it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx
import msgspec

from hengyuan.record.chain import genesis
from hengyuan.record.suites import BadKey, PrivateKey, Suite, suite_named
from hengyuan.terminal.clock import Clock
from hengyuan.terminal.config_tables import PlatformTable
from hengyuan.terminal.store.evidence import sync_folder
from hengyuan.terminal.uplink.tls import tls_context
from hengyuan.terminal.words import installer_text as _

KEY_FILE = "terminal.key"
ENROLMENT_FILE = "enrolment.json"
PATH = "/api/terminals/v1/enrol"


class NotEnrolled(RuntimeError):
    """Key or enrolment is missing or cannot be used; the text says what to do."""


class EnrolmentFailed(RuntimeError):
    """The platform did not enrol this terminal; `code` is its word for why, if it gave one."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class _KeyFile(msgspec.Struct, frozen=True):
    suite: str
    secret: str


class Enrolment(msgspec.Struct, frozen=True):
    """What the platform answered, and when by this machine's clock. County is its region code."""

    terminal: str
    suite: str
    unit: str
    county: str
    platform_time: int
    terminal_name: str = ""
    unit_name: str = ""
    platform_key: str = ""
    """The platform's own key, by which its orders are known; empty from an older platform."""
    platform_suite: str = ""
    asked_ms: int = 0
    answered_ms: int = 0

    @property
    def clock_offset_ms(self) -> int:
        """This machine's clock minus the platform's at the time."""
        return (self.asked_ms + self.answered_ms) // 2 - self.platform_time


@dataclass(frozen=True, slots=True)
class Identity:
    """An enrolled terminal: what it signs with and who it is."""

    enrolment: Enrolment
    suite: Suite
    key: PrivateKey

    @property
    def terminal(self) -> str:
        """The terminal's code."""
        return self.enrolment.terminal

    @property
    def genesis(self) -> bytes:
        """digest(0) of its chain."""
        return genesis(self.suite, self.terminal, self.key.public_bytes())


class Enrolling(Protocol):
    """What an enrolment needs of a configuration: a whole one will do, half a one, too."""

    @property
    def data_dir(self) -> Path:
        """Where the key goes."""

    @property
    def platform(self) -> PlatformTable:
        """Whom to ask."""


@dataclass(frozen=True, slots=True)
class Applicant:
    """A terminal that is being set up: its devices are not known yet."""

    data_dir: Path
    platform: PlatformTable


def load_identity(data_dir: Path) -> Identity:
    """The enrolled identity; NotEnrolled if there is none."""
    try:
        enrolment = msgspec.json.decode((data_dir / ENROLMENT_FILE).read_bytes(), type=Enrolment)
    except FileNotFoundError:
        remedy = _("not enrolled yet; run `hengyuan terminal enrol` with the county's code")
        raise NotEnrolled(f"{data_dir}: {remedy}") from None
    except (OSError, msgspec.MsgspecError) as error:
        raise NotEnrolled(f"{data_dir / ENROLMENT_FILE}: {error}") from None
    suite, key = _load_key(data_dir / KEY_FILE)
    if suite.name != enrolment.suite:
        why = _("the key is of {key}, enrolled was {enrolled}")
        why = why.format(key=suite.name, enrolled=enrolment.suite)
        raise NotEnrolled(f"{data_dir}: {why}")
    return Identity(enrolment, suite, key)


def enrol(
    config: Enrolling,
    code: str,
    suite_name: str,
    clock: Clock,
    client: httpx.Client | None = None,
) -> Enrolment:
    """Make the key if there is none, show its public half to the county, keep the answer.

    A lost answer is no harm: the same code with the same key is answered again. Raises
    EnrolmentFailed, also for a terminal that is enrolled already.
    """
    if (config.data_dir / ENROLMENT_FILE).exists():
        known = load_identity(config.data_dir).terminal
        why = _("enrolled already as {terminal}").format(terminal=known)
        raise EnrolmentFailed(f"{config.data_dir}: {why}", "enrolled")
    config.data_dir.mkdir(parents=True, exist_ok=True)
    suite, key = _key_for_enrolment(config.data_dir / KEY_FILE, suite_name)
    asked = {"code": code.strip(), "suite": suite.name, "public_key": key.public_bytes().hex()}
    with client or httpx.Client(
        verify=tls_context(config.platform.ca_file), timeout=30, trust_env=False
    ) as session:
        asked_ms = clock.now_ms()
        try:
            answer = session.post(config.platform.url.rstrip("/") + PATH, json=asked)
        except httpx.HTTPError as error:
            raise EnrolmentFailed(f"{config.platform.url}: {error}", "no_answer") from error
        answered_ms = clock.now_ms()
    if answer.status_code != 200:
        raise _refusal(answer)
    try:
        enrolment = msgspec.convert(answer.json(), Enrolment)
    except (ValueError, msgspec.ValidationError) as error:
        why = _("what answers there is no platform: {error}").format(error=error)
        raise EnrolmentFailed(f"{config.platform.url}: {why}", "answer") from None
    enrolment = msgspec.structs.replace(enrolment, asked_ms=asked_ms, answered_ms=answered_ms)
    _write(config.data_dir / ENROLMENT_FILE, msgspec.json.encode(enrolment), 0o644)
    return enrolment


def _refusal(answer: httpx.Response) -> EnrolmentFailed:
    try:
        body = answer.json()
        return EnrolmentFailed(str(body["detail"]), str(body["error"]))
    except (ValueError, KeyError, TypeError):
        return EnrolmentFailed(f"HTTP {answer.status_code}", "answer")


def _key_for_enrolment(path: Path, suite_name: str) -> tuple[Suite, PrivateKey]:
    """The key that an earlier try has left, or a new one."""
    if path.exists():
        suite, key = _load_key(path)
        if suite.name == suite_name:
            return suite, key
        path.unlink()
    suite = suite_named(suite_name)
    key = suite.generate()
    _write(path, msgspec.json.encode(_KeyFile(suite.name, key.secret_bytes().hex())), 0o600)
    return suite, key


def _load_key(path: Path) -> tuple[Suite, PrivateKey]:
    try:
        stored = msgspec.json.decode(path.read_bytes(), type=_KeyFile)
        suite = suite_named(stored.suite)
        return suite, suite.load_private(bytes.fromhex(stored.secret))
    except (OSError, msgspec.MsgspecError, BadKey, KeyError, ValueError) as error:
        # the error's text may hold part of the file, and the file holds the secret
        why = _("no usable key ({error})").format(error=type(error).__name__)
        raise NotEnrolled(f"{path}: {why}") from None


def _write(path: Path, data: bytes, mode: int) -> None:
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    # the mode is there from the first byte on, not set afterwards
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    sync_folder(path.parent)
