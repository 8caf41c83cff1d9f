"""The key with which this platform signs what it orders of terminals: made at first use, kept in
its home, readable by its owner alone. A backup of the home holds it; whoever has it can change what
every terminal of this platform runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hengyuan.platform.home import home_dir, make_home
from hengyuan.record.suites import (
    SM2_SM3,
    BadKey,
    PrivateKey,
    PublicKey,
    Suite,
    fingerprint,
    suite_named,
)

FILE_NAME = "platform_signing.key"


class NoSigningKey(RuntimeError):
    """The key's file cannot be used."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The platform's key with its suite."""

    suite: Suite
    key: PrivateKey

    @property
    def public_hex(self) -> str:
        """What terminals are given at enrolment."""
        return self.key.public_bytes().hex()

    @property
    def public(self) -> PublicKey:
        """For verifying."""
        return self.suite.load_public(self.key.public_bytes())

    @property
    def fingerprint(self) -> str:
        """What people compare."""
        return fingerprint(self.suite, self.key.public_bytes())


def signing_key(home: Path | None = None) -> SigningKey:
    """The key of this home, made where there is none. NoSigningKey for a file that is damaged."""
    folder = home or home_dir()
    path = folder / FILE_NAME
    if not path.exists():
        _make(folder, path)
    try:
        stored = json.loads(path.read_text())
        suite = suite_named(stored["suite"])
        return SigningKey(suite, suite.load_private(bytes.fromhex(stored["secret"])))
    except (OSError, ValueError, KeyError, TypeError, BadKey) as error:
        # the error's text may hold part of the file, and the file holds the secret
        raise NoSigningKey(f"{path}: no usable key ({type(error).__name__})") from None


def _make(folder: Path, path: Path) -> None:
    make_home(folder)
    secret = SM2_SM3.generate().secret_bytes().hex()
    # a name of its own for each: threads of one process may be here together
    descriptor, draft = tempfile.mkstemp(prefix=f".{FILE_NAME}.", dir=folder)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"suite": SM2_SM3.name, "secret": secret}, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        # a link fails where another was first, so both end up with the same key
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()
