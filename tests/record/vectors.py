"""The conformance vectors and the worked examples of docs/protocol.md, made from the code.

`python -m tests.record.vectors` writes docs/protocol/vectors.json and the example blocks of
docs/protocol.md anew. The tests refuse both when they differ from what the code does.
"""

import base64
import json
import re
from pathlib import Path
from typing import Any

import msgspec

from hengyuan.record.answers import (
    Command,
    FileProgress,
    Heartbeat,
    HeartbeatAnswer,
    Stored,
    Watermark,
)
from hengyuan.record.archive import ArchiveHeader, write_archive_header, write_archive_record
from hengyuan.record.batch import BatchHeader, signed_text, write_header
from hengyuan.record.canonical import write_line
from hengyuan.record.chain import extend, genesis
from hengyuan.record.commands import Camera, Outcome, OutcomeAnswer, Poll, PollAnswer
from hengyuan.record.footage import LiveAnswer
from hengyuan.record.journal import JournalEntry, JournalStored, write_part
from hengyuan.record.model import FileRef, Record
from hengyuan.record.refusal import Refusal
from hengyuan.record.requests import (
    SIGNATURE_HEADER,
    TERMINAL_HEADER,
    TIME_HEADER,
    request_text,
)
from hengyuan.record.suites import ED25519_SHA256, SM2_SM3, SUITES, Suite, fingerprint
from hengyuan.record.ticket import ticket_of
from tests.record import sm2
from tests.record.spoilt import accepted_lines, refused_batches, refused_lines

DOCS = Path(__file__).parents[2] / "docs"
PROTOCOL = DOCS / "protocol.md"
VECTORS = DOCS / "protocol" / "vectors.json"

TERMINAL = "14102451001-01"
WEIGHED_AT = 1_785_542_400_000  # 2026-08-01 08:00 in China
# Keys from RFC 8032 section 7.1 and GB/T 32918.5 annex A: everybody knows them.
SECRETS = {
    ED25519_SHA256.name: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    SM2_SM3.name: "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8",
}
# One grey pixel.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg=="
)
TRUCK: dict[str, Any] = {
    "axles": 6,
    "combination": "articulated",
    "drive_axles": 2,
    "lane": 1,
    "layout": "1+2+3",
    "plate": "晋L00001",
    "plate_colour": "yellow",
    "trailer_plate": "晋L0001挂",
}


def example_records(suite: Suite) -> list[Record]:
    """An empty truck, the same one loaded, one that is over its limit, and that one reweighed."""
    judged: dict[str, Any] = {"limit_kg": 49_000, "rule_pack": "cn-2016.1"}
    picture = FileRef(digest=suite.digest(PICTURE).hex(), kind="plate")
    minute = 60_000
    common: dict[str, Any] = {"terminal": TERMINAL, "v": 1}
    return [
        Record(seq=1, kind="entry", weighed_at=WEIGHED_AT, gross_kg=15_020, **TRUCK, **common),
        Record(
            seq=2,
            kind="exit",
            weighed_at=WEIGHED_AT + 40 * minute,
            gross_kg=48_980,
            tare_kg=15_020,
            net_kg=33_960,
            axle_kg=(7_020, 9_180, 9_140, 7_900, 7_860, 7_880),
            cargo="0100",
            carrier="某某运输有限公司",
            destination="某某电厂",
            files=(picture,),
            note_no="ZX-0001",
            verdict="pass",
            **judged,
            **TRUCK,
            **common,
        ),
        Record(
            seq=3,
            kind="exit",
            weighed_at=WEIGHED_AT + 55 * minute,
            gross_kg=36_420,
            axles=4,
            combination="rigid",
            lane=1,
            plate="晋L00002",
            plate_colour="yellow",
            flags=("plate_typed",),
            operator="门卫甲",
            verdict="over",
            **(judged | {"limit_kg": 31_000}),
            **common,
        ),
        Record(
            seq=4,
            kind="reweigh",
            corrects=3,
            weighed_at=WEIGHED_AT + 90 * minute,
            gross_kg=30_900,
            axles=4,
            combination="rigid",
            lane=1,
            plate="晋L00002",
            plate_colour="yellow",
            verdict="pass",
            **(judged | {"limit_kg": 31_000}),
            **common,
        ),
    ]


