"""``ocpp21 station``: what happens to it, what survives, and how it ends."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import COMMAND, invoke, run
from sockets import PASSWORD, Certificates, Listener, Program

from ocpp21.cli import station as station_module
from ocpp21.cli.console import Misspelt, lines_of_stdin, step_of
from ocpp21.simulator.scenario import GoOffline, GoOnline, PlugIn, Present, Reboot, Step, Stop, Unplug

CHARGE = """
[[steps]]
do = "plug_in"
evse = 1
[[steps]]
do = "present"
token = "04A2B3C4"
evse = 1
[[steps]]
do = "wait_until"
evse = 1
state = "Charging"
[[steps]]
do = "go_offline"
[[steps]]
do = "stop"
evse = 1
[[steps]]
do = "wait_until"
evse = 1
state = "Idle"
[[steps]]
do = "go_online"
"""


@pytest.fixture
def csms() -> Iterator[Listener]:
    with Listener("--allow-unauthenticated", "--token", "04A2B3C4", command="csms") as csms:
        yield csms


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    file = tmp_path / "scenario.toml"
    file.write_text(CHARGE)
    return file


# Scenarios


@pytest.mark.parametrize("kind", [(), ("--kind", "fast", "--evses", 2)], ids=["wallbox", "fast"])
def test_a_scenario(csms: Listener, scenario: Path, kind: tuple[object, ...]) -> None:
    done = invoke("station", f"{csms.url}/CS1", "--scenario", scenario, "--json", *kind)
    assert (done.exit_code, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["step"] for line in lines if line["kind"] == "step"] == [
        "plug_in",
        "present",
        "wait_until",
        "go_offline",
        "stop",
        "wait_until",
        "go_online",
    ]
    csms.wait_for("Ended #2 (StopAuthorized), EVConnected, Local, from offline")
    csms.wait_for("CS1 disconnected")
    assert "code=1000" in csms.seen  # it has taken leave


def test_a_scenario_that_stays(csms: Listener, scenario: Path) -> None:
    with Program("station", f"{csms.url}/CS1", "--scenario", scenario, "--stay") as station:
        csms.wait_for("Ended #2")
        code, out, err = station.stop()
    assert (code, err) == (0, "")
    assert "step 7: go_online" in out


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        ('[[steps]]\ndo = "plug_on"\nevse = 1', 2, "step 1: expected do to be one of drive_in, "),
        ('[[steps]]\ndo = "stop"\nevze = 1', 2, "step 1 (stop): expected one of at, after, evse, found 'evze'"),
        ("[[steps]", 2, "expected TOML: "),
        ("\xff", 2, "expected UTF-8"),
        ("#" * (1024 * 1024 + 1), 2, "expected at most 1048576 bytes"),
        (None, 2, "No such file or directory"),
        ('[[steps]]\ndo = "unplug"\nevse = 1', 1, "step 1 (unplug): expected a cable in connector 1, found none"),
    ],
    ids=["step", "member", "TOML", "UTF-8", "long", "none", "impossible"],
)
def test_a_scenario_that_is_none(csms: Listener, tmp_path: Path, text: str | None, code: int, reason: str) -> None:
    file = tmp_path / "scenario.toml"
    if text is not None:
        file.write_text(text, encoding="latin-1")
    done = invoke("station", f"{csms.url}/CS1", "--scenario", file)
    assert done.exit_code == code
    assert done.stderr.startswith(f"ocpp21: {file}: ") and done.stderr.count("\n") == 1
    assert reason in done.stderr


def test_what_is_not_delivered_is_kept(csms: Listener, tmp_path: Path) -> None:
    """The next run delivers what was left."""
    file, scenario = tmp_path / "station.sqlite", tmp_path / "scenario.toml"
    scenario.write_text(CHARGE.rpartition("[[steps]]")[0])
    done = invoke("station", f"{csms.url}/CS1", "--file", file, "--scenario", scenario)
    assert (done.exit_code, done.stderr) == (0, "")  # it is offline: nobody waits
    csms.wait_for("CS1 disconnected")
    scenario.write_text("")
    done = invoke("station", f"{csms.url}/CS1", "--file", file, "--scenario", scenario)
    assert (done.exit_code, done.stderr) == (0, "")
    csms.wait_for("Ended #2 (StopAuthorized), EVConnected, Local, from offline")


def test_what_is_not_delivered_in_time_is_told(scenario: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a CSMS that refuses what it is told of transactions."""
    monkeypatch.setattr(station_module, "_DELIVERY_S", 0.1)
    with Listener("--allow-unauthenticated") as listener:
        scenario.write_text('[[steps]]\ndo = "wait_until"\nevse = 1\nstate = "Available"')
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ocpp21.station.queue.MessageQueue.emptied", lambda queue: asyncio.Event().wait())
            done = invoke("station", f"{listener.url}/CS1", "--scenario", scenario)
    assert (done.exit_code, done.stderr) == (0, "ocpp21: 0 messages were not delivered\n")


