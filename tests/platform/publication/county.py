"""A county with a ledger, whose people take lists through every state of their life."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import time_machine

from hengyuan.platform.accounts.models import User
from hengyuan.platform.ledger.models import SourceUnit, UnitKind
from hengyuan.platform.ledger.services import register_unit
from hengyuan.platform.publication import services
from hengyuan.platform.publication.models import (
    ListState,
    Objection,
    PublicationList,
)
from hengyuan.platform.regions.models import Region
from tests.conftest import Cast

DECIDED = {
    "mode": "patrol",
    "supervisor_name": "王示例",
    "supervisor_office": "测试县交通运输局",
    "duty_telephone": "0357-0000000",
    "department": "transport",
}
TODAY = date(2026, 5, 8)
NUMBER = "洪政公告〔2026〕{}号"


@dataclass
class County:
    """The cast's county with what its people do, step by step, on the day that it is."""

    cast: Cast
    clerk: User
    head: User
    region: Region

    def unit(self, name: str, **fields: object) -> SourceUnit:
        fields = {
            "kind": UnitKind.COAL,
            "credit_code": f"91141024MA0DEM{self._count():04d}",
            "address": f"{name}旁",
        } | fields
        return register_unit(self.clerk, region=self.region, name=name, **fields)

    def _count(self) -> int:
        return SourceUnit.objects.count()

    def draft(self) -> PublicationList:
        return services.draft_from_ledger(self.clerk, self.region)

    def complete(self, found: PublicationList | None = None) -> PublicationList:
        """A draft with everything decided."""
        found = found or self.draft()
        versions = dict(found.units.values_list("pk", "version"))
        services.set_units(self.clerk, found.pk, versions, DECIDED, only_empty=True)
        return fresh(found)

    def submitted(self, found: PublicationList | None = None) -> PublicationList:
        found = found or self.complete()
        return services.submit(self.clerk, found.pk, found.version)

    def published(self, found: PublicationList | None = None, serial: int = 1) -> PublicationList:
        found = found or self.submitted()
        how = services.Publishing(NUMBER.format(serial), TODAY, TODAY + timedelta(days=7))
        return services.publish(self.head, found.pk, found.version, how)

    def final(self, found: PublicationList | None = None) -> PublicationList:
        found = found or self.published()
        with time_machine.travel(f"{TODAY + timedelta(days=8)} 10:00+08:00", tick=False):
            return services.finalise(self.head, found.pk, found.version)

    def superseded(self) -> PublicationList:
        first = self.final()
        self.final(self.published(self.submitted(self.complete()), serial=2))
        return fresh(first)

    def withdrawn(self) -> PublicationList:
        found = self.published()
        return services.withdraw(self.head, found.pk, found.version, "内容有误")

    def objection(
        self, found: PublicationList, unit_name: str = "", text: str = "该单位已停产"
    ) -> Objection:
        unit = found.units.get(name=unit_name) if unit_name else None
        who = services.Objecting("赵示例", "13000000000", text)
        return services.file_objection(
            found.pk, who, Objection.Via.LETTER, unit=unit, by=self.clerk
        )

    def in_state(self, state: ListState) -> PublicationList:
        makers: dict[ListState, Callable[[], PublicationList]] = {
            ListState.DRAFT: self.complete,
            ListState.IN_REVIEW: self.submitted,
            ListState.PUBLISHED: self.published,
            ListState.FINAL: self.final,
            ListState.SUPERSEDED: self.superseded,
            ListState.WITHDRAWN: self.withdrawn,
        }
        return makers[state]()


def fresh(found: PublicationList) -> PublicationList:
    return PublicationList.objects.select_related("region", "supersedes").get(pk=found.pk)