def sign(suite: Suite, text: bytes) -> bytes:
    """A signature that comes out the same each time; real SM2 signatures never do."""
    secret = bytes.fromhex(SECRETS[suite.name])
    if suite is SM2_SM3:
        k = int.from_bytes(sm2.sm3(b"example k" + text), "big") % (sm2.N - 1) + 1
        return sm2.sign(int.from_bytes(secret, "big"), text, k)
    return suite.load_private(secret).sign(text)


def build() -> dict[str, Any]:
    """All vectors, as they stand in vectors.json."""
    return {
        "protocol": 1,
        "about": "Vectors of docs/protocol.md. Texts are UTF-8; digests, keys and signatures hex.",
        "digests": [
            {
                "algorithm": suite.digest_name.upper(),
                "text": text,
                "digest": suite.digest(text.encode()).hex(),
            }
            for suite in SUITES.values()
            for text in ("", "abc", "衡源")
        ],
        "sm2": _sm2_vector(),
        "suites": {suite.name: suite_vector(suite) for suite in SUITES.values()},
        "lines": {
            "about": "Each is read where record 1 of the terminal is due.",
            "terminal": TERMINAL,
            "accepted": accepted_lines(TERMINAL),
            "refused": refused_lines(TERMINAL),
        },
        "batches": {
            "about": "Bodies that are to be refused; they come from the terminal and key of "
            "Ed25519-SHA256 above, and nothing of it is stored yet.",
            "refused": refused_batches(
                batch_of(ED25519_SHA256, 1, 4), lambda t: sign(ED25519_SHA256, t)
            ),
        },
    }


def _sm2_vector() -> dict[str, Any]:
    secret = bytes.fromhex(SECRETS[SM2_SM3.name])
    public = sm2.public_point(int.from_bytes(secret, "big"))
    message = b"message digest"
    return {
        "about": "The example of GB/T 32918.5 annex A, with the k that it prescribes.",
        "secret_key": secret.hex(),
        "public_key": public.hex(),
        "id": sm2.DEFAULT_ID.decode(),
        "z": sm2.z_value(public).hex(),
        "message": message.decode(),
        "e": f"{sm2.message_number(public, message):064x}",
        "signature": sm2.sign(
            int.from_bytes(secret, "big"),
            message,
            0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21,
        ).hex(),
    }


def _chain(suite: Suite) -> tuple[list[bytes], list[bytes]]:
    """Lines, and digests from the genesis on."""
    lines = [write_line(record) for record in example_records(suite)]
    origin = genesis(suite, TERMINAL, _public(suite))
    return lines, [origin, *extend(suite, origin, lines)]


def _public(suite: Suite) -> bytes:
    return suite.load_private(bytes.fromhex(SECRETS[suite.name])).public_bytes()


def batch_of(suite: Suite, first: int, last: int) -> str:
    """The body of a batch of the example chain."""
    lines, digests = _chain(suite)
    prev, head = digests[first - 1].hex(), digests[last].hex()
    header = BatchHeader(
        first=first,
        last=last,
        prev=prev,
        head=head,
        signature=sign(suite, signed_text(TERMINAL, first, last, prev, head)).hex(),
        terminal=TERMINAL,
    )
    return b"\n".join([write_header(header), *lines[first - 1 : last], b""]).decode()


def suite_vector(suite: Suite) -> dict[str, Any]:
    """One terminal of this suite from its enrolment to its exported chain."""
    lines, digests = _chain(suite)
    public = _public(suite)
    batches = []
    for first, last in ((1, 2), (3, 4)):
        prev, head = digests[first - 1].hex(), digests[last].hex()
        text = signed_text(TERMINAL, first, last, prev, head)
        batches.append(
            {
                "first": first,
                "last": last,
                "signed_text": text.decode(),
                "signature": sign(suite, text).hex(),
                "body": batch_of(suite, first, last),
            }
        )
    return {
        "terminal": TERMINAL,
        "secret_key": SECRETS[suite.name],
        "public_key": public.hex(),
        "fingerprint": fingerprint(suite, public),
        "genesis_text": f"hengyuan-chain-v1\n{TERMINAL}\n{suite.name}\n{public.hex()}\n",
        "genesis_digest": digests[0].hex(),
        "records": [
            {
                "line": line.decode(),
                "digest": digest.hex(),
                "ticket": str(ticket_of(TERMINAL, seq, digest)),
            }
            for seq, (line, digest) in enumerate(zip(lines, digests[1:], strict=True), start=1)
        ],
        "batches": batches,
        "file": {
            "bytes_base64": base64.b64encode(PICTURE).decode(),
            "digest": suite.digest(PICTURE).hex(),
        },
        "requests": [
            _request(suite, "GET", "/api/intake/v1/watermark", b""),
            _request(suite, "POST", "/api/intake/v1/heartbeat", _heartbeat()),
            _request(suite, "PUT", f"/api/intake/v1/files/{suite.digest(PICTURE).hex()}", PICTURE),
            _request(suite, "POST", "/api/intake/v1/journal", _journal()),
        ],
        "archive": _archive(suite, lines, digests),
    }


