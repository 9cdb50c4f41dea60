"""The examples of the README do what it says."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ocpp21.errors import PayloadError

ROOT = Path(__file__).parents[1]
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
MESSAGES, STATION, CSMS, SESSION = EXAMPLES


def test_messages() -> None:
    names: dict[str, Any] = {}
    with pytest.raises(PayloadError) as caught:
        exec(MESSAGES, names)
    assert names["message"] == names["request"]
    assert names["frame"] == b'[2,"a1","Authorize",{"idToken":{"idToken":"04A2B3C4","type":"ISO14443"}}]'
    assert f"# PayloadError: {caught.value}  " in MESSAGES


def test_station_and_csms() -> None:
    """The two programs, one against the other, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    programs = [program.replace("9000", str(port)) for program in (CSMS, STATION)]
    csms = subprocess.Popen([sys.executable, "-c", programs[0]], stdout=subprocess.PIPE, text=True)
    try:
        wait_for(port)
        station = subprocess.run(
            [sys.executable, "-c", programs[1]], capture_output=True, text=True, timeout=30, check=True
        )
    finally:
        csms.terminate()
        printed, _ = csms.communicate(timeout=30)
    assert station.stdout == "Accepted 300\n"
    assert "CS001" in printed
    assert csms.returncode == 0


def wait_for(port: int) -> None:
    """Connect until somebody listens."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
    raise TimeoutError


def test_session(capsys: pytest.CaptureFixture[str]) -> None:
    exec(SESSION, {})
    assert re.fullmatch(r"b'\[2,\"[0-9a-f-]{36}\",\"Heartbeat\",\{\}\]'\n", capsys.readouterr().out)


def test_commands_stand_where_they_are_looked_for() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("<!-- tests -->\n```sh\n") == text.count("<!-- main -->\n```sh\n") == 1
