"""A disk that can be filled under a running terminal.

Where this process may mount, the terminal's directory is a small tmpfs that a filler file fills to
the last byte: true ENOSPC. Elsewhere the limit of the terminal's process for the size of files is
set to nothing (RLIMIT_FSIZE): each write to a file fails with EFBIG instead.
"""

import contextlib
import os
import resource
import subprocess
from pathlib import Path
from typing import Literal

_FILLER = "filler"
_CHUNK = 1024 * 1024


class Disk:
    """The disk of one terminal. `folder` is where its data directory lies.

    Without a size it stays what it is, and can only be filled by the limit.
    """

    def __init__(self, folder: Path, size_mb: int | None) -> None:
        self.folder = folder
        self.kind: Literal["tmpfs", "limit"] = "limit"
        self.full = False
        self._size_mb = size_mb

    def open(self) -> None:
        """Mount it, if that is allowed here."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._size_mb is None:
            return
        command = ["mount", "-t", "tmpfs", "-o", f"size={self._size_mb}m,mode=0700", "hengyuan"]
        with contextlib.suppress(OSError):
            done = subprocess.run([*command, str(self.folder)], capture_output=True, check=False)
            if done.returncode == 0:
                self.kind = "tmpfs"

    def close(self) -> None:
        """Take it away with everything on it, if it was mounted."""
        if self.kind == "tmpfs":
            subprocess.run(["umount", "-l", str(self.folder)], capture_output=True, check=False)

    def fill(self, pid: int | None) -> None:
        """From now on it takes nothing more from the terminal `pid`."""
        self.full = True
        if self.kind == "tmpfs":
            self._write_filler()
        elif pid is not None:
            self._limit(pid, 0)

    def free(self, pid: int | None) -> None:
        """There is room again."""
        self.full = False
        if self.kind == "tmpfs":
            (self.folder / _FILLER).unlink(missing_ok=True)
        elif pid is not None:
            self._limit(pid, resource.RLIM_INFINITY)

    def _write_filler(self) -> None:
        filler = os.open(self.folder / _FILLER, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            space = os.fstatvfs(filler)
            room = space.f_bavail * space.f_frsize
            with contextlib.suppress(OSError):
                os.posix_fallocate(filler, 0, max(1, room - _CHUNK))
            os.lseek(filler, 0, os.SEEK_END)
            for size in (_CHUNK, 4096):
                with contextlib.suppress(OSError):
                    while os.write(filler, bytes(size)):
                        pass
        finally:
            os.close(filler)

    @staticmethod
    def _limit(pid: int, size: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