def _archive(suite: Suite, lines: list[bytes], digests: list[bytes]) -> str:
    header = ArchiveHeader(
        digest=digests[0].hex(),
        last=4,
        public_key=_public(suite).hex(),
        suite=suite.name,
        terminal=TERMINAL,
    )
    written = [write_archive_header(header)]
    for first, last in ((1, 2), (3, 4)):
        written.append(batch_of(suite, first, last).split("\n")[0].encode())
        written += [
            write_archive_record(digests[seq], lines[seq - 1]) for seq in range(first, last + 1)
        ]
    return b"\n".join([*written, b""]).decode()


def _request(suite: Suite, method: str, path: str, body: bytes) -> dict[str, Any]:
    time_ms = WEIGHED_AT + 3_600_000
    text = request_text(suite, TERMINAL, method, path, time_ms, body)
    return {
        "method": method,
        "path": path,
        "body_base64": base64.b64encode(body).decode(),
        "signed_text": text.decode(),
        "headers": {
            TERMINAL_HEADER: TERMINAL,
            TIME_HEADER: str(time_ms),
            SIGNATURE_HEADER: sign(suite, text).hex(),
        },
    }


_ORDER = Command(
    id="6f1d8f0e-0c53-4a0b-9a57-3f1f6f0f7d21",
    name="take_clip",
    arguments={"camera": "front", "from_ms": WEIGHED_AT - 30_000, "to_ms": WEIGHED_AT + 30_000},
)
_POLL = Poll(
    cameras=(Camera(lane=1, name="front", place="front"), Camera(name="大门", place="")),
    have=("0d9f5a34-5d4c-4d6e-8f0b-1c5b7a9e2f10",),
    wait_s=25,
)


def _heartbeat() -> bytes:
    beat = Heartbeat(
        clock_ms=WEIGHED_AT + 3_600_000,
        clock_offset_ms=-12,
        devices={"scale": "ok", "front_camera": "ok", "led": "offline"},
        disk_free_mb=81_920,
        queue=1,
        rule_pack="cn-2016.1",
        seq=4,
        software="example 1.0",
    )
    return _json(beat).encode()


