"""docs/protocol.md and its vectors say what the code does: every example, table and number."""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import msgspec.inspect as mi
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from hengyuan.law.codes import CARGO_TYPES
from hengyuan.platform.intake import evidence
from hengyuan.platform.terminals import api as enrolment
from hengyuan.platform.terminals.models import HEARTBEAT_EVERY, ONLINE_WITHIN
from hengyuan.platform.terminals.services import CODE_VALID_FOR
from hengyuan.platform.upkeep import standing, words
from hengyuan.platform.video.words import FAILURES
from hengyuan.platform.weighing.evidence import MAX_FILE
from hengyuan.record.answers import Heartbeat, HeartbeatAnswer
from hengyuan.record.archive import ArchiveHeader, verify_archive
from hengyuan.record.batch import (
    MAX_BODY_BYTES,
    MAX_LINES,
    BatchHeader,
    check_lines,
    check_signature,
    parse,
    read_due,
)
from hengyuan.record.canonical import MAX_LINE_BYTES, read_line, write_line
from hengyuan.record.commands import MAX_WAIT_S, Outcome, Poll, PollAnswer
from hengyuan.record.footage import (
    MAX_CLIP_BYTES,
    MAX_INIT_BYTES,
    MAX_SEGMENT_BYTES,
    MAX_SEGMENT_MS,
)
from hengyuan.record.journal import MAX_ENTRIES, MAX_JOURNAL_BYTES, JournalEntry, read_part
from hengyuan.record.model import (
    COMBINATIONS,
    FILE_KINDS,
    FLAGS,
    KINDS,
    PLATE_COLOURS,
    VERDICTS,
    Record,
)
from hengyuan.record.refusal import STATUS, Refusal
from hengyuan.record.requests import MAX_AGE_MS, check_request
from hengyuan.record.suites import ED25519_SHA256, SUITES, suite_named
from hengyuan.terminal.clock import MAX_OFFSET_MS
from tests.record import sm2, vectors

TEXT = vectors.PROTOCOL.read_text()
BLOCKS = vectors.blocks_in(TEXT)
VECTORS: dict[str, Any] = json.loads(vectors.VECTORS.read_text())
AGAIN = "python -m tests.record.vectors makes it anew"
each_suite = pytest.mark.parametrize("suite", SUITES)


def table_with(*heading: str) -> list[list[str]]:
    """The rows of the only table with this heading, cells without back-ticks."""
    head = "| " + " | ".join(heading) + " |\n"
    assert TEXT.count(head) == 1, heading
    rows = []
    for row in TEXT.split(head)[1].splitlines()[1:]:
        if not row.startswith("|"):
            break
        rows.append([cell.strip().replace("`", "") for cell in row.strip("|").split(" | ")])
    return rows


def names_in(marker: str) -> set[str]:
    """The names in back-ticks of the paragraph that begins with this marker."""
    assert TEXT.count(f"\n{marker}") == 1, marker
    paragraph = TEXT.split(f"\n{marker}")[1].split("\n\n")[0]
    return set(re.findall(r"`([^`]+)`", paragraph))


# -- the examples ------------------------------------------------------------------------------


def test_the_examples_are_what_the_code_makes() -> None:
    made = vectors.blocks()
    assert set(BLOCKS) == {*made, "client"}
    for name, content in made.items():
        assert BLOCKS[name] == content, f"{name}: {AGAIN}"


def test_the_vectors_are_what_the_code_makes() -> None:
    assert vectors.build() == VECTORS, AGAIN


def test_every_json_example_is_json() -> None:
    ndjson = {"ed25519-lines", "sm2-lines", "ed25519-batch", "sm2-batch"}
    read = 0
    for language, name, content in vectors.BLOCK.findall(TEXT):
        if language == "json" and name != "archive":
            for text in content.splitlines() if name in ndjson else [content]:
                assert isinstance(json.loads(text), dict)
                read += 1
    assert read > 20


