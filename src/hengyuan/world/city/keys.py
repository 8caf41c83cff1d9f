"""The keys of terminals that have no program of their own to keep them."""

from __future__ import annotations

from pathlib import Path

from hengyuan.record.suites import SM2_SM3, PrivateKey

FOLDER = "remote-keys"
"""Their folder, in the home of the platform that the city belongs to."""


class KeyGone(RuntimeError):
    """A terminal is enrolled, and the key that it was enrolled with is not in its file."""


def make_key(folder: Path, code: str) -> PrivateKey:
    """The key of that terminal; where there is none a new one, in a file for its owner alone."""
    file = _file(folder, code)
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        file.touch(0o600)
        file.write_bytes(SM2_SM3.generate().secret_bytes())
    return load_key(folder, code)


def load_key(folder: Path, code: str) -> PrivateKey:
    """The key of an enrolled terminal; KeyGone where there is none."""
    file = _file(folder, code)
    if not file.is_file():
        raise KeyGone(f"{code} is enrolled, but its key {file} is gone")
    return SM2_SM3.load_private(file.read_bytes())


def _file(folder: Path, code: str) -> Path:
    return folder / f"{code}.key"
