"""The platform's home directory: what it keeps on this machine outside the database."""

import os
import secrets
from pathlib import Path

HOME_VARIABLE = "HENGYUAN_HOME"


def home_dir() -> Path:
    """`$HENGYUAN_HOME`, else `~/.local/share/hengyuan/platform`; absolute, not made yet."""
    named = os.environ.get(HOME_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    return Path.home() / ".local" / "share" / "hengyuan" / "platform"


def make_home(home: Path) -> Path:
    """Make the directory where it is missing, closed to other users of the machine.

    Root's is left passable (not readable): the database server runs as another user below it.
    """
    if not home.is_dir():
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return home


def restore_draft(home: Path) -> Path:
    """Where a restore gathers what becomes this home when it is whole."""
    return home.with_name(f"{home.name}.restoring")


def secret_key(home: Path) -> str:
    """The key that signs sessions: made once per home, kept in a file only its owner can read."""
    path = home / "secret_key"
    if not path.exists():
        make_home(home)
        draft = home / f".secret_key.{os.getpid()}"
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))
        # a link fails where another process was first, so both end up with the same key
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
