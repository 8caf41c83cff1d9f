"""`hengyuan record verify` as a clerk and a script meet it."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hengyuan.cli.record import REASONS, app
from hengyuan.record.archive import ProblemCode
from hengyuan.record.suites import SM2_SM3, fingerprint
from tests.record.samples import TERMINAL, Chain

CHAIN = Chain(SM2_SM3).grow(6)
WHOLE = CHAIN.archive((1, 3), (4, 6), last=6)
FINGERPRINT = fingerprint(CHAIN.suite, CHAIN.public)


def run(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["verify", *arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


def run_json(*arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = run(*arguments, "--json")
    assert out.count("\n") == 1
    return code, json.loads(out)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "chain.ndjson"
    path.write_bytes(WHOLE)
    return path


def test_a_sound_chain_is_told_in_chinese_with_the_fingerprint_to_compare(file: Path) -> None:
    code, out, _ = run(str(file))
    assert code == 0
    assert out.startswith("记录链完好\n")
    assert TERMINAL in out
    assert FINGERPRINT in out
    assert "请与终端登记表核对" in out
    assert "第 1 号至第 6 号，6 条，2 批" in out
    assert "终端登记，之前没有记录" in out
    assert CHAIN.digests[6].hex() in out


def test_a_sound_chain_as_json(file: Path) -> None:
    assert run_json(str(file)) == (
        0,
        {
            "sound": True,
            "terminal": TERMINAL,
            "suite": "SM2-SM3",
            "public_key": CHAIN.public.hex(),
            "fingerprint": FINGERPRINT,
            "from_genesis": True,
            "first": 1,
            "last": 6,
            "head": CHAIN.digests[6].hex(),
            "records": 6,
            "batches": 2,
            "problem": None,
        },
    )


def test_a_chain_from_the_middle_says_that_something_lies_before_it(file: Path) -> None:
    file.write_bytes(CHAIN.archive((4, 6), after=3))
    assert "之前的记录不在文件内" in run(str(file))[1]
    assert run_json(str(file))[1]["from_genesis"] is False


def test_an_empty_chain_is_sound(file: Path) -> None:
    file.write_bytes(CHAIN.archive())
    code, out, _ = run(str(file))
    assert code == 0
    assert "没有记录" in out


def test_a_broken_chain_names_line_seq_and_reason(file: Path) -> None:
    file.write_bytes(WHOLE.replace(b"30005", b"20005"))
    code, out, _ = run(str(file))
    assert code == 1
    assert out.startswith("记录链已断\n")
    assert "第 8 行，记录序号 5" in out
    assert REASONS["digest_differs"] in out
    assert "第 1 号至第 3 号，3 条，1 批" in out
    code, answer = run_json(str(file))
    assert code == 1
    assert answer["sound"] is False
    assert {key: answer["problem"][key] for key in ("code", "line", "seq")} == {
        "code": "digest_differs",
        "line": 8,
        "seq": 5,
    }
    assert answer["problem"]["detail"]


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 1000, b"{}\n", "某某记录\n".encode()])
def test_what_is_no_chain_exits_with_2(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    code, out, _ = run(str(file))
    assert code == 2
    assert out.startswith("不是记录链文件\n")
    code, answer = run_json(str(file))
    assert (code, answer["sound"], answer["problem"]["code"]) == (2, False, "not_archive")


def test_a_file_that_cannot_be_read_exits_with_2(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        code, out, err = run(str(path))
        assert (code, out) == (2, "")
        assert "读不了文件" in err
        assert str(path) in err
        code, answer = run_json(str(path))
        assert (code, answer["sound"], answer["problem"]["code"]) == (2, False, "unreadable")


def test_standard_input_is_read(file: Path) -> None:
    code, out, _ = run("-", stdin=WHOLE)
    assert code == 0
    assert out.startswith("记录链完好")


@pytest.mark.parametrize(
    "spelling", [FINGERPRINT, FINGERPRINT.upper(), FINGERPRINT.replace(" ", "")]
)
def test_the_fingerprint_on_the_papers_is_compared(file: Path, spelling: str) -> None:
    assert run(str(file), "--fingerprint", spelling)[0] == 0


def test_another_fingerprint_is_no_proof(file: Path) -> None:
    other = "0000 " * 7 + "0000"
    code, out, _ = run(str(file), "--fingerprint", other)
    assert code == 1
    assert out.startswith("记录链不可信\n")
    code, answer = run_json(str(file), "--fingerprint", other)
    assert (code, answer["sound"], answer["problem"]["code"]) == (1, False, "other_key")


def test_a_forged_file_cannot_steer_the_screen(file: Path) -> None:
    header, rest = WHOLE.split(b"\n", 1)
    forged = json.loads(header) | {"suite": "\x1b[2J\u202eok"}
    file.write_bytes(json.dumps(forged).encode() + b"\n" + rest)
    for content in (file.read_bytes(), b'{"\\u001b[2J":1}\n'):
        file.write_bytes(content)
        _, out, _ = run(str(file))
        assert "\x1b" not in out
        assert "\u202e" not in out


def test_every_kind_of_break_has_its_chinese_reason() -> None:
    assert set(REASONS) == set(ProblemCode.__args__)  # type: ignore[attr-defined]


def test_a_file_without_line_ends_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "zeros"
    with path.open("wb") as sparse:
        sparse.write(WHOLE.split(b"\n")[0] + b"\n")
        sparse.truncate(64 * 1024 * 1024)
    assert _peak(path) < 2 * 1024 * 1024


def test_memory_does_not_grow_with_the_chain(tmp_path: Path) -> None:
    chain = Chain().grow(6_000)
    peaks = []
    for count in (2_000, 6_000):
        path = tmp_path / f"{count}.ndjson"
        path.write_bytes(chain.archive(*((n, n + 99) for n in range(1, count, 100))))
        peaks.append(_peak(path))
    assert peaks[1] < peaks[0] * 1.2


def _peak(path: Path) -> int:
    tracemalloc.start()
    try:
        run(str(path))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
