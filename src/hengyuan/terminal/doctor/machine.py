"""The machine: port of the screen, service, libraries, fonts."""

from __future__ import annotations

import importlib.util
import platform

import hengyuan
from hengyuan.terminal.config import Config
from hengyuan.terminal.doctor.findings import Findings
from hengyuan.terminal.screen.server import listen
from hengyuan.terminal.screen.ticket_pdf import FONTS
from hengyuan.terminal.service.systemd import service_state
from hengyuan.terminal.words import installer_text as _


def machine(config: Config, found: Findings, running: bool) -> None:
    """What the terminal needs beside itself."""
    found.good("software", f"hengyuan {hengyuan.__version__}, Python {platform.python_version()}, "
               f"{platform.system()} {platform.release()}")  # fmt: skip
    if not running:
        _port(config, found)
    _video(config, found)
    _fonts(found)
    _service(found)


def _port(config: Config, found: Findings) -> None:
    host, port = config.screen.host, config.screen.port
    try:
        listen(host, port).close()
    except OSError as error:
        remedy = _("another program has it: choose another [screen] port, in the cameras too")
        found.bad(
            "port",
            _("{host}:{port} cannot be listened on ({error})").format(
                host=host, port=port, error=error.strerror
            ),
            remedy,
        )
        return
    found.good("port", _("{host}:{port} is free").format(host=host, port=port))


def _video(config: Config, found: Findings) -> None:
    if not any(lane.table.videos for lane in config.lanes):
        return
    if importlib.util.find_spec("av") is None:
        remedy = _("pip install av")
        found.bad("video", _("video is configured and PyAV is not installed"), remedy)
    else:
        found.good("video", _("PyAV is installed"))


def _fonts(found: Findings) -> None:
    if importlib.util.find_spec("typst") is None:
        return
    import typst

    fonts = typst.Fonts(include_system_fonts=True, include_embedded_fonts=False)
    chosen = [family for family in FONTS if family in fonts.families()]
    if chosen:
        found.good("font", _("Chinese font: {name}").format(name=chosen[0]))
    else:
        remedy = _("install one (Debian: fonts-noto-cjk); tickets print from the browser meanwhile")
        found.warn("font", _("no Chinese font: no ticket can be made as PDF"), remedy)


def _service(found: Findings) -> None:
    state = service_state()
    if state is None:
        return
    remedy = _("hengyuan terminal service install CONFIG")
    if not state.installed:
        found.warn("service", _("not installed as a service: it does not start by itself"), remedy)
    elif not state.enabled:
        remedy = _("systemctl enable {unit}").format(unit=state.unit)
        found.warn("service", _("the service does not start with the machine"), remedy)
    elif not state.active:
        remedy = _("systemctl start {unit}; journalctl -u {unit} says why it ended").format(
            unit=state.unit
        )
        found.warn("service", _("the service is not running"), remedy)
    else:
        found.good("service", _("{unit} runs and starts with the machine").format(unit=state.unit))
