"""The platform: its address, whether it answers, and who this terminal is to it."""

from __future__ import annotations

import msgspec

from hengyuan.terminal.config_errors import explain
from hengyuan.terminal.config_tables import PlatformTable
from hengyuan.terminal.enrolment import (
    ENROLMENT_FILE,
    Applicant,
    EnrolmentFailed,
    NotEnrolled,
    enrol,
    load_identity,
)
from hengyuan.terminal.platform_check import PlatformReport, check_platform
from hengyuan.terminal.setup.context import Setup
from hengyuan.terminal.setup.dialogue import Dialogue, Option, SetupStopped
from hengyuan.terminal.words import installer_text as _

TRIES = 5


def platform_part(setup: Setup) -> None:
    """Ask for the address until a platform answers there, then enrol."""
    setup.dialogue.heading(_("Platform"))
    _address(setup)
    setup.raw.setdefault("data_dir", "data")
    folder = setup.dialogue.ask(
        "data_dir", _("Folder for key, records and pictures"), str(setup.raw["data_dir"])
    )
    setup.raw["data_dir"] = folder
    _enrol(setup)


def show_steps(dialogue: Dialogue, report: PlatformReport) -> None:
    """What was found on the way, with what to do."""
    for step in report.steps:
        if step.level == "good":
            dialogue.say(f"  ✓ {step.text}")
        else:
            dialogue.warn(f"  ✗ {step.text}; {step.remedy}" if step.remedy else f"  ✗ {step.text}")


def _address(setup: Setup) -> None:
    table = setup.raw.setdefault("platform", {})
    for _attempt in range(TRIES):
        url = setup.dialogue.ask(
            "platform.url", _("Address of the county's platform"), table.get("url")
        ).strip()
        if "://" not in url:
            url = f"https://{url}"
        candidate = {**table, "url": url.rstrip("/")}
        if not _holds(setup, candidate):
            continue
        report = check_platform(candidate["url"], candidate.get("ca_file"))
        show_steps(setup.dialogue, report)
        if not report.reachable and any(
            step.what == "tls" and step.level == "bad" for step in report.steps
        ):
            ca_file = setup.dialogue.ask(
                "platform.ca_file", _("The county's own certificates (PEM file; empty: none)"), ""
            )
            if ca_file:
                candidate["ca_file"] = ca_file
                report = check_platform(candidate["url"], ca_file)
                show_steps(setup.dialogue, report)
        question = _("It does not answer. Go on all the same, and enrol later?")
        if report.reachable or setup.dialogue.confirm("platform.go_on", question, default=False):
            table.update(candidate)
            return
    raise SetupStopped(_("no platform was reached; ask the county for its address"))


def _holds(setup: Setup, table: dict[str, object]) -> bool:
    try:
        msgspec.convert(table, PlatformTable)
    except msgspec.ValidationError as error:
        setup.dialogue.warn(str(explain(error, PlatformTable, "platform")))
        return False
    return True


def _enrol(setup: Setup) -> None:
    dialogue, folder = setup.dialogue, setup.data_dir
    if (folder / ENROLMENT_FILE).exists():
        try:
            known = load_identity(folder).enrolment
        except NotEnrolled as problem:
            raise SetupStopped(str(problem)) from None
        dialogue.say(
            _("enrolled already: terminal {code}, {name}, {unit}").format(
                code=known.terminal, name=known.terminal_name, unit=known.unit_name or known.unit
            )
        )
        return
    applicant = Applicant(folder, msgspec.convert(setup.raw["platform"], PlatformTable))
    suite = ""
    for _attempt in range(TRIES):
        code = dialogue.ask(
            "platform.code", _("One-time code from the county (empty: enrol later)"), ""
        ).strip()
        if not code:
            dialogue.warn(_("not enrolled: nothing is uploaded and `run` will not start"))
            return
        suite = suite or _suite(dialogue)
        try:
            enrolled = enrol(applicant, code, suite, setup.clock)
        except EnrolmentFailed as problem:
            dialogue.warn(_("not enrolled: {why}").format(why=f"{problem} ({problem.code})"))
            continue
        except NotEnrolled as problem:
            raise SetupStopped(str(problem)) from None
        dialogue.say(
            _("enrolled: terminal {code}, {name}, {unit}").format(
                code=enrolled.terminal,
                name=enrolled.terminal_name,
                unit=enrolled.unit_name or enrolled.unit,
            )
        )
        if abs(enrolled.clock_offset_ms) > 5_000:
            dialogue.warn(
                _("this clock is {offset} ms from the platform's: switch on NTP").format(
                    offset=enrolled.clock_offset_ms
                )
            )
        return
    raise SetupStopped(_("not enrolled; ask the county for a new code"))


def _suite(dialogue: Dialogue) -> str:
    options = [
        Option("SM2-SM3", _("SM2-SM3 (national algorithms)")),
        Option("Ed25519-SHA256", "Ed25519-SHA256"),
    ]
    return dialogue.choose("platform.suite", _("Signature"), options, "SM2-SM3")
