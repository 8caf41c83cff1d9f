"""Configuration, key and enrolment."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from hengyuan.terminal.config import Config, load_config
from hengyuan.terminal.config_errors import ConfigError
from hengyuan.terminal.directed.book import load_book, load_packs
from hengyuan.terminal.directed.trust import load_trust
from hengyuan.terminal.doctor.findings import Findings
from hengyuan.terminal.enrolment import KEY_FILE, Identity, NotEnrolled, load_identity
from hengyuan.terminal.setup.draft import draft_path
from hengyuan.terminal.words import installer_text as _


def configuration(path: Path, found: Findings) -> Config | None:
    """The configuration; None where it does not hold, which is said."""
    try:
        config = load_config(path)
    except ConfigError as error:
        for problem in error.problems:
            place = f"{problem.where}: " if problem.where else ""
            found.bad("config", f"{path.name}: {place}{problem.what}", problem.remedy)
        return None
    lanes = len(config.lanes)
    devices = sum(len(lane.devices) for lane in config.lanes)
    found.good(
        "config",
        _("configuration holds: {lanes} lanes, {devices} devices").format(
            lanes=lanes, devices=devices
        ),
    )
    if draft_path(path).exists():
        remedy = _("run `hengyuan terminal setup` and go on with it, or remove the .draft file")
        found.warn("config", _("a setup was begun and not finished"), remedy)
    if "password" in path.read_text("utf-8-sig") and _others_may_read(path):
        remedy = _("chmod 600 {path}").format(path=path)
        found.warn("config", _("the file holds passwords and others may read it"), remedy)
    if not config.people:
        remedy = _("enter people with `hengyuan terminal setup --only people`")
        found.warn("people", _("no people: overrides and weighing by hand are refused"), remedy)
    return config


def enrolment(config: Config, found: Findings) -> Identity | None:
    """Who the terminal is; None where it is nobody yet."""
    try:
        identity = load_identity(config.data_dir)
    except NotEnrolled as problem:
        remedy = _("hengyuan terminal enrol {path} --code …").format(path=config.path.name)
        found.bad("enrolment", str(problem), remedy)
        return None
    known = identity.enrolment
    found.good(
        "enrolment",
        _("enrolled: terminal {code}, {name}, {unit}").format(
            code=known.terminal, name=known.terminal_name, unit=known.unit_name or known.unit
        ),
    )
    key = config.data_dir / KEY_FILE
    if _others_may_read(key):
        remedy = _("chmod 600 {path}").format(path=key)
        found.bad("enrolment", _("others may read the terminal's key"), remedy)
    return identity


def directed(config: Config, identity: Identity, found: Findings) -> None:
    """What the county has set, and whether its orders can be known."""
    if not load_trust(config.data_dir, identity).key:
        remedy = _("hengyuan terminal trust CONFIG KEY, with the platform's public key")
        found.warn("directed", _("the platform's key is not known: its orders are refused"), remedy)
    book = load_book(config.data_dir)
    if book.state == "rolled_back":
        remedy = _("tell the county; the settings before are in force")
        found.warn(
            "directed",
            _("the county's last settings were taken back: {why}").format(why=book.why),
            remedy,
        )
    elif book.current is not None:
        state = _("on trial") if book.state == "trial" else _("in force")
        found.good(
            "directed",
            _("the county's settings, version {version}: {state}").format(
                version=book.current.version, state=state
            ),
        )
    for pack in load_packs(config.data_dir):
        found.good(
            "directed",
            _("limit table {version} from {day} on").format(
                version=pack.version, day=pack.effective_from
            ),
        )


def _others_may_read(path: Path) -> bool:
    if os.name != "posix":
        return False  # the mode says nothing there
    return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