@pytest.mark.parametrize(
    ("short", "name", "digest"),
    [("ed25519", "Ed25519-SHA256", "sha256"), ("sm2", "SM2-SM3", "sm3")],
)
def test_the_worked_example_follows_from_the_page_alone(short: str, name: str, digest: str) -> None:
    """By hashlib, `cryptography` and the plain SM2, from the blocks' text: nothing of ours."""

    def h(data: bytes) -> bytes:
        return hashlib.new(digest, data).digest()

    def block(suffix: str) -> str:
        return BLOCKS[f"{short}-{suffix}"]

    def is_signed(signature: str, text: str) -> bool:
        if name == "SM2-SM3":
            return sm2.verify(public, bytes.fromhex(signature), text.encode())
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(signature), text.encode())
        return True

    keys = dict(line.split(None, 1) for line in block("keys").splitlines())
    secret, public = bytes.fromhex(keys["secret_key"]), bytes.fromhex(keys["public_key"])
    if name == "SM2-SM3":
        assert sm2.public_point(int.from_bytes(secret, "big")) == public
    else:
        own = Ed25519PrivateKey.from_private_bytes(secret).public_key()
        assert own.public_bytes_raw() == public
    assert h(public)[:16].hex() == keys["fingerprint"].replace(" ", "")

    genesis_text = block("genesis-text") + "\n"
    assert genesis_text.splitlines()[2:] == [name, keys["public_key"]]
    reached = h(genesis_text.encode())
    assert reached.hex() == block("genesis")

    lines = block("lines").encode().splitlines()
    digests = [row.split()[1] for row in block("digests").splitlines()]
    for line, expected in zip(lines, digests, strict=True):
        spelt = json.dumps(
            json.loads(line), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        assert spelt.encode() == line
        reached = h(reached + line)
        assert reached.hex() == expected
    assert block("tickets").splitlines() == [
        f"{genesis_text.splitlines()[1]}-{seq}-{digest[:8]}"
        for seq, digest in enumerate(digests, start=1)
    ]

    header_line, *batch_lines = block("batch").encode().splitlines()
    header = json.loads(header_line)
    assert batch_lines == lines[:2]
    signed = [
        "hengyuan-batch-v1",
        header["terminal"],
        str(header["first"]),
        str(header["last"]),
        block("genesis"),
        digests[1],
    ]
    assert block("signed-text").split("\n") == signed
    assert (header["prev"], header["head"]) == (block("genesis"), digests[1])
    assert header["signature"] == block("signature")
    assert is_signed(block("signature"), block("signed-text") + "\n")

    text, headers = block("request").split("\n\n")
    body = json.dumps(json.loads(BLOCKS["heartbeat"]), separators=(",", ":")).encode()
    assert text.split("\n")[-1] == h(body).hex()
    assert is_signed(headers.split("hengyuan-signature: ")[1], text + "\n")


def test_the_sm2_example_is_the_standard_s() -> None:
    shown = dict(line.split(None, 1) for line in BLOCKS["sm2"].splitlines())
    public = bytes.fromhex(shown["public_key"])
    message = shown["message"].encode()
    assert shown["id"].encode() == sm2.DEFAULT_ID
    assert sm2.z_value(public).hex() == shown["z"]
    assert sm2.sm3(bytes.fromhex(shown["z"]) + message).hex() == shown["e"]
    assert sm2.verify(public, bytes.fromhex(shown["signature"]), message)
    # printed in the standard, hence known without any code
    assert shown["z"].startswith("b2e14c5c79c6df5b")
    assert shown["signature"].startswith("f5a03b0648d2c463")


def test_the_printed_exported_chain_is_sound() -> None:
    report = verify_archive(line + b"\n" for line in BLOCKS["archive"].encode().splitlines())
    assert report.sound
    assert (report.first, report.last, report.batches) == (1, 4, 2)
    assert set(json.loads(BLOCKS["archive"].splitlines()[0])) == {
        field.name for field in msgspec.structs.fields(ArchiveHeader)
    }


def test_answers_in_the_examples_are_read_by_our_types() -> None:
    assert msgspec.json.decode(BLOCKS["heartbeat"], type=Heartbeat).seq == 4
    answer = msgspec.json.decode(BLOCKS["heartbeat-answer"], type=HeartbeatAnswer)
    assert answer.commands[0].name == "resend_files"


# -- the vectors, as another implementation would use them --------------------------------------


@each_suite
def test_the_vectors_of_a_suite_hold(suite: str) -> None:
    vector, ours = VECTORS["suites"][suite], suite_named(suite)
    public = ours.load_public(bytes.fromhex(vector["public_key"]))
    for batch in vector["batches"]:
        parsed = parse(batch["body"].encode())
        check_signature(parsed.header, public)
        verified = check_lines(parsed, ours)
        expected = vector["records"][batch["first"] - 1 : batch["last"]]
        assert [d.hex() for d in verified.digests] == [record["digest"] for record in expected]
    for request in vector["requests"]:
        headers = request["headers"]
        assert check_request(
            ours,
            public,
            headers["hengyuan-terminal"],
            request["method"],
            request["path"],
            int(headers["hengyuan-time"]),
            base64.b64decode(request["body_base64"]),
            headers["hengyuan-signature"],
        )
    picture = base64.b64decode(vector["file"]["bytes_base64"])
    assert ours.digest(picture).hex() == vector["file"]["digest"]
    report = verify_archive(vector["archive"].encode().splitlines(keepends=True))
    assert (report.sound, report.records) == (True, 4)


def _bytes(vector: dict[str, str]) -> bytes:
    return bytes.fromhex(vector["line_hex"]) if "line_hex" in vector else vector["line"].encode()


@pytest.mark.parametrize(
    "vector", VECTORS["lines"]["accepted"], ids=[v["why"] for v in VECTORS["lines"]["accepted"]]
)
def test_a_line_to_accept_is_accepted(vector: dict[str, str]) -> None:
    line = _bytes(vector)
    assert read_due(line, 1, 1, VECTORS["lines"]["terminal"]) == read_line(line)
    assert write_line(read_line(line)) == line


@pytest.mark.parametrize(
    "vector", VECTORS["lines"]["refused"], ids=[v["why"] for v in VECTORS["lines"]["refused"]]
)
def test_a_line_to_refuse_is_refused_with_its_code(vector: dict[str, str]) -> None:
    with pytest.raises(Refusal) as caught:
        read_due(_bytes(vector), 1, 1, VECTORS["lines"]["terminal"])
    assert caught.value.code == vector["error"]


@pytest.mark.parametrize(
    "vector",
    VECTORS["batches"]["refused"],
    ids=[v["why"] for v in VECTORS["batches"]["refused"]],
)
def test_a_batch_to_refuse_is_refused_with_its_code_and_line(vector: dict[str, Any]) -> None:
    public = bytes.fromhex(VECTORS["suites"]["Ed25519-SHA256"]["public_key"])
    with pytest.raises(Refusal) as caught:
        batch = parse(vector["body"].encode())
        check_signature(batch.header, ED25519_SHA256.load_public(public))
        check_lines(batch, ED25519_SHA256)
    assert (caught.value.code, caught.value.line) == (vector["error"], vector["line"])


def test_the_vectors_reach_every_code_that_a_checker_of_batches_can_give() -> None:
    seen = {v["error"] for v in VECTORS["lines"]["refused"] + VECTORS["batches"]["refused"]}
    assert seen == {
        "malformed",
        "bad_signature",
        "bad_record",
        "not_canonical",
        "broken_chain",
        "too_large",
    }


# -- the tables ---------------------------------------------------------------------------------

NAMED = {
    "kind": KINDS,
    "verdict": VERDICTS,
    "combination": COMBINATIONS,
    "plate_colour": PLATE_COLOURS,
    "flags": FLAGS,
}


def _type_and_bounds(kind: mi.Type) -> tuple[str, str]:
    """Type and bounds of a field in the words of the table."""
    match kind:
        case mi.UnionType(types=(inner, mi.NoneType())):
            return _type_and_bounds(inner)
        case mi.Metadata(type=mi.StrType() as text, extra_json_schema={"pattern": pattern}):
            return _type_and_bounds(msgspec.structs.replace(text, pattern=pattern))
        case mi.BoolType():
            return "boolean", "–"
        case mi.IntType(ge=low, le=high):
            return "integer", f"{low}…{high}"
        case mi.LiteralType(values=(int(only),)):
            return "integer", str(only)
        case mi.LiteralType():
            return "name", "see below"
        case mi.StrType(min_length=4, max_length=4, pattern=r"^[0-9]{4}\Z"):
            return "text", "4 digits"
        case mi.StrType(min_length=low, max_length=high, pattern=pattern):
            counted = f"{low}…{high} characters" if low else f"at most {high} characters"
            plain = pattern if pattern and r"\x" not in pattern else None
            # JSON schema and most languages write the end of a text as $
            return "text", counted + (f", {plain.replace(chr(92) + 'Z', '$')}" if plain else "")
        case mi.VarTupleType(item_type=item, max_length=most):
            inner, bounds = _type_and_bounds(item)
            each = f", each {bounds}" if inner == "integer" else ""
            return f"list of {inner}", f"at most {most}{each}"
        case mi.StructType():
            return "file", "–"
        case mi.DictType(max_length=most, key_type=mi.StrType(min_length=low, max_length=high)):
            return "object", f"at most {most}; names {low}…{high} characters"
    raise AssertionError(f"no words for {kind}")


def test_the_table_of_fields_is_the_record() -> None:
    rows = table_with("field", "type", "bounds", "unit", "required", "meaning")
    fields = {field.name: field for field in mi.type_info(Record).fields}  # type: ignore[attr-defined]
    assert [row[0] for row in rows] == list(fields)
    for name, kind, bounds, unit, required, meaning in rows:
        expected_kind, expected_bounds = _type_and_bounds(fields[name].type)
        if name == "assumed":  # the default is false, and a default is never written
            expected_bounds = "only true"
        assert (name, kind, bounds) == (name, expected_kind, expected_bounds)
        assert (required == "yes") == fields[name].required, name
        for suffix, expected_unit in (("_kg", "kg"), ("_mm", "mm"), ("weighed_at", "ms")):
            assert (unit == expected_unit) == name.endswith(suffix), name
        assert meaning
        assert ("at least one element" in meaning) == kind.startswith("list"), name


def test_the_table_of_the_heartbeat_is_the_heartbeat() -> None:
    rows = table_with("member", "type", "bounds", "required", "meaning")
    fields = {field.name: field for field in mi.type_info(Heartbeat).fields}  # type: ignore[attr-defined]
    assert [row[0] for row in rows] == list(fields)
    for name, kind, bounds, required, _ in rows:
        assert (name, kind, bounds) == (name, *_type_and_bounds(fields[name].type))
        assert (required == "yes") == fields[name].required, name


def test_the_table_of_the_journal_is_its_entry() -> None:
    rows = table_with("entry member", "type", "bounds", "required", "meaning")
    fields = {field.name: field for field in mi.type_info(JournalEntry).fields}  # type: ignore[attr-defined]
    assert [row[0] for row in rows] == list(fields)
    for name, kind, bounds, required, _ in rows:
        expected_kind, expected = _type_and_bounds(fields[name].type)
        if name == "what":  # its pattern says how long it may be
            expected = "1…40 characters, " + expected.partition(", ")[2]
        assert (name, kind, bounds) == (name, expected_kind, expected)
        assert (required == "yes") == fields[name].required, name


def test_what_the_platform_reads_of_a_journal_is_what_the_table_says() -> None:
    table = {row[0] for row in table_with("what", "members of the detail", "meaning")}
    assert set(standing._READERS) <= table
    assert table <= set(words.WHATS)


def test_the_journal_of_the_example_is_one() -> None:
    part = read_part(BLOCKS["journal"].encode())
    assert [entry.number for entry in part.entries] == [1, 2, 3]


def test_the_states_of_a_device_are_named() -> None:
    states = mi.type_info(Heartbeat).fields[2].type.value_type.values  # type: ignore[attr-defined]
    row = next(row for row in TEXT.splitlines() if row.startswith("| `devices`"))
    assert set(re.findall(r"`(\w+)`", row)) == {"devices", *states}


def test_the_table_of_the_batch_header_is_the_header() -> None:
    rows = table_with("header member", "type", "meaning")
    named = ", ".join(row[0] for row in rows).split(", ")
    assert sorted(named) == [field.name for field in msgspec.structs.fields(BatchHeader)]


def test_every_name_of_a_record_is_explained() -> None:
    after_kind, after_flags, after_files = (
        {row[0] for row in _table_after(marker)}
        for marker in ("**kind**", "**flags**", "**files**")
    )
    assert after_kind == set(KINDS)
    assert after_flags == set(FLAGS)
    assert after_files == set(FILE_KINDS)
    assert names_in("**verdict**") == set(VERDICTS)
    assert names_in("**combination**") == set(COMBINATIONS)
    assert names_in("**plate_colour**") == set(PLATE_COLOURS)
    assert names_in("**cargo**") == set(CARGO_TYPES)


def _table_after(marker: str) -> list[list[str]]:
    rows = TEXT.split(f"\n{marker}")[1].split("|---|---|\n")[1].split("\n\n")[0].splitlines()
    return [[cell.strip().strip("`") for cell in row.strip("|").split(" | ")] for row in rows]


def test_cargo_classes_have_the_law_s_words() -> None:
    for code, named in CARGO_TYPES.items():
        assert f"`{code}` {named}" in TEXT


def test_the_table_of_refusals_is_what_the_platform_answers() -> None:
    refusals, enrolments = (
        {(int(row[0]), row[1]) for row in table_with("status", "error", *rest)}
        for rest in (("meaning", "next"), ("what to do",))
    )
    assert refusals == {(status, code) for code, status in STATUS.items()}
    assert enrolments == {
        (int(status), refused.error) for refused, status in enrolment._STATUS.items()
    }


def test_the_limits_are_those_of_the_code() -> None:
    assert {row[0]: int(row[1]) for row in table_with("what", "limit")} == {
        "records in a batch": MAX_LINES,
        "bytes in a batch body": MAX_BODY_BYTES,
        "bytes in a record line": MAX_LINE_BYTES,
        "entries in a part of the journal": MAX_ENTRIES,
        "bytes in a part of the journal": MAX_JOURNAL_BYTES,
        "bytes in one part of a file": evidence.MAX_CHUNK,
        "bytes in a file": MAX_FILE,
        "time of a signed request off the platform's, ms": MAX_AGE_MS,
        "heartbeat every, s": int(HEARTBEAT_EVERY.total_seconds()),
    }


def test_figures_in_sentences_are_those_of_the_code() -> None:
    assert f"silent for {int(ONLINE_WITHIN.total_seconds())} s" in TEXT
    assert "valid for three\ndays" in TEXT
    assert CODE_VALID_FOR.days == 3
    assert f"{MAX_AGE_MS // 60_000} minutes from the platform's clock" in TEXT
    assert f"at most {evidence.MAX_CHUNK >> 20} MiB" in TEXT
    assert f"up to {MAX_FILE >> 20} MiB" in TEXT
    assert f"At most {MAX_LINE_BYTES} bytes" in TEXT
    assert MAX_OFFSET_MS == 5_000
    assert TEXT.count("more than 5 s") == 3


def test_the_members_of_the_enrolment_are_named() -> None:
    asked = {row[0] for row in table_with("member", "type", "meaning")}
    assert asked == {field.name for field in msgspec.structs.fields(enrolment.EnrolmentRequest)}
    answered = ", ".join(row[0] for row in table_with("member", "meaning")).split(", ")
    assert sorted(answered) == sorted(json.loads(BLOCKS["enrol-answer"]))


def test_links_within_the_page_lead_somewhere() -> None:
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^##+ (.+)$", TEXT, re.MULTILINE)
    }
    without_blocks = re.sub(r"^```.*?^```$", "", TEXT, flags=re.DOTALL | re.MULTILINE)
    prose = re.sub(r"`[^`]*`", "code", without_blocks)
    links = re.findall(r"\]\(([^)]+)\)", prose)
    assert len(links) > 20
    for link in links:
        if link.startswith("#"):
            assert link[1:] in anchors, link
        else:
            assert (vectors.PROTOCOL.parent / Path(link)).is_file(), link


