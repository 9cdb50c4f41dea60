"""Runs over real sockets: against our own CSMS, and against some that refuse, drop, lie or halt."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from websockets.http11 import Request, Response

from load.servers import polite, put_load, result, rude
from ocpp21.asyncio import HandshakeFailed, PasswordStore, SecurityProfile
from ocpp21.errors import LocalProtocolError
from ocpp21.load import Fault, Load, Plan, Report, Scenario, crew
from ocpp21.load.run import allow_sockets
from ocpp21.load.station import LoadStation

PASSWORD = "correct-horse-battery-staple"

METERING = {Scenario.METERING: 1.0}


async def nothing(message_id: str, action: str, payload: Any) -> str | None:
    """Say nothing."""
    return None


async def good(message_id: str, action: str, payload: Any) -> str | None:
    return result(message_id, {"currentTime": "2026-01-01T00:00:00Z"} if action == "Heartbeat" else {})


def texts(report: Report, fault: Fault) -> list[str]:
    return list(report.faults.get(fault, {}))


# Our own CSMS


async def all_scenarios() -> None:
    async with polite() as (url, csms):
        mix = {Scenario.BOOT: 1.0, Scenario.METERING: 1.0, Scenario.TRANSACTIONS: 1.0}
        report = await put_load(url, stations=6, mix=mix, rate=300.0, duration_s=1.0, ramp_s=0.2)
        assert len(csms) == 6
    assert report.faults == {}
    assert {"Connect", "BootNotification", "StatusNotification", "MeterValues", "TransactionEvent"} <= set(report.kinds)
    assert report.connected >= 4
    assert 0 < report.answered <= report.sent
    assert report.kinds["BootNotification"].answered > 6  # those of the scenario come again and again
    assert report.latency.p50_s <= report.latency.p99_s <= report.latency.max_s
    for kind in report.kinds.values():
        assert kind.service.p50_s <= kind.latency.p50_s
    assert sum(moment.sent_per_s for moment in report.moments) > 0
    assert report.moments[-1].connected == report.connected
    decoded = json.loads(report.to_json())
    assert decoded["kinds"].keys() == report.kinds.keys()
    assert msgspec.convert(decoded, Report) == report


def test_all_scenarios() -> None:
    asyncio.run(all_scenarios())


async def transactions() -> None:
    async with polite() as (url, csms):
        await put_load(url, stations=2, flat_out=True, rate=None, duration_s=0.5)
        found = await csms.store.transactions("LOAD00001")
    ended = [transaction for transaction in found if transaction.ended_at is not None]
    assert ended
    assert {transaction.event_count for transaction in ended} == {10}
    assert not any(transaction.went_backwards for transaction in found)


def test_what_arrives_are_whole_transactions() -> None:
    asyncio.run(transactions())


async def rate() -> Report:
    async with polite() as (url, _):
        return await put_load(url, rate=100.0, duration_s=1.5, mix=METERING)


def test_the_rate_is_kept() -> None:
    report = asyncio.run(rate())
    messages = report.kinds["MeterValues"].sent + report.kinds.get("Heartbeat", report.kinds["MeterValues"]).sent
    assert 100 <= messages <= 155
    assert report.lateness.count >= 100


async def passwords() -> None:
    store = PasswordStore()
    for number in range(1, 5):
        store.set(f"LOAD{number:05}", PASSWORD)
    async with polite(allow_unauthenticated=False, authenticator=store) as (url, _):
        plan = Plan(url=url, stations=4, rate=100.0, duration_s=0.3)
        security = SecurityProfile.basic("CS", PASSWORD)
        run = Load(plan, crew(4, security=security))
        assert run.report() is None
        await run.probe()
        report = await run.run()
        assert (report.connected, report.faults) == (4, {})
        with pytest.raises(HandshakeFailed, match="401"):
            await Load(plan, crew(4)).probe()


def test_each_station_shows_who_it_is() -> None:
    asyncio.run(passwords())


async def stop() -> None:
    async with polite() as (url, _):
        run = Load(Plan(url=url, stations=2, duration_s=None, rate=50.0), crew(2))
        going = asyncio.create_task(run.run())
        while run.tally is None or not run.tally.connected:
            await asyncio.sleep(0.01)
        assert (midway := run.report()) is not None and midway.connected
        run.stop()
        report = await going
    assert report.elapsed_s < 20


def test_stop_gives_the_report_so_far() -> None:
    asyncio.run(stop())


# CSMSs that do not behave


async def silent(**options: Any) -> Report:
    async with rude(nothing) as (url, _):
        return await put_load(url, mix=METERING, stations=2, **options)


def test_no_answer_before_the_end() -> None:
    report = asyncio.run(silent(rate=20.0, duration_s=1.0, grace_s=0.2))
    assert report.faults == {Fault.UNANSWERED: {"MeterValues: no answer before the end": 2}}
    kind = report.kinds["MeterValues"]
    assert (kind.sent, kind.answered, kind.latency.count) == (2, 0, 2)
    assert kind.latency.p50_s > 0.5
    # What waited behind the two is not forgotten: about 20 messages were due.
    assert 10 <= report.owed <= 20 * report.elapsed_s
    assert report.latency.count == report.owed + 2 + report.kinds["BootNotification"].answered


def test_no_answer_in_time() -> None:
    report = asyncio.run(silent(answer_timeout_s=0.1))
    assert "MeterValues: no answer within 0.1 s" in texts(report, Fault.UNANSWERED)


def test_a_second_stop_does_not_wait() -> None:
    async def impatient() -> Report:
        async with rude(nothing) as (url, rude_one):
            run = Load(Plan(url=url, mix=METERING, flat_out=True, duration_s=None, grace_s=60.0), crew(1))
            going = asyncio.create_task(run.run())
            while len(rude_one.seen) < 2:
                await asyncio.sleep(0.01)
            run.stop()
            await asyncio.sleep(0)
            run.stop()
            return await going

    assert texts(asyncio.run(impatient()), Fault.UNANSWERED) == ["MeterValues: no answer before the end"]


def test_latency_counts_from_when_a_message_was_due() -> None:
    """A CSMS that halts once for half a second: who measures from when messages left sees one slow message only."""

    async def halting() -> Report:
        halted = False

        async def halt(message_id: str, action: str, payload: Any) -> str | None:
            nonlocal halted
            if not halted:
                halted = True
                await asyncio.sleep(0.5)
            return await good(message_id, action, payload)

        async with rude(halt) as (url, _):
            return await put_load(url, stations=1, rate=100.0, duration_s=1.0, mix=METERING)

    kind = asyncio.run(halting()).kinds["MeterValues"]
    assert kind.service.p90_s < 0.25 < kind.latency.p90_s
    assert 0.5 <= kind.service.max_s <= kind.latency.max_s


Lie = Callable[[str, str, Any], Awaitable[str | None]]


def saying(text: str) -> Lie:
    async def answer(message_id: str, action: str, payload: Any) -> str | None:
        return text.replace("ID", message_id)

    return answer


@pytest.mark.parametrize(
    ("said", "fault", "text"),
    [
        ('[3,"other",{}]', Fault.UNCALLED, "unsolicited answer"),
        ('[3,"ID",{"x":1}]', Fault.INVALID, "MeterValues: "),
        ('[4,"ID","NotSupported","no",{}]', Fault.REFUSED, "MeterValues: NotSupported: no"),
        ("hello", Fault.INVALID, ""),
        ('[2,"1","Bogus",{}]', Fault.INVALID, "expected"),
        ('[5,"7","InternalError","",{}]', Fault.REFUSED, "an answer of ours: InternalError"),
    ],
)
def test_lies_are_counted(said: str, fault: Fault, text: str) -> None:
    async def run() -> Report:
        async with rude(saying(said)) as (url, _):
            return await put_load(url, stations=1, mix=METERING, rate=20.0, answer_timeout_s=0.1, duration_s=0.4)

    report = asyncio.run(run())
    assert any(found.startswith(text) for found in texts(report, fault)), report.faults
    assert report.answered == report.kinds["BootNotification"].answered == 1


def test_connections_that_drop() -> None:
    async def run() -> tuple[Report, int]:
        async with rude(nothing) as (url, rude_one):
            plan = Plan(url=url, mix=METERING, flat_out=True, duration_s=4.0)
            run = Load(plan, crew(1))
            going = asyncio.create_task(run.run())
            while len(rude_one.seen) < 2:
                await asyncio.sleep(0.01)
            await rude_one.connections[0].close(1011, "out of order")
            while len(rude_one.connections) < 2:
                await asyncio.sleep(0.01)
            run.stop()
            return await going, len(rude_one.connections)

    report, connections = asyncio.run(run())
    assert connections == 2
    assert texts(report, Fault.DROPPED) == ["out of order"]
    assert "MeterValues: the connection ended" in texts(report, Fault.UNANSWERED)


def test_doors_that_stay_shut() -> None:
    async def run() -> Report:
        def shut(connection: Any, request: Request) -> Response:
            response: Response = connection.respond(503, "")
            return response

        async with rude(nothing, process_request=shut) as (url, _):
            return await put_load(url, stations=2)

    report = asyncio.run(run())
    assert report.faults == {Fault.UNREACHABLE: {"the CSMS refuses with HTTP status 503 Service Unavailable": 2}}
    assert (report.sent, report.connected, report.owed, report.distribution) == (0, 0, 0, ())


def test_nobody_at_home() -> None:
    report = asyncio.run(put_load("ws://127.0.0.1:1", stations=1))
    assert report.faults.keys() == {Fault.UNREACHABLE}


class Registrar:
    """Boots on the second try, and opens streams."""

    def __init__(self, first: str) -> None:
        self.first = first
        self.boots = 0
        self.actions: list[str] = []

    async def __call__(self, socket: Any) -> None:
        async for text in socket:
            kind, message_id, action, *_ = json.loads(text)
            self.actions.append(action)
            if kind != 2:
                continue
            if action == "BootNotification":
                self.boots += 1
                if self.boots == 1:
                    await socket.send(self.first.replace("ID", message_id))
                    continue
                payload: Any = {"currentTime": "2026-01-01T00:00:00Z", "interval": 1, "status": "Accepted"}
            else:
                payload = {"status": "Accepted"}
            await socket.send(result(message_id, payload if action != "ClosePeriodicEventStream" else {}))


@pytest.mark.parametrize(
    ("first", "text"),
    [
        ('[3,"ID",{"currentTime":"2026-01-01T00:00:00Z","interval":1,"status":"Pending"}]', "answered Pending"),
        ('[4,"ID","InternalError","",{}]', "InternalError"),
    ],
)
def test_boots_until_it_is_accepted_and_streams_then(first: str, text: str) -> None:
    from websockets.asyncio.server import serve

    async def run() -> tuple[Report, Registrar]:
        registrar = Registrar(first)
        async with serve(registrar, "127.0.0.1", 0, subprotocols=["ocpp2.1"]) as server:  # type: ignore[list-item]
            url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            load = Load(Plan(url=url, mix={Scenario.STREAMS: 1}, flat_out=True, duration_s=None), crew(1))
            going = asyncio.create_task(load.run())
            while "ClosePeriodicEventStream" not in registrar.actions:
                await asyncio.sleep(0.01)
            load.stop()
            return await going, registrar

    report, registrar = asyncio.run(run())
    assert texts(report, Fault.REFUSED) == [f"BootNotification: {text}"]
    assert report.kinds["NotifyPeriodicEventStream"].sent >= 50
    assert report.kinds["NotifyPeriodicEventStream"].latency.count == 0
    assert registrar.actions.count("NotifyPeriodicEventStream") >= 50


def test_a_fault_of_ours_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: LoadStation) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(LoadStation, "_play", fail)

    async def run() -> None:
        async with polite() as (url, _):
            await put_load(url, stations=2, duration_s=None)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(run())


def test_too_few_members() -> None:
    with pytest.raises(LocalProtocolError, match="expected 2 stations, found 1"):
        Load(Plan(url="ws://127.0.0.1", stations=2), crew(1))


def test_files(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    limits: list[tuple[int, int]] = [(100, 1000)]
    monkeypatch.setattr(resource, "getrlimit", lambda kind: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limit: limits.append(limit))
    allow_sockets(10)
    allow_sockets(500)
    assert limits == [(100, 1000), (564, 1000)]
    with pytest.raises(LocalProtocolError, match="expected at most 936 stations, since 1000 files may be open:"):
        allow_sockets(1000)


def test_scenarios_are_dealt_by_the_seed() -> None:
    plan = Plan(url="ws://127.0.0.1", stations=20, mix={Scenario.BOOT: 1, Scenario.METERING: 1}, seed=3)
    assert Load(plan, crew(20))._scenarios == Load(plan, crew(20))._scenarios
