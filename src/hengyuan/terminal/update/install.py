"""A new version in an environment of its own, tried before anything is switched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from hengyuan.terminal.update.package import Package
from hengyuan.terminal.update.versions import Versions
from hengyuan.terminal.words import installer_text as _

INSTALL_WITHIN_S = 900
TRY_WITHIN_S = 60

_TRY = """
import sys
from pathlib import Path
import hengyuan
from hengyuan.terminal.config import load_config
from hengyuan.terminal.drivers.catalogue import catalogue
from hengyuan.terminal import app, serving
config = load_config(Path(sys.argv[1]))
for lane in config.lanes:
    for device in lane.devices:
        catalogue()[device.__struct_config__.tag].driver_type
print(hengyuan.__version__)
"""


class InstallFailed(RuntimeError):
    """The new version could not be installed, or does not work here; nothing was switched."""


def install(package: Package, versions: Versions, config: Path, *, libraries: bool) -> str:
    """Install and try; the name under which it can be switched to. InstallFailed.

    With `libraries` they are installed anew, from an index; without, those of the present
    installation are used, and the try says whether they will do.
    """
    name = f"{package.version}-{package.order}"
    folder = versions.folder(name)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        venv.create(folder, with_pip=True, symlinks=os.name != "nt")
        wheel = f"{package.file}[terminal]" if libraries else str(package.file)
        more = [] if libraries else ["--no-deps", "--no-index"]
        pip = [str(versions.python(name)), "-m", "pip", "install", "--quiet",
               "--disable-pip-version-check"]  # fmt: skip
        _run([*pip, *more, wheel], INSTALL_WITHIN_S)
        if not libraries:
            _borrow_libraries(versions.python(name), folder)
        tried = _run([str(versions.python(name)), "-c", _TRY, str(config)], TRY_WITHIN_S)
    except (OSError, subprocess.SubprocessError, InstallFailed) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise InstallFailed(
            _("not installed, nothing was changed: {why}").format(why=error)
        ) from None
    said = tried.strip().splitlines()[-1] if tried.strip() else ""
    if said != package.version:
        shutil.rmtree(folder, ignore_errors=True)
        raise InstallFailed(
            _("the file says {name} and is {version}; nothing was changed").format(
                name=package.version, version=said
            )
        )
    return name


def _borrow_libraries(python: Path, folder: Path) -> None:
    """The environment also looks where the present one has its libraries, after its own."""
    own = _run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], TRY_WITHIN_S
    ).strip()
    paths = [path for path in sys.path if path and Path(path).name in _LIBRARY_FOLDERS]
    (Path(own) / "hengyuan_libraries.pth").write_text("\n".join(paths) + "\n", "utf-8")


_LIBRARY_FOLDERS = ("site-packages", "dist-packages")


def _run(command: list[str], within_s: float) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=within_s, env=environment, check=False
    )
    if done.returncode:
        raise InstallFailed((done.stderr or done.stdout).strip()[-600:])
    return done.stdout
