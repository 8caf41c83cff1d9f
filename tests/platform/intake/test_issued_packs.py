"""A rule pack that was issued elsewhere is known here before long, and judges."""

import asyncio
import json

import asyncpg
import pytest

from hengyuan.law.pack_documents import write_pack
from hengyuan.law.rule_packs import CN_2016_1
from hengyuan.platform import rule_packs
from hengyuan.platform.intake.issued_packs import IssuedPacks
from hengyuan.platform.terminals.directing import send_rule_pack
from hengyuan.platform.terminals.models import Terminal
from tests.conftest import Cast
from tests.platform.records import current_database_url, enrolled_terminal

pytestmark = pytest.mark.usefixtures("committed_intake")


def test_packs_of_the_database_are_learned_and_each_once(cast: Cast) -> None:
    code = enrolled_terminal(cast.unit, cast.county_clerk).code
    terminal = Terminal.objects.get(code=code)
    document = write_pack(CN_2016_1) | {"version": "sx-2027.1", "effective_from": "2027-01-01"}
    send_rule_pack(terminal, cast.county_clerk, json.dumps(document), "试行")
    rule_packs.forget_all()
    assert rule_packs.issued("sx-2027.1") is None

    async def look() -> None:
        pool = await asyncpg.create_pool(current_database_url(), min_size=1, max_size=1)
        try:
            packs = IssuedPacks(pool)
            await packs.learn_new()
            assert rule_packs.issued("sx-2027.1") == "sx-2027.1"
            rule_packs.forget_all()
            await packs.learn_new()
            assert rule_packs.issued("sx-2027.1") is None
        finally:
            await pool.close()

    try:
        asyncio.run(look())
    finally:
        rule_packs.forget_all()
