"""Run as a process: stores events and records as fast as it can, and says what is committed.

Each line on standard output is an acknowledgement: whoever read it may count on it.
"""

import sys
from pathlib import Path

from hengyuan.record.suites import SM2_SM3
from hengyuan.terminal.enrolment import Enrolment, Identity
from hengyuan.terminal.store import EvidenceFiles
from tests.terminal.county import CODE
from tests.terminal.outbox import WEIGHED_AT, draft, open_store


def identity(secret: str) -> Identity:
    enrolment = Enrolment(CODE, SM2_SM3.name, "14100251001", "141002", WEIGHED_AT)
    return Identity(enrolment, SM2_SM3, SM2_SM3.load_private(bytes.fromhex(secret)))


def main(folder: Path, secret: str) -> None:
    store = open_store(folder, identity(secret))
    files = EvidenceFiles(folder / "evidence", SM2_SM3)
    number = store.head()[0]
    while True:
        number += 1
        data = b"\xff\xd8\xff" + str(number).encode() * 500
        digest = files.put(data)
        sighting = store.keep_sighting(1, "front", "plate", f"{number}", number, b"{}")
        if sighting is not None:
            print("event", number, flush=True)
            used = (sighting,)
        else:
            used = tuple(each.id for each in store.open_sightings(1))
        appended = store.append(draft(files=((digest, len(data)),), used=used, on_scale=True))
        print("record", appended.record.seq, appended.digest.hex(), digest, flush=True)
        if number % 3 == 0:
            store.lane_cleared(1, {})
            print("cleared", number, flush=True)
        if number % 5 == 0:
            store.move_watermark(appended.record.seq, appended.digest, {})
            print("acked", number, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
