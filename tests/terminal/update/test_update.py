"""New software is installed only if signed, tried before it runs, and left if it does not work."""

import os
import subprocess
import sys
import threading
import time
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from hengyuan.record.directives import Directive, seal
from hengyuan.record.suites import SM2_SM3
from hengyuan.terminal.config_tables import PlatformTable
from hengyuan.terminal.directed.trust import Trust
from hengyuan.terminal.update import fetching
from hengyuan.terminal.update import install as installing
from hengyuan.terminal.update import launcher as launching
from hengyuan.terminal.update.fetching import fetch
from hengyuan.terminal.update.install import InstallFailed, install
from hengyuan.terminal.update.launcher import NOTE_VARIABLE, Launcher
from hengyuan.terminal.update.package import BadPackage, Package, describe, verified, version_of
from hengyuan.terminal.update.versions import BASE, Versions

CODE = "141002510010-01"
KEY = SM2_SM3.generate()
TRUST = Trust(CODE, "SM2-SM3", KEY.public_bytes())
PATIENCE_S = 30


def signed(file, number=1, key=KEY, body=None, terminal="*"):
    order = Directive(
        body=body or describe(file), issued_at=1, kind="software", terminal=terminal, version=number
    )
    path = file.with_name(f"{file.name}.signed.json")
    path.write_bytes(msgspec.json.encode(seal(order, SM2_SM3, key)))
    return path


@pytest.fixture
def wheel(tmp_path):
    file = tmp_path / "hengyuan-9.9.9-py3-none-any.whl"
    file.write_bytes(b"a wheel")
    return file


def test_a_signed_file_is_taken(wheel):
    package = verified(wheel, signed(wheel, 7), TRUST)
    assert (package.version, package.order) == ("9.9.9", 7)


def test_a_changed_file_is_refused(wheel):
    signature = signed(wheel)
    wheel.write_bytes(b"b wheel")
    with pytest.raises(BadPackage):
        verified(wheel, signature, TRUST)


def test_a_renamed_file_is_refused(wheel):
    signature = signed(wheel)
    renamed = wheel.rename(wheel.with_name("hengyuan-9.9.8-py3-none-any.whl"))
    with pytest.raises(BadPackage):
        verified(renamed, signature, TRUST)


def test_another_key_and_another_terminal_are_refused(wheel):
    with pytest.raises(BadPackage):
        verified(wheel, signed(wheel, key=SM2_SM3.generate()), TRUST)
    with pytest.raises(BadPackage):
        verified(wheel, signed(wheel, terminal="141002510010-09"), TRUST)


@pytest.mark.parametrize(
    "name", ["x.whl", "other-1.0-py3-none-any.whl", "hengyuan-..-py3-none-any.whl"]
)
def test_what_is_no_wheel_of_ours_is_refused(name):
    with pytest.raises(BadPackage):
        version_of(Path(name))


def make_version(versions, name, program):
    """A version whose interpreter is a small program."""
    python = versions.python(name)
    python.parent.mkdir(parents=True)
    python.write_text(f"#!{sys.executable}\n{program}\n")
    python.chmod(0o755)


def test_the_pointer_is_a_text_and_goes_back(tmp_path):
    versions = Versions(tmp_path)
    assert versions.current == BASE
    with pytest.raises(ValueError, match="no such version"):
        versions.switch("1.0", 1)
    with pytest.raises(ValueError, match="no such version"):
        versions.switch("../../etc", 1)
    make_version(versions, "1.0", "")
    make_version(versions, "2.0", "")
    versions.switch("1.0", 1)
    versions.keep()
    versions.switch("2.0", 2)
    assert (tmp_path / "current").read_text() == "2.0"
    assert not (tmp_path / "current").is_symlink()
    assert versions.state.state == "trial"
    assert versions.back("broken") == "1.0"
    assert versions.current == "1.0"
    assert (versions.state.state, versions.state.highest_order) == ("rolled_back", 2)
    # a version that is gone does not keep a gate closed
    versions.python("1.0").unlink()
    assert versions.current == BASE


