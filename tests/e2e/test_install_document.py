"""A newcomer follows docs/install.md to the letter, and a truck is uploaded at the end of it."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "install.md").read_text("utf-8")
READY = "磅房已就绪"
PROMPT = re.compile(r"[::]\s$")
PATIENCE_S = 240


def blocks() -> list[tuple[str, list[str]]]:
    """Window and commands of each block of the section, in order."""
    section = DOCUMENT.split("## Try it without devices")[1].split("\n## ")[0]
    found = re.findall(r"```sh\n# (window \d)\n(.*?)```", section, re.DOTALL)
    return [(window, commands.strip().splitlines()) for window, commands in found]


def answers() -> dict[str, str]:
    """Question of the table, and the line of window 1 that answers it."""
    rows = re.findall(r"^\| (\S+) \| what window 1 shows as (\S+) \|$", DOCUMENT, re.MULTILINE)
    return dict(rows)


class Window:
    """A window in which one command runs."""

    def __init__(self, command: str, folder: Path) -> None:
        self.text = ""
        environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
        environment.pop("HENGYUAN_DATABASE_URL", None)
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        self.process = subprocess.Popen(
            command.split(),
            cwd=folder,
            env=environment | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        os.set_blocking(self.process.stdout.fileno(), False)

    def read(self, quiet_s: float = 0.3) -> bool:
        """Take what it prints; False once it has been quiet for so long."""
        if not select.select([self.process.stdout], [], [], quiet_s)[0]:
            return False
        data = self.process.stdout.read()
        self.text += (data or b"").decode("utf-8", "replace")
        return bool(data)

    def wait_for(self, text: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while text not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < end, self.text
            self.read()

    def answer(self, told: dict[str, str]) -> None:
        """Answer each question from the table, the others with Enter, until it ends."""
        end = time.monotonic() + PATIENCE_S
        asked_at = 0
        while self.process.poll() is None:
            assert time.monotonic() < end, self.text
            if self.read() or not PROMPT.search(self.text):
                continue
            question = self.text[asked_at:]
            asked_at = len(self.text)
            given = next((told[name] for name in told if name in question), "")
            self.process.stdin.write(f"{given}\n".encode())
            self.process.stdin.flush()
        self.read()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.process.stdin.close()


def test_the_document_has_two_windows_and_two_questions():
    assert [window for window, _ in blocks()] == ["window 1", "window 2", "window 2"]
    assert answers() == {"县平台地址": "平台地址", "一次性登记码": "登记码"}


@pytest.mark.slow
def test_a_newcomer_gets_from_nothing_to_the_first_uploaded_truck(tmp_path):
    tmp_path.chmod(0o711)  # the database's user passes through
    tmp_path.parent.chmod(0o711)
    tmp_path.parent.parent.chmod(0o711)
    (first,), (setup,), (doctor, run) = (commands for _, commands in blocks())
    began = time.monotonic()
    took = {}
    windows = []
    try:
        gate = Window(first, tmp_path)
        windows.append(gate)
        gate.wait_for("Ctrl-C 全部停止")
        took["gate ready"] = time.monotonic() - began
        shown = dict(re.findall(r"^  (\S+?):(.+)$", gate.text, re.MULTILINE))
        told = {question: shown[name] for question, name in answers().items()}
        wizard = Window(setup, tmp_path)
        windows.append(wizard)
        wizard.answer(told)
        assert wizard.process.returncode == 0, wizard.text
        took["set up"] = time.monotonic() - began
        checked = Window(doctor, tmp_path)
        windows.append(checked)
        checked.answer({})
        assert checked.process.returncode == 0, checked.text
        took["doctor"] = time.monotonic() - began
        terminal = Window(run, tmp_path)
        windows.append(terminal)
        while True:
            assert terminal.process.poll() is None, terminal.text
            assert time.monotonic() - began < PATIENCE_S, gate.text + terminal.text
            terminal.read()
            gate.read()
            try:
                status = httpx.get("http://127.0.0.1:8300/status.json", trust_env=False).json()
            except httpx.HTTPError:
                continue
            if status["watermark"] >= 1:
                break
        took["first truck uploaded"] = time.monotonic() - began
        assert status["uplink"]["refused"] is None
        gate.wait_for(" 轴 ")
    finally:
        for window in reversed(windows):
            window.end()
    print("\n" + ", ".join(f"{what} {seconds:.0f} s" for what, seconds in took.items()))