def _journal() -> bytes:
    happened: list[tuple[int, str, Any]] = [
        (1, "left_unweighed", "backed_off"),
        (0, "device_failed", {"device": "LED", "state": "offline"}),
        (0, "ticket_opened", {"ticket": 1, "device": "LED", "problem": "无显示", "by": "门卫甲"}),
    ]
    entries = [
        JournalEntry(
            number=number,
            at_ms=WEIGHED_AT + number * 60_000,
            lane=lane,
            what=what,
            detail=detail if isinstance(detail, str) else _json(detail),
        )
        for number, (lane, what, detail) in enumerate(happened, start=1)
    ]
    return write_part(entries)[0]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def blocks() -> dict[str, str]:
    """The example blocks of docs/protocol.md by name."""
    ed, sm = suite_vector(ED25519_SHA256), suite_vector(SM2_SM3)
    made = {
        "enrol-request": json.dumps(
            {
                "code": "AB12C-DE34F-GH56J-KM78N",
                "suite": "Ed25519-SHA256",
                "public_key": ed["public_key"],
            }
        ),
        "enrol-answer": json.dumps(
            {
                "terminal": TERMINAL,
                "terminal_name": "1号出口",
                "suite": "Ed25519-SHA256",
                "unit": "14102451001",
                "unit_name": "某某煤矿",
                "county": "141024",
                "platform_key": ed["public_key"],
                "platform_suite": "Ed25519-SHA256",
                "platform_time": WEIGHED_AT - 3_600_000,
            },
            ensure_ascii=False,
        ),
        "sm2": _pairs(
            (key, _sm2_vector()[key])
            for key in ("secret_key", "public_key", "id", "z", "message", "e", "signature")
        ),
        "stored": _json(Stored(Watermark(2, ed["records"][1]["digest"]), 2)),
        "stored-again": _json(Stored(Watermark(2, ed["records"][1]["digest"]), 0)),
        "gap": json.dumps(
            Refusal(
                "gap",
                "record 3 is due, the batch begins with 5",
                expected=3,
                watermark={"seq": 2, "digest": ed["records"][1]["digest"]},
            ).as_dict()
        ),
        "watermark": json.dumps({"watermark": {"seq": 2, "digest": ed["records"][1]["digest"]}}),
        "heartbeat": json.dumps(json.loads(_heartbeat()), indent=1),
        "heartbeat-answer": _json(
            HeartbeatAnswer(
                time_ms=WEIGHED_AT + 3_600_012,
                watermark=Watermark(2, ed["records"][1]["digest"]),
                commands=[
                    Command(
                        id="resend-" + ed["file"]["digest"][:16],
                        name="resend_files",
                        arguments={"digests": [ed["file"]["digest"]]},
                    )
                ],
            )
        ),
        "poll": json.dumps(json.loads(_json(_POLL)), indent=1, ensure_ascii=False),
        "poll-answer": _json(PollAnswer(commands=[_ORDER])),
        "outcome": _json(Outcome(state="working", text="sending", percent=40)),
        "outcome-answer": _json(OutcomeAnswer(state="working")),
        "live-answer": _json(LiveAnswer(go_on=True)),
        "journal": json.dumps(json.loads(_journal()), indent=1, ensure_ascii=False),
        "journal-answer": _json(JournalStored(last=3)),
        "file-progress": _json(FileProgress(32, complete=False)),
        "file-complete": _json(FileProgress(len(PICTURE), complete=True)),
        "archive": ed["archive"].rstrip("\n"),
    }
    for short, vector in (("ed25519", ed), ("sm2", sm)):
        first = vector["batches"][0]
        made |= {
            f"{short}-keys": _pairs(
                (key, vector[key]) for key in ("secret_key", "public_key", "fingerprint")
            ),
            f"{short}-genesis-text": vector["genesis_text"].rstrip("\n"),
            f"{short}-genesis": vector["genesis_digest"],
            f"{short}-lines": "\n".join(record["line"] for record in vector["records"]),
            f"{short}-digests": _pairs(
                (f"digest({seq})", record["digest"])
                for seq, record in enumerate(vector["records"], start=1)
            ),
            f"{short}-tickets": "\n".join(record["ticket"] for record in vector["records"]),
            f"{short}-signed-text": first["signed_text"].rstrip("\n"),
            f"{short}-signature": first["signature"],
            f"{short}-batch": first["body"].rstrip("\n"),
            f"{short}-request": _request_block(vector["requests"][1]),
        }
    return made


def _pairs(pairs: Any) -> str:
    items = list(pairs)
    width = max(len(key) for key, _ in items)
    return "\n".join(f"{key:{width}}  {value}" for key, value in items)


def _request_block(request: dict[str, Any]) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in request["headers"].items())
    return f"{request['signed_text']}\n{headers}"


BLOCK = re.compile(r"^```(\w+) example=([a-z0-9-]+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks_in(text: str) -> dict[str, str]:
    """The example blocks that a document holds, by name, without their last line feed."""
    return {found[2]: found[3].removesuffix("\n") for found in BLOCK.finditer(text)}


def _rewrite() -> None:
    VECTORS.parent.mkdir(exist_ok=True)
    VECTORS.write_text(json.dumps(build(), ensure_ascii=False, indent=1) + "\n")
    made = blocks()

    def replaced(found: re.Match[str]) -> str:
        content = made.get(found[2], found[3].removesuffix("\n"))
        return f"```{found[1]} example={found[2]}\n{content}\n```"

    PROTOCOL.write_text(BLOCK.sub(replaced, PROTOCOL.read_text()))


if __name__ == "__main__":
    _rewrite()