def test_sections_that_are_referred_to_exist() -> None:
    numbers = set(re.findall(r"^##+ ([0-9.]+) ", TEXT, re.MULTILINE))
    referred = set(re.findall(r"\[?§([0-9]+(?:\.[0-9]+)?)\]?\(?", TEXT)) - {"7.1"}
    assert referred <= numbers


# -- commands and pictures ----------------------------------------------------------------------


def _members(heading: str, of: type, lists: dict[str, str]) -> None:
    """The table with this heading is the struct; `lists` are lists whose elements are described."""
    rows = table_with(heading, "type", "bounds", "required", "meaning")
    fields = {field.name: field for field in mi.type_info(of).fields}  # type: ignore[attr-defined]
    assert [row[0] for row in rows] == list(fields)
    for name, kind, bounds, required, meaning in rows:
        assert (required == "yes") == fields[name].required, name
        assert meaning
        if name in lists:
            assert kind == lists[name]
        elif kind != "name":
            assert (kind, bounds) == _type_and_bounds(fields[name].type), name


def test_the_tables_of_commands_are_the_code() -> None:
    _members("poll member", Poll, {"cameras": "list of camera", "have": "list of text"})
    _members("outcome member", Outcome, {})
    rows = {
        row[0]: row for row in table_with("outcome member", "type", "bounds", "required", "meaning")
    }
    assert set(rows["state"][2].split(", ")) == {"working", "done", "failed"}
    (have,) = (f for f in mi.type_info(Poll).fields if f.name == "have")  # type: ignore[attr-defined]
    assert have.type.max_length == 64
    assert f"0…{MAX_WAIT_S}" in TEXT


def test_the_examples_of_commands_are_read_by_our_types() -> None:
    assert msgspec.json.decode(BLOCKS["poll"], type=Poll).wait_s == 25
    (command,) = msgspec.json.decode(BLOCKS["poll-answer"], type=PollAnswer).commands
    assert set(command.arguments) == {"camera", "from_ms", "to_ms"}
    assert msgspec.json.decode(BLOCKS["outcome"], type=Outcome).percent == 40


def test_every_failure_that_is_named_has_words_at_the_platform() -> None:
    assert {row[0] for row in table_with("failure", "meaning")} == set(FAILURES)


def test_the_limits_of_pictures_are_those_of_the_code() -> None:
    assert {row[0]: int(row[1]) for row in table_with("pictures", "limit")} == {
        "bytes in an initialisation segment": MAX_INIT_BYTES,
        "bytes in a segment": MAX_SEGMENT_BYTES,
        "duration of a segment, ms": MAX_SEGMENT_MS,
        "bytes in a clip": MAX_CLIP_BYTES,
    }
