"""The gate's pages and doors as one web application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from hengyuan.terminal.screen.camera import CameraDoor
from hengyuan.terminal.screen.display import DisplayPages
from hengyuan.terminal.screen.gate import GatePages
from hengyuan.terminal.screen.login import LoginPages
from hengyuan.terminal.screen.order_pages import OrderPages
from hengyuan.terminal.screen.pages import HERE, Pages, with_headers
from hengyuan.terminal.screen.records import RecordPages
from hengyuan.terminal.screen.shifts import ShiftPages
from hengyuan.terminal.screen.ticket_pages import TicketPages
from hengyuan.terminal.screen.totals import TotalPages
from hengyuan.terminal.screen.upkeep import UpkeepPages
from hengyuan.terminal.screen.upkeep_plans import PlanPages
from hengyuan.terminal.screen.upkeep_repairs import RepairPages
from hengyuan.terminal.screen.upkeep_scales import ScalePages
from hengyuan.terminal.screen.video import LivePictures

if TYPE_CHECKING:
    from hengyuan.terminal.app import Terminal


def screen_app(terminal: Terminal) -> ASGIApp:
    """The application for one terminal. A part of the pages is a class with `routes`."""
    pages = Pages(terminal)
    cameras = CameraDoor(terminal)
    routes: list[BaseRoute] = [
        *LoginPages(pages).routes(),
        *GatePages(pages).routes(),
        *DisplayPages(pages).routes(),
        *RecordPages(pages).routes(),
        *OrderPages(pages).routes(),
        *TicketPages(pages).routes(),
        *TotalPages(pages).routes(),
        *ShiftPages(pages).routes(),
        *LivePictures(pages).routes(),
        *UpkeepPages(pages).routes(),
        *ScalePages(pages).routes(),
        *RepairPages(pages).routes(),
        *PlanPages(pages).routes(),
        Route("/camera/{name}", cameras.push, methods=["POST"]),
        *(Route(path, cameras.push_to_own_path, methods=["POST"]) for path in cameras.paths),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]
    return with_headers(Starlette(routes=routes))
