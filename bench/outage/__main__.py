"""The same outage side by side; one JSON object.

    python -m bench.outage --json

What is compared is installed into `--tools` by npm and pip when it is missing there.
"""

import argparse
import asyncio
import json
import logging
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bench.outage import node_red, ours, thingsboard
from bench.outage.scenario import Plan
from hengyuan.cli._long_work import log_to_stderr


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=300)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=5.0, help="messages a second")
    parser.add_argument("--quiet", type=float, default=40.0, help="seconds to catch up in silence")
    parser.add_argument(
        "--no-outage", action="store_true", help="the receiver is there all the time"
    )
    parser.add_argument("--tools", type=Path, default=Path(".bench") / "outage")
    parser.add_argument("--only", help="a part of a name")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    log_to_stderr(logging.ERROR)
    plan = Plan(
        given.messages, given.kills, given.seed, given.rate, given.quiet, not given.no_outage
    )
    tools = given.tools.absolute()
    work = Path(tempfile.mkdtemp(prefix="hengyuan-outage-"))
    work.chmod(0o711 if os.geteuid() == 0 else 0o700)
    runs: dict[str, tuple[Callable[[], None], Callable[[], Awaitable[dict[str, Any]]]]] = {
        "hengyuan terminal": (lambda: None, lambda: ours.run(plan, work)),
        "node-red, file context (flushed every 30 s, its default)": (
            lambda: node_red.install(tools / "node-red"),
            lambda: node_red.run(plan, tools / "node-red", work, free_port(), 30),
        ),
        "node-red, file context flushed every second": (
            lambda: node_red.install(tools / "node-red"),
            lambda: node_red.run(plan, tools / "node-red", work, free_port(), 1),
        ),
        "thingsboard-gateway, memory (its default)": (
            lambda: thingsboard.install(tools / "thingsboard"),
            lambda: thingsboard.run(plan, tools / "thingsboard", work, free_port(), "memory"),
        ),
        "thingsboard-gateway, sqlite": (
            lambda: thingsboard.install(tools / "thingsboard"),
            lambda: thingsboard.run(plan, tools / "thingsboard", work, free_port(), "sqlite"),
        ),
    }
    figures: dict[str, Any] = {"messages": plan.messages, "kills": plan.kills, "seed": plan.seed}
    failed = False
    try:
        for name, (install, run) in runs.items():
            if given.only and given.only not in name:
                continue
            began = time.monotonic()
            try:
                await asyncio.to_thread(install)
                found = await run()
            except Exception as error:
                failed = True
                found = {"error": f"{type(error).__name__}: {error}"}
            found["seconds"] = round(time.monotonic() - began)
            figures[name] = found
            print(f"{name}: {found}", file=sys.stderr, flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(json.dumps(figures, ensure_ascii=False, indent=None if given.json else 2))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
