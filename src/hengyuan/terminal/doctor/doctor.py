"""All that a doctor looks at, in the order in which a fault would spread."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from hengyuan.record.refusal import Refusal
from hengyuan.terminal.clock import CheckedClock, SystemClock
from hengyuan.terminal.config import Config
from hengyuan.terminal.directed.effective import in_force
from hengyuan.terminal.doctor import identity, line_checks, machine, running, store_checks
from hengyuan.terminal.doctor.findings import Findings
from hengyuan.terminal.enrolment import Identity
from hengyuan.terminal.platform_check import check_platform
from hengyuan.terminal.uplink.client import NoAnswer, PlatformClient
from hengyuan.terminal.uplink.tls import tls_context
from hengyuan.terminal.words import installer_text as _


def examine(path: Path, *, devices: bool = True, whole_chain: bool = False) -> Findings:
    """Look at everything that can be looked at. Changes nothing, sends no record."""
    found = Findings()
    config = identity.configuration(path, found)
    if config is None:
        return found
    who = identity.enrolment(config, found)
    config = in_force(config)
    store_checks.disk(config, found)
    if who is not None:
        store_checks.store(config, who, found, whole_chain)
        identity.directed(config, who, found)
    _platform(config, who, found)
    works = store_checks.someone_works(config)
    if works:
        running.status(config, found)
    elif devices:
        line_checks.devices(config, found)
    machine.machine(config, found, works)
    return found


def _platform(config: Config, who: Identity | None, found: Findings) -> None:
    report = check_platform(config.platform.url, config.platform.ca_file)
    found.add(report.steps)
    if who is None or not report.reachable:
        return
    try:
        seq = asyncio.run(_watermark(config, who))
    except Refusal as refusal:
        found.bad(
            "uplink",
            _("the platform refuses this terminal: {why}").format(
                why=f"{refusal.code} {refusal.detail}".strip()
            ),
            _REMEDIES.get(refusal.code, _ask_county)(),
        )
    except NoAnswer as problem:
        found.bad("uplink", str(problem), _("see the platform's log, or ask the county"))
    else:
        found.good(
            "uplink", _("the platform knows this terminal and holds {seq} records").format(seq=seq)
        )


async def _watermark(config: Config, who: Identity) -> int:
    clock = SystemClock()
    checked = CheckedClock(clock, who.enrolment.clock_offset_ms)
    async with httpx.AsyncClient(
        base_url=config.platform.url.rstrip("/"),
        verify=tls_context(config.platform.ca_file),
        timeout=10,
        trust_env=False,
    ) as http:
        return (await PlatformClient(http, who, clock, checked).watermark()).seq


def _ask_county() -> str:
    return _("ask the county")


_REMEDIES = {
    "unknown_terminal": lambda: _("wrong platform, or never enrolled there: check [platform] url"),
    "bad_signature": lambda: _("another key is enrolled there: the PC was replaced or copied"),
    "suspended": lambda: _("the county has suspended this terminal: ask why"),
    "stale_request": lambda: _("the clock is far off: switch on NTP"),
}
