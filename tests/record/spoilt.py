"""Lines and batches that a checker must take or refuse, each with why: part of the vectors."""

import json
from collections.abc import Callable
from typing import Any

Vector = dict[str, Any]


def _line(terminal: str, **changes: Any) -> str:
    fields = {
        "gross_kg": 30480,
        "kind": "exit",
        "lane": 1,
        "seq": 1,
        "terminal": terminal,
        "v": 1,
        "verdict": "unknown",
        "weighed_at": 1785542400000,
    } | changes
    present = {key: value for key, value in fields.items() if value is not None}
    return json.dumps(present, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _file(digit: str, kind: str) -> dict[str, str]:
    return {"digest": digit * 64, "kind": kind}


def accepted_lines(terminal: str) -> list[Vector]:
    """Lines that hold, though a checker may stumble over them."""
    judged = {"limit_kg": 49000, "rule_pack": "cn-2016.1"}
    cases: list[tuple[str, dict[str, Any]]] = [
        ("only what is required", {}),
        ("non-ASCII characters unescaped", {"plate": "晋L00001"}),
        ("a character outside the basic plane", {"carrier": "\U00020bb7野运输"}),
        ("quote and backslash are the only escapes", {"carrier": 'a"b\\c'}),
        ("a slash is not escaped", {"note_no": "ZX/0001"}),
        ("U+2028 and U+00A0 are no control characters", {"carrier": "a\u2028b\u00a0c"}),
        ("what looks like an escape behind an escaped backslash", {"carrier": "a\\n"}),
        ("bounds: heaviest and lightest", {"gross_kg": 200000, "raw_kg": -200000, "tare_kg": 0}),
        ("net may be negative", {"tare_kg": 30481, "net_kg": -1}),
        ("an entry needs no verdict", {"kind": "entry", "verdict": None}),
        (
            "skipped the scale: no weight, verdict unknown",
            {"gross_kg": None, "flags": ["skipped_scale"]},
        ),
        (
            "let out against the verdict",
            judged
            | {
                "gross_kg": 49020,
                "verdict": "over",
                "flags": ["override"],
                "reason": "危化品，就近卸载",
                "witness": "值班长乙",
            },
        ),
        (
            "files sorted by kind, then digest",
            {"files": [_file("b", "cab"), _file("a", "head"), _file("c", "head")]},
        ),
    ]
    return [{"why": why, "line": _line(terminal, **changes)} for why, changes in cases]


def refused_lines(terminal: str) -> list[Vector]:
    """Lines that do not hold, with the code that they are refused with."""
    vectors = [
        {"why": why, "error": "bad_record", "line": _line(terminal, **changes)}
        for why, changes in _CONTRADICTIONS
    ]
    good = _line(terminal, plate="晋L00001")
    for why, error, old, new in _OTHER_SPELLINGS:
        assert good.count(old) == 1, old
        vectors.append({"why": why, "error": error, "line": good.replace(old, new)})
    vectors.append(
        {
            "why": "another terminal's record",
            "error": "bad_record",
            "line": _line(terminal[:-1] + "2"),
        }
    )
    vectors.append({"why": "too long", "error": "too_large", "line": good + " " * 4096})
    for why, damaged in (
        ("a byte that is not UTF-8", b"\xff"),
        ("an overlong encoding of /", b"\xc0\xaf"),
        ("a surrogate encoded as UTF-8", b"\xed\xa0\x80"),
    ):
        line = good.encode().replace("晋".encode(), damaged)
        vectors.append({"why": why, "error": "bad_record", "line_hex": line.hex()})
    return vectors


_CONTRADICTIONS: list[tuple[str, dict[str, Any]]] = [
    ("seq is not the one that is due", {"seq": 2}),
    ("no lane", {"lane": None}),
    ("unknown version", {"v": 2}),
    ("unknown field", {"speed_kmh": 5}),
    ("unknown kind", {"kind": "leave"}),
    ("unknown flag", {"flags": ["odd"]}),
    ("mass below its bound", {"gross_kg": -1}),
    ("mass above its bound", {"gross_kg": 200001}),
    ("mass with a fraction", {"gross_kg": 30480.5}),
    ("mass as a text", {"gross_kg": "30480"}),
    ("time in seconds", {"weighed_at": 1785542400}),
    ("empty text", {"plate": ""}),
    ("text too long", {"plate": "晋" * 17}),
    ("digest in capitals", {"files": [{"digest": "AB" * 32, "kind": "cab"}]}),
    ("control character: line feed", {"carrier": "a\nb"}),
    ("control character: U+0000", {"carrier": "a\x00b"}),
    ("control character: U+007F", {"carrier": "a\x7fb"}),
    ("control character: U+0085", {"carrier": "a\x85b"}),
    ("flags not sorted", {"flags": ["plate_typed", "camera_late"]}),
    ("flag twice", {"flags": ["plate_typed", "plate_typed"]}),
    ("files not sorted", {"files": [_file("a", "head"), _file("b", "cab")]}),
    ("no weight", {"gross_kg": None}),
    ("a weight although it skipped the scale", {"flags": ["skipped_scale"]}),
    ("exit without a verdict", {"verdict": None}),
    ("verdict without limit and rule pack", {"verdict": "pass"}),
    (
        "verdict without a weight",
        {
            "gross_kg": None,
            "flags": ["skipped_scale"],
            "verdict": "pass",
            "limit_kg": 49000,
            "rule_pack": "cn-2016.1",
        },
    ),
    ("net without tare", {"net_kg": 30480}),
    ("net that is not gross minus tare", {"net_kg": 20000, "tare_kg": 10000}),
    ("reweigh that corrects nothing", {"kind": "reweigh"}),
    ("corrects itself", {"corrects": 1}),
    ("void without a reason", {"kind": "void", "corrects": 1}),
    ("override without a second person", {"flags": ["override"], "reason": "x"}),
    ("layout and axles disagree", {"axles": 6, "layout": "1+2+2"}),
    ("axle masses and axles disagree", {"axles": 3, "axle_kg": [6000, 8000]}),
    ("group masses and layout disagree", {"layout": "1+2+3", "group_kg": [6000, 8000]}),
    ("more drive axles than axles", {"axles": 2, "drive_axles": 3}),
]
# why, code, what stands in the good line, what is put there
_OTHER_SPELLINGS: list[tuple[str, str, str, str]] = [
    ("white space", "not_canonical", '"lane":1', '"lane": 1'),
    ("keys not sorted", "not_canonical", '"kind":"exit","lane":1', '"lane":1,"kind":"exit"'),
    ("key twice", "not_canonical", '"lane":1', '"lane":1,"lane":1'),
    ("key escaped", "not_canonical", '"lane":1', '"l\\u0061ne":1'),
    ("null for an unknown value", "not_canonical", '"lane":1', '"lane":1,"limit_kg":null'),
    ("empty list for an absent one", "not_canonical", '"gross_kg"', '"flags":[],"gross_kg"'),
    ("false where absence says it", "not_canonical", '{"gross_kg"', '{"assumed":false,"gross_kg"'),
    ("non-ASCII escaped", "not_canonical", "晋", "\\u664b"),
    ("slash escaped", "not_canonical", "晋", "\\/"),
    ("carriage return at the end", "not_canonical", "1785542400000}", "1785542400000}\r"),
    ("byte order mark", "bad_record", '{"gross_kg"', '\ufeff{"gross_kg"'),
    ("integer written as a float", "bad_record", "30480", "30480.0"),
    ("exponent", "bad_record", "30480", "3048e1"),
    ("leading zero", "bad_record", "30480", "030480"),
    ("integer beyond 64 bits", "bad_record", "30480", "9" * 30),
    ("lone surrogate escaped", "bad_record", "晋", "\\ud800"),
    ("cut off", "bad_record", "1785542400000}", "1785542400000"),
    ("two objects", "bad_record", '{"gross_kg"', '{}{"gross_kg"'),
    ("no object", "bad_record", '{"gross_kg"', '[{"gross_kg"'),
]


def refused_batches(body: str, sign: Callable[[bytes], bytes]) -> list[Vector]:
    """Spoilt forms of a good batch of records 1 to 4, with code and line of the refusal.

    `sign` makes the terminal's signature, for those that it signed itself.
    """
    header_line, *lines = body.split("\n")[:-1]
    header = json.loads(header_line)

    def batch(changes: Vector, records: list[str], end: str = "\n") -> str:
        changed = json.dumps(header | changes, sort_keys=True, separators=(",", ":"))
        return "\n".join([changed, *records]) + end

    def signed(**changes: Any) -> Vector:
        h = header | changes
        text = (
            f"hengyuan-batch-v1\n{h['terminal']}\n{h['first']}\n{h['last']}\n"
            f"{h['prev']}\n{h['head']}\n"
        )
        return changes | {"signature": sign(text.encode()).hex()}

    altered = [*lines[:2], lines[2].replace("36420", "30420"), lines[3]]
    cases: list[tuple[str, str, int | None, str]] = [
        ("empty", "malformed", None, ""),
        ("last line cut off", "malformed", None, batch({}, lines, end="")),
        ("no records", "malformed", 0, batch({}, [])),
        ("a record is missing", "malformed", 0, batch({}, lines[:3])),
        ("no header", "malformed", 0, "\n".join(lines) + "\n"),
        ("version 2", "malformed", 0, batch({"batch": 2}, lines)),
        ("unknown member", "malformed", 0, batch({"more": 1}, lines)),
        (
            "signature in capitals",
            "malformed",
            0,
            batch({"signature": header["signature"].upper()}, lines),
        ),
        ("a record was altered", "broken_chain", None, batch({}, altered)),
        (
            "two records were swapped",
            "bad_record",
            2,
            batch({}, [lines[0], lines[2], lines[1], lines[3]]),
        ),
        (
            "a record was written otherwise",
            "not_canonical",
            4,
            batch({}, [*lines[:3], lines[3].replace('"lane":1', '"lane": 1')]),
        ),
        ("nobody signed it", "bad_signature", None, batch({"signature": "00" * 64}, lines)),
        (
            "signature of another range",
            "bad_signature",
            None,
            batch({"signature": signed(last=3)["signature"]}, lines),
        ),
        ("head that was not signed", "bad_signature", None, batch({"head": "ab" * 32}, lines)),
        (
            "signed head that the records do not lead to",
            "broken_chain",
            None,
            batch(signed(head="ab" * 32), lines),
        ),
    ]
    return [
        {"why": why, "error": error, "line": line, "body": text} for why, error, line, text in cases
    ]
