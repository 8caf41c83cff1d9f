"""A running terminal begins anew with what the county orders, and with the old if it cannot."""

import asyncio
import contextlib
import copy
import sqlite3

import httpx
import msgspec
import pytest

from hengyuan.record.answers import Command
from hengyuan.record.directives import Directive, seal
from hengyuan.record.suites import SM2_SM3
from hengyuan.terminal.clock import SystemClock
from hengyuan.terminal.config import load_config
from hengyuan.terminal.directed import inbox
from hengyuan.terminal.directed.book import load_book
from hengyuan.terminal.directed.trust import enter_key
from hengyuan.terminal.enrolment import enrol
from hengyuan.terminal.screen.server import listen
from hengyuan.terminal.serving import serve
from hengyuan.terminal.setup.toml_text import write_toml
from tests.terminal.county import CODE, ONE_TIME_CODE, County
from tests.world.test_gate import free_port

KEY = SM2_SM3.generate()
PATIENCE_S = 30


def configuration(url, port):
    tcp = {"kind": "tcp", "host": "127.0.0.1", "port": free_port()}
    return {
        "data_dir": "data",
        "platform": {"url": url, "heartbeat_s": 0.2, "retry_first_s": 0.05, "retry_last_s": 0.2},
        "screen": {"port": port},
        "lanes": [
            {
                "number": 1,
                "scale": {"driver": "f1", "name": "scale", "transport": tcp},
                "displays": [{"driver": "html", "name": "screen"}],
            }
        ],
    }


def command(version, body):
    order = Directive(body=body, issued_at=1, kind="configuration", terminal=CODE, version=version)
    arguments = msgspec.to_builtins(seal(order, SM2_SM3, KEY))
    return Command(id=f"order-{version}", name="configure", arguments=arguments)


async def until(holds, what):
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(httpx.HTTPError, OSError):
                if await holds():
                    return
            await asyncio.sleep(0.05)
    raise AssertionError(what)


async def answers(port, lanes=1):
    async with httpx.AsyncClient(trust_env=False) as http:
        said = (await http.get(f"http://127.0.0.1:{port}/status.json")).json()
    return len(said["lanes"]) == lanes


def journal(config):
    with sqlite3.connect(config.data_dir / "terminal.db") as db:
        return [what for (what,) in db.execute("SELECT what FROM journal ORDER BY id")]


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(inbox, "RESTART_AFTER_S", 0.2)


def test_it_moves_to_another_port_and_back_where_one_is_taken(tmp_path):
    path = tmp_path / "gate.toml"
    old_port, new_port = free_port(), free_port()

    async def scene():
        county = County()
        async with county.listening() as url:
            raw = configuration(url, old_port)
            path.write_text(write_toml(raw))
            config = load_config(path)
            await asyncio.to_thread(enrol, config, ONE_TIME_CODE, "SM2-SM3", SystemClock())
            enter_key(config.data_dir, "SM2-SM3", KEY.public_bytes().hex())
            serving = asyncio.create_task(serve(config))
            try:
                await until(lambda: answers(old_port), "it did not begin")
                moved = copy.deepcopy(raw) | {"screen": {"port": new_port}}
                county.commands.append(command(1, {"whole": write_toml(moved)}))
                await until(lambda: answers(new_port), "it did not move")
                assert load_book(config.data_dir).state == "trial"

                taken = listen("127.0.0.1", free_port())
                wrong = copy.deepcopy(raw) | {"screen": {"port": taken.getsockname()[1]}}
                county.commands.append(command(2, {"whole": write_toml(wrong)}))

                async def taken_back():
                    book = load_book(config.data_dir)
                    return book.state == "rolled_back" and await answers(old_port)

                await until(taken_back, "it did not come back")
                taken.close()
                book = load_book(config.data_dir)
                # the first was still on trial: what had been kept is in force again
                assert (book.current, book.highest) == (None, 2)
            finally:
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)
        return journal(config)

    noted = [what for what in asyncio.run(scene()) if what.startswith("configuration")]
    assert noted == [
        "configuration_applied",
        "configuration_applied",
        "configuration_rolled_back",
    ]
