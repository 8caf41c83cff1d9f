"""A plate's history: who sees what of it, and how its pages follow each other."""

from typing import Any

import pytest
from django.test import Client

from hengyuan.platform.weighing import views_plate
from tests.conftest import Cast
from tests.platform.stored import today_ms, upload_all, weigh_today
from tests.platform.weighing.conftest import Gates

DAY_S = 86_400
PLATE = "晋L12345"


def keys(page: str) -> list[str]:
    """Terminal and number of each line, in its order."""
    return [part.split('"')[0] for part in page.split('data-key="')[1:]]


@pytest.fixture
def travelled(gates: Gates) -> Gates:
    """One truck at three gates and in two months, and others beside it."""
    weigh_today(gates.own, -40 * DAY_S, plate=PLATE, tare_kg=15_000, net_kg=33_000)
    weigh_today(gates.own, 1, plate=PLATE, tare_kg=15_200, net_kg=32_800)
    weigh_today(gates.other, 2, plate=PLATE, gross_kg=58_800, verdict="over")
    weigh_today(gates.neighbour, 3, plate=PLATE)
    weigh_today(gates.own, 4, plate="晋L99999")
    upload_all(gates.own, gates.other, gates.neighbour)
    return gates


@pytest.mark.parametrize(
    ("who", "seen"),
    [("city_clerk", 4), ("county_clerk", 3), ("gatekeeper", 2), ("neighbour_clerk", 1)],
)
def test_everybody_sees_of_a_plate_what_lies_in_their_scope(
    client: Client, cast: Cast, travelled: Gates, who: str, seen: int
) -> None:
    client.force_login(cast.people()[who])
    page = client.get(f"/weighing/plates/{PLATE}/").content.decode()
    assert len(keys(page)) == seen
    hidden = {"gatekeeper": "测试邻县煤矿", "county_clerk": "测试邻县煤矿"}.get(who)
    assert hidden is None or hidden not in page


def test_it_says_where_with_which_tare_and_how_often_over(clerk: Client, travelled: Gates) -> None:
    page = clerk.get(f"/weighing/plates/{PLATE}/").content.decode()
    assert "15,000–15,200" in page
    assert "32,800" in page
    assert page.count('<td class="num over">1</td>') == 1
    assert keys(page)[0].startswith(travelled.other.code)


@pytest.mark.parametrize("written", ["晋L·12345", "晋l12345", "晋Ｌ１２３４５"])
def test_a_plate_may_be_written_as_people_write_it(
    clerk: Client, travelled: Gates, written: str
) -> None:
    assert len(keys(clerk.get(f"/weighing/plates/{written}/").content.decode())) == 3


def test_a_trailer_finds_the_trucks_that_drew_it(clerk: Client, gates: Gates) -> None:
    weigh_today(gates.own, 1, plate=PLATE, trailer_plate="晋L1234挂")
    weigh_today(gates.own, 2, plate="晋L54321", trailer_plate="晋L1234挂")
    upload_all(gates.own)
    assert len(keys(clerk.get("/weighing/plates/晋L1234挂/").content.decode())) == 2


def test_what_is_no_whole_plate_has_no_page(clerk: Client, travelled: Gates) -> None:
    assert clerk.get("/weighing/plates/123/").status_code == 404


def test_a_plate_that_was_never_weighed_says_so(clerk: Client, travelled: Gates) -> None:
    page = clerk.get("/weighing/plates/晋L00000/")
    assert page.status_code == 200
    assert "未查到该号牌的称重记录" in page.content.decode()


def test_the_pages_follow_each_other(
    clerk: Client, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    gates.own.weigh(7, weighed_at=today_ms(5), plate=PLATE)
    upload_all(gates.own)
    monkeypatch.setattr(views_plate, "PAGE_SIZE", 3)
    address, seen = f"/weighing/plates/{PLATE}/", []
    query: Any = ""
    while query is not None:
        page = clerk.get(address + query).content.decode()
        seen += keys(page)
        found = page.split('rel="next" href="')[1:]
        query = found[0].split('"')[0] if found else None
    assert seen == [f"{gates.own.code}/{seq}" for seq in range(7, 0, -1)]


def test_a_list_leads_to_the_history_of_each_plate(clerk: Client, travelled: Gates) -> None:
    assert '/weighing/plates/%E6%99%8BL12345/"' in clerk.get("/weighing/").content.decode()
