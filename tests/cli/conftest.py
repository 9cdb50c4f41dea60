"""Runs the command: in this process, as a command of its own, and on a terminal."""

import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from ocpp21.cli.app import app

COMMAND = (sys.executable, "-m", "ocpp21.cli")


def invoke(*args: object, stdin: bytes = b"") -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, [str(arg) for arg in args], input=stdin)


def run(*args: object, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a process of its own."""
    command = [*COMMAND, *map(str, args)]
    return subprocess.run(command, input=stdin, capture_output=True, env=os.environ | environment, timeout=60)


class Terminal:
    """A terminal of 80 columns that remembers what it was sent."""

    def __init__(self) -> None:
        self._reader, self.writer = pty.openpty()
        self._seen: list[bytes] = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        try:
            while data := os.read(self._reader, 4096):
                self._seen.append(data)
        except OSError:  # how Linux says that the other side is closed
            pass

    def close(self) -> bytes:
        """Take the plug out; return all that came."""
        if self.writer >= 0:
            os.close(self.writer)
            self.writer = -1
            self._thread.join()
            os.close(self._reader)
        return b"".join(self._seen)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    terminal = Terminal()
    yield terminal
    terminal.close()
