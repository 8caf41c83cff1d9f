"""A log that cannot be written stops nothing."""

import subprocess
import sys
from pathlib import Path

SPEAK = """
import structlog
from hengyuan.terminal.logs import configure_logging
configure_logging()
for number in range(1000):
    structlog.get_logger().info("lane.recorded", number=number)
print("went on")
"""


def test_a_log_on_a_full_disk_stops_nothing():
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", SPEAK], stdout=subprocess.PIPE, stderr=full, check=False
        )
    assert done.stdout == b"went on\n"
