"""``ocpp21 load``: what it prints and writes, and what it says when it cannot."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from command import COMMAND, invoke
from sockets import PASSWORD, Certificates, served

from ocpp21.asyncio import Authenticator, CsmsSecurityProfile, serve
from ocpp21.asyncio.binding import ByIdentity
from ocpp21.load import Scenario
from ocpp21.messages import (
    BootNotificationRequest,
    BootNotificationResponse,
    HeartbeatRequest,
    HeartbeatResponse,
    MeterValuesRequest,
    MeterValuesResponse,
    RegistrationStatusEnumType,
)

#: Nothing listens there.
NOBODY = "ws://127.0.0.1:1"

SHORT = ("--stations", 2, "--ramp", 0, "--duration", 0.4, "--rate", 100, "--mix", "metering")

booted = threading.Event()


def on_boot(request: BootNotificationRequest) -> BootNotificationResponse:
    booted.set()
    return BootNotificationResponse(
        current_time=datetime.now(UTC), interval=300, status=RegistrationStatusEnumType.ACCEPTED
    )


HANDLERS = {
    BootNotificationRequest: on_boot,
    HeartbeatRequest: lambda request: HeartbeatResponse(current_time=datetime.now(UTC)),
    MeterValuesRequest: lambda request: MeterValuesResponse(),
}


class Passwords(Authenticator):
    async def authenticate(self, identity: str, password: bytes) -> bool:
        return password == PASSWORD.encode()


def csms_with(**options: Any) -> Any:
    async def start() -> Any:
        return await serve(lambda connection: None, "127.0.0.1", 0, handlers=HANDLERS, **options)

    return start


@pytest.fixture(autouse=True)
def _nothing_booted() -> None:
    booted.clear()


@pytest.fixture(scope="module")
def csms() -> Iterator[str]:
    with served(csms_with(allow_unauthenticated=True)) as url:
        yield url


def complaint(*args: object) -> str:
    """What it says when it does not even begin, in one line."""
    done = invoke("load", *args)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("ocpp21: ") and done.stderr.count("\n") == 1
    return done.stderr.removeprefix("ocpp21: ").rstrip()


# All is well


def test_summary(csms: str) -> None:
    done = invoke("load", csms, *SHORT)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "2 of 2 stations connected at the end" in done.stdout
    for text in ("Latency from when a message was due: median ", "MeterValues", "BootNotification", "Connect"):
        assert text in done.stdout


def test_json_on_standard_output(csms: str) -> None:
    done = invoke("load", csms, *SHORT, "--json", "-", "--mix", "metering=2", "--compression", "--seed", 7)
    report = json.loads(done.stdout)
    assert (done.exit_code, report["connected"], report["faults"]) == (0, 2, {})
    assert report["plan"]["url"] == csms
    assert report["plan"]["mix"] == {"metering": 2.0}
    assert (report["plan"]["compression"], report["plan"]["seed"]) == (True, 7)


def test_files(csms: str, tmp_path: Path) -> None:
    done = invoke("load", csms, *SHORT, "--json", tmp_path / "r.json", "--html", tmp_path / "r.html")
    assert done.exit_code == 0
    assert json.loads((tmp_path / "r.json").read_bytes())["answered"] > 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert csms in page


def test_password_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(csms_with(authenticator=Passwords())) as url:
        assert complaint(url, *SHORT) == "cannot connect: the CSMS refuses with HTTP status 401 Unauthorized"
        monkeypatch.setenv("OCPP21_PASSWORD", PASSWORD)
        assert invoke("load", url, *SHORT).exit_code == 0


def test_crew_with_certificates(certificates: Certificates, tmp_path: Path) -> None:
    lines = ["identity,certificate,key"]
    for identity in ("CS1", "CS2"):
        lines.append(",".join(map(str, (identity, *certificates.pki.station(identity).files))))
    (tmp_path / "crew.csv").write_text("\n".join(lines))
    binder = ByIdentity(organizations=["Example CSO"])
    server = certificates.pki.server("127.0.0.1", alternative_names=["127.0.0.1"]).files
    security = CsmsSecurityProfile.tls_client_certificate([server], trust=certificates.trust, binder=binder)
    with served(csms_with(binder=binder, ssl=security.server_context())) as url:
        wss, crew = url.replace("ws:", "wss:"), ("--crew", tmp_path / "crew.csv")
        done = invoke("load", wss, *SHORT, *crew, "--trust", certificates.trust)
        assert (done.exit_code, done.stderr) == (0, "")
        assert "2 of 2 stations connected" in done.stdout


def test_fast(csms: str) -> None:
    done = invoke("load", csms, *SHORT, "--stack", "picows", "--loop", "uvloop", "--json", "-")
    report = json.loads(done.stdout)
    assert (done.exit_code, report["connected"], report["plan"]["stack"]) == (0, 2, "picows")


# All is not well


def test_faults_are_told(csms: str) -> None:
    done = invoke("load", csms, *SHORT, "--mix", "transactions")
    assert (done.exit_code, done.stderr) == (1, "")
    assert "refused" in done.stdout
    assert "StatusNotification: NotSupported" in done.stdout


def test_more_faults_than_fit() -> None:
    from ocpp21.cli.load import _fault_line

    assert _fault_line({"a": 1000, "b": 2, "c": 1}, 2).plain == "1,000 times a\n2 times b\nand 1 more"


def test_what_is_owed_and_doubtful_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    from ocpp21.cli.load import _print, _screen
    from ocpp21.load import Fault, Plan
    from ocpp21.load.report import summarize
    from ocpp21.load.tally import Tally

    clock = iter(range(1000))
    tally = Tally(lambda: float(next(clock)))
    tally.sent("Heartbeat")
    tally.answered("Heartbeat", due_at=0.0, left_at=0.0)
    tally.owed.record(1.0)
    tally.note(Fault.DROPPED, "[red]gone[/red]")
    plan = Plan(url="ws://127.0.0.1", duration_s=None)
    _print(summarize(plan, tally, datetime.now(UTC), cpu_s=1e6))
    out = capsys.readouterr().out
    assert "1 messages were due and had not left at the end." in out
    assert "Take the figures with care: the generator took" in out
    assert "[red]gone[/red]" in out
    assert _screen(plan, tally).row_count == 6


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((NOBODY,), "cannot connect: "),
        (("http://127.0.0.1",), "expected a URL of ws:// or wss://, found `http`"),
        (("ws://127.0.0.1?x=1",), "expected a URL without user, query and fragment"),
        (("wss://127.0.0.1",), "expected --trust with security profile 2"),
        ((NOBODY, "--mix", "boot=x"), f"--mix: expected scenarios ({', '.join(Scenario)}) with weights, found boot=x"),
        ((NOBODY, "--mix", "\x1b"), f"--mix: expected scenarios ({', '.join(Scenario)}) with weights, found \\x1b"),
        ((NOBODY, "--mix", "boot=0"), "expected a mix of scenarios with weights of more than 0"),
        ((NOBODY, "--mix", "boot,metering", "-n", 1), "expected a station or more for each of 2 scenarios, found 1"),
        ((NOBODY, "--rate", "0"), "expected a rate of more than 0 messages per second, found 0.0"),
        ((NOBODY, "--rate", "1", "--flat-out"), "expected a rate or `flat_out`, found both"),
        ((NOBODY, "--identity", "CS"), "the pattern CS: expected each identity once, found CS again"),
        ((NOBODY, "--crew", "nowhere.csv"), "nowhere.csv: No such file or directory"),
        ((NOBODY, "--trust", "x"), "expected no --trust with security profile 1"),
        (("wss://127.0.0.1", "--trust", "nowhere.pem"), "certificate, key or roots: No such file or directory"),
    ],
)
def test_it_does_not_begin(args: tuple[object, ...], message: str) -> None:
    assert complaint(*args).startswith(message)


def test_a_file_that_cannot_be_written(csms: str, tmp_path: Path) -> None:
    file = tmp_path / "nowhere" / "r.json"
    done = invoke("load", csms, *SHORT, "--json", file)
    assert (done.exit_code, done.stderr) == (2, f"ocpp21: {file}: No such file or directory\n")


@pytest.mark.parametrize("module", ["jinja2", "matplotlib"])
def test_charts_need_an_extra(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    assert complaint(NOBODY, "--html", "r.html") == f"--html needs {module}: pip install ocpp21[load]"


@pytest.mark.parametrize("options", [("--stack", "picows"), ("--loop", "uvloop")])
def test_speed_needs_an_extra(monkeypatch: pytest.MonkeyPatch, options: tuple[str, str]) -> None:
    monkeypatch.setitem(sys.modules, options[1], None)
    assert complaint(NOBODY, *options) == f"--stack or --loop needs {options[1]}: pip install ocpp21[fast]"


# While it runs


def test_interrupt_gives_the_report_so_far(csms: str, tmp_path: Path) -> None:
    command = [*COMMAND, "load", csms, "-n", "2", "--duration", "0", "--mix", "metering", "--json", tmp_path / "r.json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert booted.wait(30)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, err) == (130, "")
    assert "stations connected at the end" in out
    assert json.loads((tmp_path / "r.json").read_bytes())["kinds"]["BootNotification"]["sent"] >= 1


def test_progress_on_a_terminal(csms: str, terminal: Any) -> None:
    command = [*COMMAND, "load", csms, *map(str, SHORT), "--duration", "1.5"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal.writer, env=os.environ, timeout=60)
    seen = terminal.close().decode()
    assert done.returncode == 0
    assert "connected" in seen and "2 of 2" in seen and "per s" in seen