# By hand


def test_by_hand(csms: Listener, tmp_path: Path) -> None:
    file = tmp_path / "station.sqlite"
    options = ("--file", file, "--interval", 1, "--boot", 0.1)
    with Program("station", f"{csms.url}/CS1", *options, stdin=True) as station:
        csms.wait_for("Available")
        station.type("plug")
        csms.wait_for("Occupied")
        station.type("present 04A2B3C4")
        csms.wait_for("MeterValuePeriodic")
        station.type("jump")
        station.type("offline")
        csms.wait_for("CS1 disconnected")
        station.type("online")
        csms.wait_for("CS1 connected")
        station.type("reboot")
        csms.wait_for("booted (LocalReset)")
        csms.wait_for("Ended #")
        station.type("unplug")
        csms.wait_for("Available")
        station.type("unplug")
        station.type("")
        station.type("quit")
        code, _, err = station.finish()
    assert code == 0
    jump, unplug = err.splitlines()
    assert jump.startswith("ocpp21: expected plug [EVSE], ") and jump.endswith("found 'jump'")
    assert unplug == "ocpp21: expected a cable in connector 1, found none"
    assert ", Reboot, from offline, " in csms.seen


def test_killed_and_started_again(csms: Listener, tmp_path: Path) -> None:
    """The meter counts on, and the transaction that was interrupted ends with what it has shown."""
    options = (f"{csms.url}/CS1", "--file", tmp_path / "station.sqlite", "--interval", 1)
    with Program("station", *options, stdin=True) as station:
        csms.wait_for("Available")
        station.type("plug")
        station.type("present 04A2B3C4")
        last = csms.wait_for("(MeterValuePeriodic)")
        station.kill()
    with Program("station", *options) as station:
        ended = csms.wait_for("Ended #")
        assert station.stop()[0] == 0
    assert "PowerLoss, from offline" in ended
    energies = [float(line.split(", ")[-1].removesuffix(" Wh\n")) for line in (last, ended)]
    assert energies[0] > 0 and energies[1] >= energies[0]


def test_interrupted_while_nobody_answers(tmp_path: Path) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        with Program("station", "ws://127.0.0.1:1/CS1") as station:
            station.wait_for("connecting failed")
            code, _, err = station.stop(number)
        assert (code, err) == (0, "")


