"""``ocpp21 demo``: the energy that it prints is that in the ledger that it leaves, and it leaves nothing else."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from command import invoke
from sockets import Program

from ocpp21.cli import demo as demo_module
from ocpp21.cli.ledger import Entry, reconcile
from ocpp21.csms import SqliteStore, Transaction
from ocpp21.csms.ledger import Reading, Seen
from ocpp21.simulator import meter
from ocpp21.testing.virtual_time import EPOCH


def stored(file: Path) -> list[Transaction]:
    async def read() -> list[Transaction]:
        store = await SqliteStore.open(file)
        try:
            return list(await store.transactions("DEMO"))
        finally:
            await store.close()

    return asyncio.run(read())


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story, in a second."""
    monkeypatch.setattr(demo_module, "_SCENARIO", demo_module._SCENARIO.replace("2.5", "0.2").replace("0.5", "0.05"))


def test_what_it_prints_is_what_it_leaves(tmp_path: Path) -> None:
    file, rest = tmp_path / "ledger.sqlite", tmp_path / "tmp"
    rest.mkdir()
    began = time.monotonic()
    with Program("demo", "--json", "--file", file, TMPDIR=str(rest)) as program:
        code, out, err = program.finish()
    assert (code, err) == (0, "")
    assert time.monotonic() - began < 15
    lines = [json.loads(line) for line in out.splitlines()]
    account = lines[-1]
    (transaction,) = stored(file)
    assert transaction.is_complete and transaction.was_offline and transaction.event_count == 8
    assert account["kind"] == "ledger" and account["is_reconciled"] and account["file"] == str(file)
    (printed,) = account["transactions"]
    assert Decimal(str(printed["energy_wh"])) == transaction.energy_wh == Decimal(str(account["ledger_wh"]))
    assert printed["transaction_id"] == transaction.transaction_id
    assert printed["offline_events"] == 4
    assert 0 <= account["delivered_wh"] - account["ledger_wh"] < 0.001
    assert account["delivered_wh"] > 300  # 5 s at 83 Wh/s, less what a busy machine may take
    steps = [line["step"] for line in lines if "step" in line]
    assert steps == ["plug_in", "present", "go_offline", "stop", "go_online", "unplugs"]
    events = [line["event"] for line in lines if "event" in line]
    assert events[:2] == ["StationConnected", "StationBooted"] and events[-1] == "StationDisconnected"
    assert list(rest.iterdir()) == []
    assert {each.name for each in tmp_path.iterdir()} == {"ledger.sqlite", "ledger.sqlite-lock", "tmp"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_interrupted(tmp_path: Path, number: int) -> None:
    with Program("demo", TMPDIR=str(tmp_path)) as program:
        program.wait_for("MeterValuePeriodic")
        code, out, err = program.stop(number)
    assert (code, err) == (130, "")
    assert "The ledger" not in out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("brief")
def test_for_people(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    for count in (1, 2):  # the second one adds to the same file
        done = invoke("demo", "--file", file)
        assert (done.exit_code, done.stderr) == (0, "")
        assert len(stored(file)) == count
    assert "A simulated 300 kW charger and a CSMS, over ws://127.0.0.1:" in done.stdout
    assert "driver   plugs a car in" in done.stdout and "they agree" in done.stdout
    assert "messages wait in its queue" in done.stdout
    assert f"The ledger stays in {file}." in done.stdout
    for secret in ("04A2B3C4D5E6F7", "password"):
        assert secret not in done.stdout


@pytest.mark.usefixtures("brief")
def test_without_a_file_nothing_is_said_of_one() -> None:
    done = invoke("demo", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout.splitlines()[-1])["file"] is None
    done = invoke("demo")
    assert done.exit_code == 0 and "stays in" not in done.stdout


@pytest.mark.usefixtures("brief")
def test_energy_that_does_not_reconcile(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = meter._register_wh
    monkeypatch.setattr(meter, "_register_wh", lambda reading: honest(reading) / 2)
    done = invoke("demo")
    assert done.exit_code == 1
    assert "THEY DO NOT AGREE" in done.stdout
    assert done.stderr.startswith("ocpp21: the energy does not reconcile: ") and done.stderr.count("\n") == 1


def test_a_story_that_goes_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_module, "_SCENARIO", '[[steps]]\ndo = "unplug"\nevse = 1')
    monkeypatch.setattr("ocpp21.cli.timeline._STEPS", {"unplug": ("driver", "pulls")})
    done = invoke("demo")
    assert (done.exit_code, done.stderr) == (
        1,
        "ocpp21: step 1 (unplug): expected an EV at connector 1, found none\n",
    )


def test_a_story_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_module, "_PATIENCE_S", 0.2)
    done = invoke("demo")
    assert (done.exit_code, done.stderr) == (1, "ocpp21: the story takes longer than 0.2 s\n")


def test_a_file_that_somebody_has(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"

    async def hold() -> Any:
        store = await SqliteStore.open(file)
        try:
            return await asyncio.to_thread(invoke, "demo", "--file", file)
        finally:
            await store.close()

    with pytest.MonkeyPatch.context() as patch:  # signals are for the main thread
        patch.setattr("ocpp21.cli.demo.interrupted", lambda again: asyncio.Event())
        done = asyncio.run(hold())
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"ocpp21: expected to be the only program that has {file} open, found another one\n"


def test_no_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*args: Any, **options: Any) -> None:
        raise OSError(99, "Cannot assign requested address")

    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "create_server", refuse)
    done = invoke("demo")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "ocpp21: cannot listen on 127.0.0.1: Cannot assign requested address\n"


def entry(**changes: Any) -> Entry:
    complete = Transaction(
        identity="DEMO",
        transaction_id="T1",
        event_count=2,
        last_seq_no=1,
        started_at=Seen(0, EPOCH),
        ended_at=Seen(1, EPOCH),
        meter_start=Reading(wh=Decimal(0), at=EPOCH, seq_no=0, is_marked=True),
        meter_stop=Reading(wh=Decimal("5.001"), at=EPOCH, seq_no=1, is_marked=True),
    )
    return Entry(msgspec.structs.replace(complete, **changes), 0)


@pytest.mark.parametrize(
    ("delivered", "entries", "reason"),
    [
        ("5.001999", [entry()], None),
        ("5.0021", [entry()], "the energy does not reconcile: 5.0021 Wh were delivered, the ledger says 5.001 Wh"),
        ("0", [entry(meter_stop=entry().transaction.meter_start)], "the energy does not reconcile"),
        ("5.001", [entry(event_count=1)], "expected all events of transaction T1, found some missing"),
        ("5.001", [entry(went_backwards=True)], "expected plausible readings in transaction T1, found others"),
        ("5.001", [entry(meter_stop=None)], "the energy does not reconcile"),
        ("5.001", [], "expected a transaction in the ledger, found none"),
    ],
)
def test_reconciliation(delivered: str, entries: list[Entry], reason: str | None) -> None:
    account = reconcile(Decimal(delivered), entries)
    assert (account.reason or "").startswith(reason or "") and (account.reason is None) == (reason is None)


def test_help() -> None:
    shown = " ".join(invoke("demo", "--help").stdout.replace("│", " ").split())
    for text in ("--file", "a temporary one", "Exit codes:", "83 Wh each second", "real time"):
        assert text in shown


def test_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setitem(sys.modules, "websockets", None)
    for command in (("demo",), ("csms",), ("station", "ws://127.0.0.1:1/CS1")):
        done = invoke(*command)
        assert (done.exit_code, done.output) == (2, "ocpp21: the command needs websockets: pip install ocpp21[cli]\n")
