"""What the commands are run with: a terminal, certificates, a password in a file and none in the environment."""

import os
import pty
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sockets import PASSWORD, Certificates


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


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("pki"))


@pytest.fixture(autouse=True)
def _no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OCPP21_PASSWORD", raising=False)


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    return file
