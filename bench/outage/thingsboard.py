"""ThingsBoard's IoT gateway from PyPI, with its default storage (memory) and with SQLite.

As documented (https://thingsboard.io/docs/iot-gateway/): its own configuration file with the host
of the platform, the storage's type, and a REST connector, which answers a push once the gateway has
it. Everything else is left at its default; remote configuration and statistics are off, since
there is no ThingsBoard server but a broker that takes what a gateway sends.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.outage.receivers import MqttBroker
from bench.outage.scenario import Plan, Program, run_outage

PACKAGES = ("thingsboard-gateway==3.8.5", "aiohttp", "requests", "cryptography")
"""Behind the gateway's own name: what its REST connector would fetch at its first start."""


def install(folder: Path) -> None:
    """Into a virtual environment of its own."""
    if (folder / "bin" / "thingsboard-gateway").exists():
        return
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = str(folder / "bin" / "pip")
    subprocess.run(
        [pip, "install", "-q", "--disable-pip-version-check", *PACKAGES],
        check=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip


async def run(plan: Plan, tools: Path, work: Path, port: int, storage: str) -> dict[str, Any]:
    """The outage for it with storage `memory` or `sqlite`."""
    broker = MqttBroker()
    await broker.open()
    folder = work / f"thingsboard-{storage}"
    config = folder / "config"
    config.mkdir(parents=True)
    (folder / "logs").mkdir()
    (folder / "data").mkdir()
    shipped = next((tools / "lib").glob("python*/site-packages/thingsboard_gateway/config"))
    shutil.copy(shipped / "logs.json", config / "logs.json")
    gateway = json.loads((shipped / "tb_gateway.json").read_text())
    gateway["thingsboard"] |= {
        "host": "127.0.0.1",
        "port": broker.port,
        "remoteConfiguration": False,
        "statistics": {"enable": False},
    }
    gateway["storage"] |= {"type": storage, "data_file_path": f"{folder / 'data'}/"}
    gateway["connectors"] = [{"type": "rest", "name": "rest", "configuration": "rest.json"}]
    (config / "tb_gateway.json").write_text(json.dumps(gateway))
    (config / "rest.json").write_text(json.dumps(_rest(port)))
    await broker.close()
    program = Program(
        [str(tools / "bin" / "thingsboard-gateway")], folder, port,
        {"TB_GW_CONFIG_DIR": str(config), "PATH": f"{tools / 'bin'}:/usr/bin:/bin"},
    )  # fmt: skip
    return await run_outage(
        plan, program, broker, f"http://127.0.0.1:{port}/in", lambda n: {"n": n, "kg": 49_000}
    )


def _rest(port: int) -> dict[str, Any]:
    series = [{"type": "integer", "key": key, "value": f"${{{key}}}"} for key in ("n", "kg")]
    return {
        "server": {"host": "127.0.0.1", "port": str(port), "SSL": False},
        "requestsMapping": {
            "attributeRequests": [],
            "attributeUpdates": [],
            "serverSideRpc": [],
        },
        "mapping": [
            {
                "endpoint": "/in",
                "HTTPMethods": ["POST"],
                "security": {"type": "anonymous"},
                "converter": {
                    "type": "json",
                    "deviceInfo": {
                        "deviceNameExpressionSource": "constant",
                        "deviceNameExpression": "gate",
                        "deviceProfileExpressionSource": "constant",
                        "deviceProfileExpression": "default",
                    },
                    "attributes": [],
                    "timeseries": series,
                },
            }
        ],
    }
