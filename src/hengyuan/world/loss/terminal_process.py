"""The terminal as `hengyuan terminal run` runs it, on a clock that the loss test steps.

    python -m hengyuan.world.loss.terminal_process CONFIG CLOCK_FILE

Exit code 2, with the reason on standard error, where it cannot begin.
"""

import asyncio
import sys
from pathlib import Path

from hengyuan.terminal.config import load_config
from hengyuan.terminal.config_errors import ConfigError
from hengyuan.terminal.enrolment import NotEnrolled
from hengyuan.terminal.logs import configure_logging
from hengyuan.terminal.screen.server import PortTaken
from hengyuan.terminal.serving import serve
from hengyuan.terminal.store import UnusableStore
from hengyuan.world.loss.stepped_clock import SteppedClock


def main(config_file: str, clock_file: str) -> int:
    """Run until a signal ends it."""
    try:
        config = load_config(Path(config_file))
        configure_logging()
        asyncio.run(serve(config, SteppedClock(Path(clock_file))))
    except (ConfigError, NotEnrolled, UnusableStore, PortTaken, OSError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
