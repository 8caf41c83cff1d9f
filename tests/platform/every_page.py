"""What a page's entry in a `pages.py` is made of.

Each app has its own `tests/platform/<app>/pages.py` with a list `PAGES`; they are collected by
themselves. An entry says how the address is built, what each of the fixed cast gets there, how
many SQL queries it may cost, and how more rows come about, with which the number must stay the
same. A route of the router without an entry fails `test_every_page.py`.

    PAGES = [
        Page(
            "ledger:unit",
            who(open_to=OFFICES | {"unit_manager", "gatekeeper"}, hidden_from=ELSEWHERE),
            args=lambda scene: [scene.cast.unit.code],
            max_queries=20,
            grow=lambda scene: scene.more_terminals(5),
        ),
    ]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from tests.conftest import Cast

if TYPE_CHECKING:
    from hengyuan.platform.ledger.models import Gate, SourceUnit
    from hengyuan.platform.terminals.models import Terminal
    from hengyuan.record.model import FileRef
    from tests.platform.records import TestTerminal

T = TypeVar("T")

# the parts of the cast, by what they can have in common
SUPERVISORS = {
    "province_head",
    "city_clerk",
    "county_head",
    "county_clerk",
    "county_inspector",
    "county_readonly",
}
"""Overload-control offices over the cast's county."""
OFFICES = SUPERVISORS | {"department_clerk"}
KEEPERS = {"city_clerk", "county_head", "county_clerk"}
"""Who may change the ledger of the cast's county."""
NEIGHBOUR = {"neighbour_clerk"}
OWN_UNIT = {"unit_manager", "gatekeeper"}
OTHER_UNIT = {"other_gatekeeper"}
ELSEWHERE = NEIGHBOUR | OTHER_UNIT
"""Who may do as much as others, but for another county or unit."""
OUTSIDER = {"outsider"}
EVERYBODY = OFFICES | NEIGHBOUR | OWN_UNIT | OTHER_UNIT | OUTSIDER
ANONYMOUS = "anonymous"

LOGIN = 302
"""What somebody gets who is not logged in: the way to the login."""


def who(
    open_to: Iterable[str] = (),
    hidden_from: Iterable[str] = (),
    status: int = 200,
    anonymous: int = LOGIN,
) -> dict[str, int]:
    """The expected status for each of the cast: `status` where open, 404 where hidden, else 403."""
    expected = dict.fromkeys(EVERYBODY, 403)
    expected |= dict.fromkeys(hidden_from, 404)
    expected |= dict.fromkeys(open_to, status)
    unknown = set(expected) - EVERYBODY
    assert not unknown, f"not in the cast: {unknown}"
    return expected | {ANONYMOUS: anonymous}


@dataclass(frozen=True)
class Page:
    """A route, who gets what there, and what it costs.

    `reader` is the person whose queries are counted. `max_queries` is None for what is no page:
    a write, a redirect, a stream. `grow` makes more of the rows that the page shows; `fixed` says
    why a page has none that could become more.
    """

    route: str
    expected: dict[str, int]
    args: Callable[[Scene], Sequence[Any]] = lambda scene: ()
    query: str = ""
    method: str = "get"
    data: Callable[[Scene], dict[str, Any]] = lambda scene: {}
    reader: str = "county_clerk"
    max_queries: int | None = None
    grow: Callable[[Scene], Any] | None = None
    fixed: str = ""

    @property
    def name(self) -> str:
        """Tells several entries of one route apart in the test run."""
        return f"{self.route}{self.query}" + ("" if self.method == "get" else f" {self.method}")


