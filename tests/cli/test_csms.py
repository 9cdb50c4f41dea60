"""``ocpp21 csms``: whom it lets in, what it keeps, what it shows, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import COMMAND, invoke, run
from rich.console import Console
from sockets import PASSWORD, WRONG, Certificates, Lines, Listener, Program

from ocpp21.cli import csms as csms_module
from ocpp21.cli.board import Board
from ocpp21.cli.credentials import Unusable
from ocpp21.cli.happenings import facts_of, words_of
from ocpp21.cli.tokens import read_tokens
from ocpp21.csms import (
    CSMS,
    ConnectorStatusChanged,
    MemoryStore,
    MeterValuesReceived,
    ReportReceived,
    SecurityEventReceived,
    SqliteStore,
    StationBooted,
    StationConnected,
    StationDisconnected,
    StationEvent,
    Transaction,
    TransactionEnded,
    TransactionEventIgnored,
    TransactionStarted,
)
from ocpp21.csms.ledger import apply
from ocpp21.csms.reports import Report
from ocpp21.messages import (
    BootNotificationRequest,
    ChargingStationType,
    GenericDeviceModelStatusEnumType,
    MeterValuesRequest,
    MeterValueType,
    SampledValueType,
    SecurityEventNotificationRequest,
    StatusNotificationRequest,
    TransactionEventRequest,
    TransactionType,
)
from ocpp21.testing.virtual_time import EPOCH

BOOT = '{"reason":"PowerUp","chargingStation":{"model":"m","vendorName":"v"}}'
AUTHORIZE = '{"idToken":{"idToken":"04a2b3c4","type":"ISO14443"}}'


# As a process


@pytest.mark.parametrize("profile", [1, 2, 3])
def test_profiles(certificates: Certificates, password_file: Path, profile: int) -> None:
    password = ("--password-file", password_file)
    ours, theirs = {
        1: ((*password,), (*password,)),
        2: ((*password, *certificates.server), (*password, "--trust", certificates.trust)),
        3: (
            (*certificates.server, "--trust", certificates.trust, "--organization", certificates.pki.organization),
            (*certificates.station, "--trust", certificates.trust),
        ),
    }[profile]
    number = signal.SIGINT if profile == 1 else signal.SIGTERM
    with Listener("--profile", profile, *ours, command="csms") as csms:
        done = run("call", f"{csms.url}/CS1", "BootNotification", BOOT, *theirs)
        assert (done.returncode, done.stderr) == (0, b"")
        assert json.loads(done.stdout) | {"currentTime": ""} == {
            "currentTime": "",
            "interval": 300,
            "status": "Accepted",
        }
        csms.wait_for("CS1 disconnected")
        code, out, err = csms.stop(number)
    assert (code, err) == (0, "")
    assert "CS1 booted (PowerUp): v m, Accepted" in out
    assert PASSWORD not in out


def test_who_does_not_know_the_password(password_file: Path) -> None:
    with Listener("--password-file", password_file, command="csms") as csms:
        done = run("call", f"{csms.url}/CS1", "Heartbeat", OCPP21_PASSWORD=WRONG)
        assert (done.returncode, done.stdout) == (2, b"")
        csms.wait_for("handshake refused status=401")
        assert csms.stop()[0] == 0


def test_connections_from_one_address_are_bounded() -> None:
    with Listener("--allow-unauthenticated", "--per-address", 1, command="csms") as csms:
        done = run("load", csms.url, "--stations", 2, "--ramp", 0, "--duration", 1, "--timeout", 1)
        assert done.returncode == 1
        csms.wait_for("too many at a time")
        assert csms.stop()[0] == 0


def test_what_is_kept_and_what_is_said(tmp_path: Path) -> None:
    """The second time nobody names the IdToken, and the station need not boot again."""
    file, tokens = tmp_path / "csms.sqlite", tmp_path / "tokens"
    tokens.write_text("# of the house\n04A2B3C4\n\nE-4711 Central # the boss\n")
    options = ("--file", file, "--allow-unauthenticated", "--json", "--interval", 77)
    with Listener(*options, "--token-file", tokens, "--token", "CAFE", command="csms") as csms:
        done = run("call", f"{csms.url}/CS1", "BootNotification", BOOT)
        assert json.loads(done.stdout)["interval"] == 77
        code, out, err = csms.stop()
    assert (code, err) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["event"] for line in lines if line["kind"] == "event"] == [
        "StationConnected",
        "StationBooted",
        "StationDisconnected",
    ]
    (booted,) = (line for line in lines if line.get("event") == "StationBooted")
    del booted["time"]
    assert booted == {
        "kind": "event",
        "identity": "CS1",
        "event": "StationBooted",
        "vendor_name": "v",
        "model": "m",
        "reason": "PowerUp",
        "status": "Accepted",
        "is_new": True,
    }
    assert {line["kind"] for line in lines} == {"listening", "log", "event", "frame"}
    with Listener(*options, command="csms") as csms:
        for payload, status in ((AUTHORIZE, "Accepted"), (AUTHORIZE.replace("04a2", "ffff"), "Unknown")):
            done = run("call", f"{csms.url}/CS1", "Authorize", payload)
            assert json.loads(done.stdout)["idTokenInfo"]["status"] == status
        locked = run("csms", "--port", 0, *options)
        assert (locked.returncode, locked.stdout) == (2, b"")
        expected = f"ocpp21: expected to be the only program that has {file} open, found another one\n"
        assert locked.stderr.decode() == expected
        assert csms.stop()[0] == 0


def test_killed_and_started_again(tmp_path: Path) -> None:
    file = tmp_path / "csms.sqlite"
    options = ("--file", file, "--allow-unauthenticated")
    with Listener(*options, command="csms") as csms:
        assert run("call", f"{csms.url}/CS1", "BootNotification", BOOT).returncode == 0
        csms.kill()
    with Listener(*options, command="csms") as csms:
        assert run("call", f"{csms.url}/CS1", "Heartbeat").returncode == 0  # it is registered
        assert csms.stop()[0] == 0


def test_the_live_view(terminal: Any, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(CHARGE)
    options = ("csms", "--port", str(port), "--allow-unauthenticated", "--token", "04A2B3C4")
    csms = subprocess.Popen([*COMMAND, *options], stdout=terminal.writer, stderr=subprocess.PIPE)
    try:
        done = run("station", f"ws://127.0.0.1:{port}/CS1", "--scenario", scenario)
        assert (done.returncode, done.stderr) == (0, b"")
        csms.send_signal(signal.SIGTERM)
        _, err = csms.communicate(timeout=30)
    finally:
        csms.kill()
        csms.wait()
    seen = terminal.close().decode()
    assert (csms.returncode, err) == (0, b"")
    for text in ("1 stations known", "1.1 Occupied", "AC Wallbox", "ended (Local)", "online", "offline", " Wh"):
        assert text in seen
    assert "\x1b[?25h" in seen  # the cursor is there again


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
do = "stop"
evse = 1
[[steps]]
do = "wait_until"
evse = 1
state = "Idle"
"""