RUNS = """
import os, signal, sys, time
from pathlib import Path
log = Path(sys.argv[-1]).with_name("log")
with log.open("a") as file:
    file.write(f"{VERSION} {os.environ.get('HENGYUAN_UPDATE_NOTE', '')}\\n")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
CRASH
while True:
    time.sleep(0.05)
"""


def program(version, crash=""):
    return RUNS.replace("{VERSION}", version).replace("CRASH", crash)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(launching, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(launching, "AGAIN_AFTER_S", 0.05)
    monkeypatch.setattr(launching, "HEALTHY_WITHIN_S", 2.0)
    monkeypatch.setattr(launching, "STEADY_S", 0.5)


@pytest.mark.skipif(os.name == "nt", reason="interpreters are scripts with a first line here")
def test_the_launcher_switches_keeps_and_goes_back(tmp_path, quick):
    versions = Versions(tmp_path / "software")
    make_version(versions, "1.0", program("1.0"))
    make_version(versions, "2.0", program("2.0"))
    make_version(versions, "3.0", program("3.0", "sys.exit(3)"))
    make_version(versions, "4.0", program("4.0"))
    versions.switch("1.0", 1)
    healthy = {"now": True}
    launcher = Launcher(versions, tmp_path / "gate.toml", lambda: healthy["now"])
    thread = threading.Thread(target=launcher.run)
    thread.start()

    def log():
        file = tmp_path / "log"
        return file.read_text().splitlines() if file.exists() else []

    def until(holds):
        end = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < end, (log(), versions.state, versions.current)
            time.sleep(0.02)

    try:
        until(lambda: versions.state.state == "kept")
        versions.switch("2.0", 2)
        until(lambda: versions.state.state == "kept" and versions.current == "2.0")
        # one that ends at once
        versions.switch("3.0", 3)
        until(lambda: versions.state.state == "rolled_back")
        assert versions.current == "2.0"
        until(lambda: "2.0 update_failed 3.0 -> 2.0: ended with 3" in log())
        # one that runs and does not answer
        healthy["now"] = False
        versions.switch("4.0", 4)
        until(lambda: versions.state.why == "not healthy")
        assert versions.current == "2.0"
        until(lambda: "2.0 update_failed 4.0 -> 2.0: not healthy" in log())
    finally:
        launcher.stop()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert "2.0 software_updated 1.0 -> 2.0" in log()
    assert NOTE_VARIABLE == "HENGYUAN_UPDATE_NOTE"


def test_what_cannot_be_installed_changes_nothing(tmp_path, monkeypatch):
    versions = Versions(tmp_path / "software")

    def refused(command, within_s):
        raise InstallFailed("no room")

    monkeypatch.setattr(installing, "_run", refused)
    monkeypatch.setattr(installing, "venv", SimpleNamespace(create=lambda *a, **k: None))
    package = Package(tmp_path / "hengyuan-9.9.9-py3-none-any.whl", "9.9.9", 1)
    with pytest.raises(InstallFailed, match="no room"):
        install(package, versions, tmp_path / "gate.toml", libraries=False)
    assert versions.current == BASE
    assert not versions.folder("9.9.9-1").exists()


@pytest.mark.slow
def test_this_very_software_is_installed_beside_itself_and_runs(tmp_path):
    """A wheel of the sources, with another version; its libraries are the present ones."""
    root = Path(__file__).resolve().parents[3]
    config = tmp_path / "gate.toml"
    tcp = '{ kind = "tcp", host = "127.0.0.1", port = 9 }'
    config.write_text(
        'data_dir = "data"\n[platform]\nurl = "http://127.0.0.1:9"\n[[lanes]]\nnumber = 1\n'
        f'[lanes.scale]\ndriver = "f1"\nname = "s"\ntransport = {tcp}\n'
        '[[lanes.displays]]\ndriver = "html"\nname = "d"\n'
    )
    wheel = tmp_path / "hengyuan-9.9.9-py3-none-any.whl"
    pack(root / "src" / "hengyuan", wheel, "9.9.9")
    versions = Versions(tmp_path / "software")
    package = verified(wheel, signed(wheel), TRUST)
    name = install(package, versions, config, libraries=False)
    versions.switch(name, package.order)
    said = subprocess.run(
        [versions.python(versions.current), "-m", "hengyuan.cli", "terminal", "doctor", "--help"],
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        check=True,
    )
    assert "体检" in said.stdout
    # a wheel whose inside is not what its name says
    other = tmp_path / "hengyuan-9.9.10-py3-none-any.whl"
    pack(root / "src" / "hengyuan", other, "9.9.10", inside="9.9.9")
    package = verified(other, signed(other, 2), TRUST)
    with pytest.raises(InstallFailed, match=r"9\.9\.9"):
        install(package, versions, config, libraries=False)
    assert versions.current == name


def pack(source, wheel, version, inside=None):
    """A wheel by hand: the package, and the few lines that make it one."""
    info = f"hengyuan-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in source.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and "vendor" not in path.parts:
                name = Path("hengyuan") / path.relative_to(source)
                data = path.read_bytes()
                if name == Path("hengyuan/__init__.py"):
                    data = f'__version__ = "{inside or version}"\n'.encode()
                archive.writestr(str(name), data)
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: hengyuan\nVersion: {version}\n"
        )
        archive.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def platform(tmp_path):
    """A web server with a folder of answers; its address and the folder."""
    folder = tmp_path / "platform"
    (folder / "api/terminals/v1").mkdir(parents=True)

    class Answers(SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(folder))

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    table = PlatformTable(url=f"http://127.0.0.1:{server.server_port}")
    yield SimpleNamespace(table=table, folder=folder / "api/terminals/v1")
    server.shutdown()
    thread.join()
    server.server_close()