class Scene:
    """The things that addresses name, made when they are first asked for, through the services."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self._made = 0
        self._kept: dict[str, Any] = {}

    def keep(self, name: str, make: Callable[[], T]) -> T:
        """What an app's own entries need beside the things below: made once for each test."""
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]  # type: ignore[no-any-return]

    @cached_property
    def terminal(self) -> Terminal:
        """A planned terminal of the cast's unit, with an enrolment code."""
        from hengyuan.platform.terminals.services import create_terminal, issue_enrolment_code

        made = create_terminal(self.cast.county_clerk, self.cast.unit, "一号终端")
        issue_enrolment_code(made, self.cast.county_clerk)
        return made

    @cached_property
    def enrolled(self) -> Terminal:
        """An enrolled terminal of the cast's unit, heard just now."""
        from django.utils.timezone import now

        _signer, terminal = self._signer
        terminal.last_seen_at = now()
        terminal.save(update_fields=["last_seen_at"])
        return terminal

    @cached_property
    def gate(self) -> Gate:
        """A gate of the cast's unit, with a lane."""
        from hengyuan.platform.ledger.models import Direction
        from hengyuan.platform.ledger.services import add_gate, add_lane

        clerk = self.cast.county_clerk
        made = add_gate(clerk, self.cast.unit, name="1号门", direction=Direction.OUT)
        add_lane(clerk, made, name="1号磅", direction=Direction.OUT)
        return made

    @cached_property
    def records(self) -> Terminal:
        """The terminal of three records, the second of them over the limit."""
        from tests.platform.rows import store

        signer, _terminal = self._signer
        over = {"gross_kg": 60_000, "verdict": "over"}
        store(signer, self.enrolled, self.cast.unit, [{}, over, {"files": (self.picture,)}])
        return self.enrolled

    @cached_property
    def picture(self) -> FileRef:
        """The picture that the third record names; it lies in the store under its digest."""
        from hengyuan.platform.weighing.evidence import evidence_store
        from tests.platform.records import JPEG, file_ref

        ref = file_ref(self._signer[0].suite, JPEG)
        path = evidence_store().path(ref.digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(JPEG)
        return ref

    def more_units(self, count: int) -> list[SourceUnit]:
        """Further units of the cast's county, each with a terminal."""
        from hengyuan.platform.ledger.models import UnitKind
        from hengyuan.platform.ledger.services import register_unit
        from hengyuan.platform.terminals.services import create_terminal

        clerk, made = self.cast.county_clerk, []
        for number in self._numbers(count):
            unit = register_unit(
                clerk, region=self.cast.unit.region, name=f"测试{number}号煤矿", kind=UnitKind.COAL
            )
            create_terminal(clerk, unit, "一号终端")
            made.append(unit)
        return made

    def more_terminals(self, count: int) -> None:
        """Further terminals of the cast's unit: half of them planned, half enrolled and silent."""
        from hengyuan.platform.terminals.services import create_terminal

        for number in self._numbers(count):
            if number % 2:
                create_terminal(self.cast.county_clerk, self.cast.unit, f"{number}号终端")
            else:
                self._enrol()

    def more_gates(self, count: int) -> None:
        """Further gates of the cast's unit, each with two lanes."""
        from hengyuan.platform.ledger.models import Direction
        from hengyuan.platform.ledger.services import add_gate, add_lane

        clerk = self.cast.county_clerk
        for number in self._numbers(count):
            gate = add_gate(clerk, self.cast.unit, name=f"{number}号门", direction=Direction.OUT)
            for lane in ("东磅", "西磅"):
                add_lane(clerk, gate, name=lane, direction=Direction.OUT)

    def more_records(self, count: int) -> None:
        """Further records of the terminal that has some already."""
        from tests.platform.rows import store

        terminal = self.records
        plates = [{"plate": f"晋L{number:05d}"} for number in self._numbers(count)]
        store(self._signer[0], terminal, self.cast.unit, plates)

    @cached_property
    def _signer(self) -> tuple[TestTerminal, Terminal]:
        return self._enrol()

    def _enrol(self) -> tuple[TestTerminal, Terminal]:
        from hengyuan.platform.terminals.models import Terminal
        from tests.platform.records import enrolled_terminal

        signer = enrolled_terminal(self.cast.unit, self.cast.county_clerk)
        return signer, Terminal.objects.get(code=signer.code)

    def _numbers(self, count: int) -> range:
        first = self._made + 1
        self._made += count
        return range(first, first + count)