# In this process

Story = Callable[[Lines, str], None]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Serve in this process while a story is told in another thread, and return what was printed."""

    def told(story: Story, **options: Any) -> str:
        lines, failures = Lines(), []

        def tell() -> None:
            try:
                story(lines, lines.wait_for("listening").split()[-1].removesuffix("/<identity>"))
            except BaseException as error:
                failures.append(error)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        monkeypatch.setattr(sys, "stdout", lines)
        thread = threading.Thread(target=tell)
        thread.start()
        try:
            csms_module.csms(port=0, allow_unauthenticated=True, **options)
        finally:
            thread.join()
            monkeypatch.undo()
        assert failures == []
        return lines.text

    return told


def test_a_charge_in_the_ledger(told: Callable[..., str], tmp_path: Path) -> None:
    file, scenario = tmp_path / "csms.sqlite", tmp_path / "scenario.toml"
    scenario.write_text(CHARGE)

    def story(lines: Lines, url: str) -> None:
        done = run("station", f"{url}/CS1", "--scenario", scenario)
        assert (done.returncode, done.stderr) == (0, b"")
        lines.wait_for("CS1 disconnected")

    out = told(story, file=file, tokens=["04A2B3C4"])
    assert "Started #0 (Authorized), EVConnected, 0.000 Wh" in out
    assert "Ended #2 (StopAuthorized), EVConnected, Local, " in out
    assert re.search(r"report of \d+ variables, complete", out)

    async def read() -> list[Transaction]:
        store = await SqliteStore.open(file)
        try:
            return list(await store.transactions("CS1"))
        finally:
            await store.close()

    (transaction,) = asyncio.run(read())
    assert transaction.is_complete


def test_output_that_breaks_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Lines):
        def write(self, text: str) -> int:
            if "listening" in text:
                raise OSError(28, "No space left on device")
            return super().write(text)

    monkeypatch.setattr(sys, "stdout", Broken())
    with pytest.raises(OSError, match="No space left"):
        csms_module.csms(port=0, allow_unauthenticated=True)


# The live view


class Cracked(Console):
    """A terminal that is taken away."""

    is_gone = False

    def print(self, *objects: Any, **options: Any) -> None:
        if self.is_gone:
            raise OSError(5, "Input/output error")
        super().print(*objects, **options)


def events() -> tuple[CSMS, list[StationEvent]]:
    csms = CSMS(MemoryStore())
    station = csms.welcome("CS\x1b1")
    place = {"station": station, "at": EPOCH}
    event = TransactionEventRequest(
        event_type="Started",
        timestamp=EPOCH,
        trigger_reason="Authorized",
        seq_no=0,
        offline=True,
        transaction_info=TransactionType(transaction_id="0123456789", charging_state="Charging"),
        meter_value=[
            MeterValueType(timestamp=EPOCH, sampled_value=[SampledValueType(value=7.0, context="Transaction.Begin")])
        ],
    )
    transaction = apply(Transaction(identity="CS1", transaction_id="0123456789"), event)
    last = TransactionEventRequest(
        event_type="Ended",
        timestamp=EPOCH,
        trigger_reason="StopAuthorized",
        seq_no=2,
        transaction_info=TransactionType(transaction_id="0123456789"),
    )
    ended = apply(transaction, last)
    status = StatusNotificationRequest(timestamp=EPOCH, connector_status="Available", evse_id=1, connector_id=2)
    boot = BootNotificationRequest(
        charging_station=ChargingStationType(model="m", vendor_name="\x1b[2Jv"), reason="PowerUp"
    )
    security = SecurityEventNotificationRequest(type="FirmwareUpdated", timestamp=EPOCH)
    values = MeterValuesRequest(evse_id=3, meter_value=event.meter_value)
    return csms, [
        StationConnected(**place),
        StationBooted(**place, boot=boot, status="Accepted", is_new=True),
        ConnectorStatusChanged(**place, report=status, previous=None),
        TransactionStarted(**place, request=event, transaction=transaction),
        TransactionEnded(**place, request=last, transaction=ended),
        TransactionEventIgnored(**place, request=event, reason="expected nothing"),
        MeterValuesReceived(**place, request=values),
        ReportReceived(**place, report=Report(GenericDeviceModelStatusEnumType.ACCEPTED, (), False)),
        SecurityEventReceived(**place, request=security, is_critical=False),
        StationDisconnected(**place),
        StationEvent(**place),
    ]


def test_events_in_words_and_facts() -> None:
    async def main() -> tuple[list[str], list[dict[str, Any]]]:
        _, happened = events()
        return [words_of(event) for event in happened], [facts_of(event) for event in happened]

    words, facts = asyncio.run(main())
    assert words == [
        "connected",
        "booted (PowerUp): \x1b[2Jv m, Accepted",
        "EVSE 1 connector 2: Available",
        "transaction 01234567 Started #0 (Authorized), Charging, from offline, 0.000 Wh",
        "transaction 01234567 Ended #2 (StopAuthorized), 0.000 Wh",
        "transaction 01234567 Started #0 (Authorized), Charging, from offline ignored: expected nothing",
        "EVSE 3: meter values outside of a transaction",
        "report of 0 variables, not complete",
        "security event FirmwareUpdated",
        "disconnected",
        "StationEvent",
    ]
    assert all(each["identity"] == "CS\x1b1" and each["event"] for each in facts)
    assert json.loads(json.dumps(facts)) == facts
    assert facts[4]["energy_wh"] == 0.0 and facts[4]["is_ended"] and not facts[4]["is_complete"]


def test_what_peers_say_does_not_move_the_cursor() -> None:
    async def main() -> str:
        csms, happened = events()
        console = Console(width=120, height=30, record=True, force_terminal=True, file=open(os.devnull, "w"))
        board = Board(csms, console)
        async with board.shown():
            for number, event in enumerate(happened):
                board.take(event)
                board.say("event", words_of(event), number=number)
            await asyncio.sleep(0)
        console.file.close()
        return console.export_text(styles=True)

    shown = asyncio.run(main())
    assert "\x1b[2J" not in shown and "\\x1b[2Jv m" in shown
    assert "1 stations known, 0 connected" in shown
    assert "ended (Local, 1 events missing)" in shown


def test_a_board_forgets() -> None:
    async def main() -> Board:
        csms, (connected, *_) = events()
        board = Board(csms, Console(file=open(os.devnull, "w")))
        for number in range(300):
            station = csms.welcome(f"CS{number}")
            board.take(StationConnected(station=station, at=connected.at))
        board._console.file.close()
        return board

    board = asyncio.run(main())
    assert len(board._stations) == 200 and "CS99" not in board._stations


def test_a_terminal_that_is_gone_ends_it() -> None:
    async def main() -> None:
        csms, happened = events()
        console = Cracked(force_terminal=True, file=open(os.devnull, "w"))
        board = Board(csms, console)
        broken = asyncio.Event()
        board.on_broken = broken.set
        async with board.shown():
            console.is_gone = True
            board.take(happened[0])
            async with asyncio.timeout(10):
                await broken.wait()
        assert board.error is not None and board.error.errno == 5
        console.file.close()

    asyncio.run(main())


# Wrong usage


def test_help() -> None:
    shown = " ".join(invoke("csms", "--help").stdout.replace("│", " ").split())
    for text in ("SECONDS", "[default: 9000]", "[default: 300]", "in memory", "ISO14443", "Exit codes:", "5 seconds"):
        assert text in shown


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ((), "expected a password, in --password-file or OCPP21_PASSWORD, or --allow-unauthenticated, and not both"),
        (("--password-file", "NONE"), "No such file or directory"),
        (("--allow-unauthenticated", "--file", "FOREIGN"), "found: file is not a database"),
        (("--allow-unauthenticated", "--file", "OTHER"), "expected the store of a CSMS in"),
        (("--allow-unauthenticated", "--file", "NOWHERE"), "unable to open database file"),
        (("--allow-unauthenticated", "--token", "a b c"), "expected an IdToken and at most its type, found 3 words"),
        (("--allow-unauthenticated", "--token", "x" * 256), "expected an IdToken: AuthorizeRequest `/idToken/idToken`"),
        (("--allow-unauthenticated", "--token", " "), "expected an IdToken and at most its type, found 0 words"),
        (("--allow-unauthenticated", "--token-file", "NONE"), "No such file or directory"),
        (("--allow-unauthenticated", "--token-file", "BAD"), "bad:2: expected an IdToken and at most its type"),
        (("--allow-unauthenticated", "--token-file", "LATIN"), "expected UTF-8"),
        (("--allow-unauthenticated", "--host", "198.51.100.1"), "cannot listen on 198.51.100.1 port 0: "),
    ],
)
def test_wrong_usage(tmp_path: Path, options: tuple[str, ...], reason: str) -> None:
    foreign, other, bad, latin = (tmp_path / name for name in ("foreign", "other", "bad", "latin"))
    foreign.write_text("this is no database at all, and long enough to be looked at as one" * 10)
    subprocess.run(
        [sys.executable, "-c", f"import sqlite3; sqlite3.connect({str(other)!r}).execute('create table t (x)')"],
        check=True,
    )
    bad.write_text("CAFE\n04A2 too many words\n")
    latin.write_bytes(b"caf\xe9\n")
    names = {
        "NONE": tmp_path / "none",
        "NOWHERE": tmp_path / "none" / "file",
        "FOREIGN": foreign,
        "OTHER": other,
        "BAD": bad,
        "LATIN": latin,
    }
    done = invoke("csms", "--port", "0", *(names.get(each, each) for each in options))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("ocpp21: ") and done.stderr.count("\n") == 1
    assert reason in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_password_that_must_not_be_read(password_file: Path) -> None:
    password_file.chmod(0)
    assert stat.S_IMODE(password_file.stat().st_mode) == 0
    done = invoke("csms", "--port", "0", "--password-file", password_file)
    assert (done.exit_code, done.stderr) == (2, f"ocpp21: {password_file}: Permission denied\n")


def test_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = invoke("csms", "--port", taken.getsockname()[1], "--allow-unauthenticated")
    assert done.exit_code == 2 and done.stderr.count("\n") == 1
    assert "address already in use" in done.stderr.lower()


def test_too_many_tokens(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_bytes(b"#" * (8 * 1024 * 1024 + 1))
    with pytest.raises(Unusable, match="expected at most 8388608 bytes"):
        read_tokens([], file)


def test_stations_that_do_not_close_are_cut_off() -> None:
    with Listener("--allow-unauthenticated", command="csms") as csms:
        with socket.create_connection(("127.0.0.1", int(csms.url.rpartition(":")[2]))) as station:
            station.sendall(
                b"GET /CS1 HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                b"Sec-WebSocket-Protocol: ocpp2.1\r\n\r\n"
            )
            csms.wait_for("CS1 connected")
            csms._process.send_signal(signal.SIGINT)
            while station.recv(4096)[-12:] != b"\x03\xe9going away":
                pass
            assert csms.stop(signal.SIGINT)[0] == 0


def test_a_program_that_types_nothing() -> None:
    """Standard input is of no interest."""
    with Program("csms", "--port", 0, "--allow-unauthenticated") as program:
        program.wait_for("listening")
        assert program.stop()[0] == 0
