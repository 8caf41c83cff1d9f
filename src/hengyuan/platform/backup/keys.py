"""The platform's secrets in a backup: sealed with a passphrase, or left out by choice.

Whoever has the signing key can change what every terminal runs, so that it never lies in a backup
in the clear. AES-256-GCM with a key from scrypt (RFC 7914; 64 MiB a try).
"""

from __future__ import annotations

import base64
import os
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from hengyuan.platform.backup.layout import BackupFailed
from hengyuan.platform.signing_key import FILE_NAME as SIGNING_KEY

FILES = (SIGNING_KEY, "secret_key")
SECRET_VARIABLES = ("HENGYUAN_SECRET_KEY", "HENGYUAN_DATABASE_URL", "HENGYUAN_METRICS_TOKEN")
MIN_PASSPHRASE = 12
_LOG2_N, _R, _P = 16, 8, 1
_BOUND_TO = b"hengyuan-backup-keys-1"


class _Sealed(msgspec.Struct, frozen=True):
    kdf: str
    salt: str
    nonce: str
    sealed: str


class Secrets(msgspec.Struct, frozen=True):
    """Files of the home and variables of the environment."""

    files: dict[str, str]
    variables: dict[str, str]


def passphrase_from(path: Path) -> str:
    """The first line of a file. BackupFailed for one that is too short to protect anything."""
    try:
        text = path.read_text().split("\n", 1)[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BackupFailed(f"无法读取口令文件 {path}:{error}") from None
    if len(text) < MIN_PASSPHRASE:
        raise BackupFailed(f"{path} 中的口令不足 {MIN_PASSPHRASE} 个字符")
    return text


def gather(home: Path) -> Secrets:
    """The secrets of this home and environment."""
    files = {name: (home / name).read_text() for name in FILES if (home / name).exists()}
    variables = {name: os.environ[name] for name in SECRET_VARIABLES if os.environ.get(name)}
    return Secrets(files, variables)


def seal(secrets: Secrets, passphrase: str) -> bytes:
    """Encrypt."""
    salt, nonce = os.urandom(16), os.urandom(12)
    sealed = AESGCM(_key(passphrase, salt)).encrypt(nonce, msgspec.json.encode(secrets), _BOUND_TO)
    texts = (base64.b64encode(part).decode() for part in (salt, nonce, sealed))
    return msgspec.json.encode(_Sealed(f"scrypt-{_LOG2_N}-{_R}-{_P}", *texts))


def open_sealed(data: bytes, passphrase: str) -> Secrets:
    """Decrypt. BackupFailed with another passphrase, and for what was changed."""
    try:
        found = msgspec.json.decode(data, type=_Sealed)
        salt, nonce, sealed = map(base64.b64decode, (found.salt, found.nonce, found.sealed))
        plain = AESGCM(_key(passphrase, salt)).decrypt(nonce, sealed, _BOUND_TO)
        return msgspec.json.decode(plain, type=Secrets)
    except (InvalidTag, ValueError, msgspec.MsgspecError):
        raise BackupFailed("口令不对,或密钥文件已损坏") from None


def put_back(secrets: Secrets, home: Path) -> None:
    """Write the files, readable by their owner alone."""
    for name, content in secrets.files.items():
        if name in FILES:
            descriptor = os.open(home / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(content)


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**_LOG2_N, r=_R, p=_P).derive(passphrase.encode())
