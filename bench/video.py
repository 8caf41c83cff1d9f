"""`python -m bench.video`: what recording costs a gate's PC, beside what decoding would cost it.

Four cameras, 1920 × 1080, 25 pictures a second, 4 Mbit/s each, from a real RTSP server on the same
machine (whose own cost is not counted), recorded for a minute by a process of its own: processor
time and memory of that process, once as the terminal does it and once with every picture decoded,
as a recorder that transcodes or looks for motion has to.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.terminal.video.pictures import write_units
from tests.terminal.video.streams import cameras

STREAMS, SIZE, FPS, KBIT = 4, (1920, 1080), 25, 4000

_RECORD = """
import json, resource, sys, time
from pathlib import Path
from hengyuan.terminal.logs import configure_logging

def rss_mb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

folder, urls, seconds = Path(sys.argv[1]), sys.argv[3:], float(sys.argv[2])
configure_logging()
import hengyuan.terminal.app
before = rss_mb()
from hengyuan.terminal.config_video import VideoStreamTable
from hengyuan.terminal.video.recorder import Recorder
from hengyuan.terminal.video.ring import Ring
recorders = [
    Recorder(VideoStreamTable(name=f"c{n}", url=url, view="front"), folder,
             Ring(folder / f"c{n}"), lambda: time.time() * 1000, lambda each: None)
    for n, url in enumerate(urls)
]
for each in recorders:
    each.start()
while not all(each.counters.frames for each in recorders):
    time.sleep(0.1)
time.sleep(5)
def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
begun, cpu, frames = time.monotonic(), spent(), sum(r.counters.frames for r in recorders)
octets = sum(r.counters.octets for r in recorders)
most = 0
while time.monotonic() - begun < seconds:
    time.sleep(0.5)
    most = max(most, rss_mb())
took = time.monotonic() - begun
print(json.dumps({
    "cpu_percent": 100 * (spent() - cpu) / took,
    "rss_mb": most,
    "rss_before_mb": before,
    "frames_s": (sum(r.counters.frames for r in recorders) - frames) / took,
    "mbit_s": (sum(r.counters.octets for r in recorders) - octets) * 8e-6 / took,
}))
for each in recorders:
    each.ask_to_stop()
"""

_DECODE = """
import json, resource, sys, threading, time, av

seconds, urls = float(sys.argv[2]), sys.argv[3:]
count = [0] * len(urls)

def work(n, url):
    with av.open(url, options={"rtsp_transport": "tcp"}) as source:
        source.streams.video[0].thread_count = 1
        for _ in source.decode(video=0):
            count[n] += 1

for n, url in enumerate(urls):
    threading.Thread(target=work, args=(n, url), daemon=True).start()
while not all(count):
    time.sleep(0.1)
time.sleep(5)
def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
begun, cpu, frames = time.monotonic(), spent(), sum(count)
time.sleep(seconds)
took = time.monotonic() - begun
print(json.dumps({
    "cpu_percent": 100 * (spent() - cpu) / took,
    "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "frames_s": (sum(count) - frames) / took,
}), flush=True)
import os
os._exit(0)
"""


def measure(seconds: float) -> dict[str, Any]:
    """Both ways, one after the other."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        units = write_units(
            folder / "hd.au", SIZE, seconds=4, fps=FPS, gop=50, kbit=KBIT, noisy=True
        )
        names = {f"c{number}": units for number in range(STREAMS)}
        found = {}
        for way, code in (("recorded", _RECORD), ("decoded", _DECODE)):
            # a server of its own for each: one that still waits for its last guests sends less
            with cameras(names) as eyes:
                urls = [eyes.url(each) for each in names]
                done = subprocess.run(
                    [sys.executable, "-c", code, name, str(seconds), *urls],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    check=True,
                    text=True,
                    timeout=seconds + 60,
                )
            found[way] = json.loads(done.stdout)
            if found[way]["frames_s"] < 0.95 * STREAMS * FPS:
                raise SystemExit(f"{way}: only {found[way]['frames_s']:.0f} pictures/s came")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = measure(asked.seconds)
    if asked.json:
        print(json.dumps(found))
        return
    recorded, decoded = found["recorded"], found["decoded"]
    print(f"{STREAMS} streams, {SIZE[0]} x {SIZE[1]}, {recorded['mbit_s']:.1f} Mbit/s together")
    print(
        f"recorded: {recorded['cpu_percent']:.1f} % of a core, {recorded['rss_mb']:.0f} MB"
        f" ({recorded['rss_before_mb']:.0f} MB before), {recorded['frames_s']:.0f} pictures/s"
    )
    print(
        f"decoded:  {decoded['cpu_percent']:.1f} % of a core, {decoded['rss_mb']:.0f} MB,"
        f" {decoded['frames_s']:.0f} pictures/s"
    )


if __name__ == "__main__":
    main()
