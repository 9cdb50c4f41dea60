"""The examples of the README do what it says."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import sys
import time
import tomllib
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


def test_station_and_csms(tmp_path: Path) -> None:
    """The two programs, one against the other, on a free port; the station until it has booted."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    programs = [program.replace("9000", str(port)) for program in (CSMS, STATION)]
    csms = subprocess.Popen([sys.executable, "-c", programs[0]], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    try:
        wait_for(port)
        station = subprocess.run(
            [sys.executable, "-c", programs[1]], capture_output=True, text=True, timeout=30, check=True, cwd=tmp_path
        )
    finally:
        csms.terminate()
        printed, _ = csms.communicate(timeout=30)
    assert station.stdout == "Accepted\n"
    assert "StationConnected" in printed and "StationBooted" in printed and "CS001" in printed
    assert csms.returncode == 0
    assert {"station.sqlite", "csms.sqlite"} <= {file.name for file in tmp_path.iterdir()}


def test_the_first_command_ends_as_it_is_shown() -> None:
    """The command without its installation; what the extra installs is all that it needs."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    command = text.partition("<!-- main -->\n```sh\n")[2].partition("\n```")[0]
    assert command.startswith("python3 -m venv .venv && .venv/bin/pip install -q '.[cli]' && .venv/bin/ocpp21 ")
    arguments = command.rpartition("ocpp21 ")[2].split()
    done = subprocess.run([sys.executable, "-m", "ocpp21", *arguments], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.rstrip().endswith("they agree")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(extras["asyncio"]) <= set(extras["cli"])


def test_what_is_promised_is_carried_by_tests() -> None:
    """Every use case that the README names passes in the table of the use cases."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = (ROOT / "docs" / "use-cases.md").read_text(encoding="utf-8")
    promised = text.partition("have the use cases ")[2].partition(" so far")[0]
    for first, last in re.findall(r"([A-Z]\d\d)(?: to [A-Z](\d\d))?", promised):
        for number in range(int(first[1:]), int(last or first[1:]) + 1):
            assert re.search(rf"^\| {first[0]}{number:02} \| .* \| pass \|", table, re.MULTILINE), first


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