def offered(platform, name, data, signature):
    """What the platform says and has."""
    answer = msgspec.json.encode({"file": name, "signed": msgspec.json.decode(signature)})
    offer = platform.folder / "software"
    offer.mkdir(exist_ok=True)
    (offer / "index.html").write_bytes(answer)
    (offer / name).write_bytes(data)


def test_what_the_platform_offers_is_fetched_and_then_looked_at(platform, wheel, tmp_path):
    signature = signed(wheel, 3).read_bytes()
    offered(platform, wheel.name, wheel.read_bytes(), signature)
    file, order = fetch_following(platform, tmp_path / "fetched")
    assert verified(file, order, TRUST).order == 3
    offered(platform, wheel.name, b"another program", signature)
    file, order = fetch_following(platform, tmp_path / "fetched")
    with pytest.raises(BadPackage):
        verified(file, order, TRUST)


def test_a_name_that_leaves_the_folder_is_refused(platform, wheel, tmp_path):
    signature = signed(wheel, 3).read_bytes()
    offered(platform, wheel.name, b"x", signature)
    answer = msgspec.json.encode({"file": "../../gate.toml", "signed": {}})
    (platform.folder / "software" / "index.html").write_bytes(answer)
    with pytest.raises(BadPackage):
        fetch_following(platform, tmp_path / "fetched")
    assert not (tmp_path / "gate.toml").exists()


def test_nothing_offered_is_said(platform, tmp_path):
    with pytest.raises(BadPackage):
        fetch(platform.table, tmp_path / "fetched")


def fetch_following(platform, folder):
    """A folder's index stands behind a slash here."""
    before = fetching.PATH
    fetching.PATH = "/api/terminals/v1/software/"
    try:
        return fetch(platform.table, folder)
    finally:
        fetching.PATH = before