def test_a_terminal_that_says_nothing(csms: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process: the end of the input is not the end, `quit` is."""
    reader, writer = os.pipe()
    with open(reader, "rb") as stdin, open(writer, "wb") as typed:
        typed.write(b"plug 1\nnonsense\nunplug 1\nquit\n")
        typed.flush()
        monkeypatch.setattr("ocpp21.cli.console.sys", _Sys(io.TextIOWrapper(stdin)))
        done = invoke("station", f"{csms.url}/CS1")
    assert done.exit_code == 0
    assert "nonsense" in done.stderr


class _Sys:
    def __init__(self, stdin: io.TextIOWrapper) -> None:
        self.stdin = stdin


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("plug", PlugIn(evse=1, ev="car")),
        ("plug 2", PlugIn(evse=2, ev="car")),
        ("unplug", Unplug(evse=1)),
        ("present 04A2", Present(token="04A2", evse=1)),
        ("present 04A2 3", Present(token="04A2", evse=3)),
        ("stop 2", Stop(evse=2)),
        ("offline", GoOffline()),
        ("online", GoOnline()),
        (" reboot ", Reboot()),
    ],
)
def test_commands(line: str, step: Step) -> None:
    assert step_of(line, "car") == step


@pytest.mark.parametrize("line", ["plug one", "plug 1 2", "present", "present a 1 2", "offline now", "quick"])
def test_commands_that_are_none(line: str) -> None:
    with pytest.raises(Misspelt, match=r"^expected plug \[EVSE\], .* quit; found "):
        step_of(line, None)


def test_what_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(data: bytes) -> list[str]:
        reader, writer = os.pipe()
        os.write(writer, data)
        os.close(writer)
        with open(reader, "rb") as stdin:
            monkeypatch.setattr("ocpp21.cli.console.sys", _Sys(io.TextIOWrapper(stdin)))
            return [line async for line in lines_of_stdin()]

    assert asyncio.run(read(b"plug\n\n  \npresent \xff\nrest")) == ["plug", "present \ufffd"]
    assert asyncio.run(read(b"x" * 10_000 + b"\nplug\n")) == []


# Security profiles


@pytest.mark.parametrize("profile", [1, 2, 3])
def test_profiles(tmp_path: Path, profile: int, scenario: Path) -> None:
    certificates, password_file = Certificates(tmp_path / "pki"), tmp_path / "password"
    password_file.write_text(PASSWORD)
    password = ("--password-file", password_file)
    ours, theirs = {
        1: ((*password,), (*password,)),
        2: ((*password, *certificates.server), (*password, "--trust", certificates.trust)),
        3: (
            (*certificates.server, "--trust", certificates.trust, "--organization", certificates.pki.organization),
            (*certificates.station, "--trust", certificates.trust),
        ),
    }[profile]
    with Listener("--profile", profile, "--token", "04A2B3C4", *ours, command="csms") as csms:
        done = run("station", f"{csms.url}/CS1", "--scenario", scenario, *theirs)
        assert (done.returncode, done.stderr) == (0, b"")
        csms.wait_for("Ended #2")
        assert csms.stop()[0] == 0
    assert PASSWORD not in done.stdout.decode()


# Wrong usage


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("http://h/CS1",), "expected"),
        (("ws://h",), "no identity at the end of the URL"),
        (("wss://h/CS1",), "expected --trust with security profile 2"),
        (("ws://h/CS1", "--password-file", "NONE"), "No such file or directory"),
        (("ws://h/CS1", "--file", "FOREIGN"), "found: file is not a database"),
        (("ws://h/CS1", "--file", "NOWHERE"), "unable to open database file"),
    ],
)
def test_wrong_usage(tmp_path: Path, options: tuple[str, ...], reason: str) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_text("this is no database at all, and long enough to be looked at as one" * 10)
    names: dict[str, Any] = {"NONE": tmp_path / "none", "NOWHERE": tmp_path / "none" / "f", "FOREIGN": foreign}
    done = invoke("station", *(names.get(each, each) for each in options))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("ocpp21: ") and done.stderr.count("\n") == 1
    assert reason in done.stderr


def test_a_file_that_another_station_has(tmp_path: Path) -> None:
    file = tmp_path / "station.sqlite"
    with Program("station", "ws://127.0.0.1:1/CS1", "--file", file) as station:
        station.wait_for("connecting failed")
        done = invoke("station", "ws://127.0.0.1:1/CS2", "--file", file)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr == f"ocpp21: expected to be the only program that has {file} open, found another one\n"
        assert station.stop()[0] == 0


def test_output_that_is_full() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, "station", "ws://127.0.0.1:1/CS1"], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE
        )
    assert (done.returncode, done.stderr) == (2, b"ocpp21: standard output: No space left on device\n")


def test_help() -> None:
    shown = " ".join(invoke("station", "--help").stdout.replace("│", " ").split())
    for text in (
        "SECONDS",
        "[default: 60]",
        "[default: wallbox]",
        "in memory",
        "150 kW",
        "Exit codes:",
        "present TOKEN",
    ):
        assert text in shown
