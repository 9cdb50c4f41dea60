"""A week of a station, and two hundred stations at a time."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from laboratory import OTHER, TOKEN, Laboratory, explore

from ocpp21.asyncio import Bounds, NetworkProfile
from ocpp21.asyncio.roles import keep_connected, serve_roles
from ocpp21.csms import CSMS, Settings, SqliteStore
from ocpp21.simulator import EV, SimulatedStation, wallbox
from ocpp21.station import ChargingStation
from ocpp21.station.memory import MemoryStore
from roles.reconciling import check_energy, check_frames, check_transactions, no_complaints, settle

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


async def day(lab: Laboratory) -> None:
    """Two EVs charge, one after work and one over night; the line is down from 1 to 5 o'clock."""
    begin = asyncio.get_running_loop().time()

    async def until(hour: float) -> None:
        await asyncio.sleep(begin + hour * HOUR_S - asyncio.get_running_loop().time())

    await until(1)
    await lab.go_offline()
    await until(5)
    await lab.go_online()
    await until(7)
    if lab.hardware.evses[2].ev is not None:
        await lab.present(OTHER, 2)
        await lab.unplug(2)
    await until(17)
    await lab.plug_in(1, ev=EV(capacity_wh=40_000))
    await lab.present(TOKEN, 1)
    await until(19)
    await lab.present(TOKEN, 1)
    await lab.unplug(1)
    await until(22)
    await lab.plug_in(2, ev=EV(capacity_wh=70_000))
    await lab.present(OTHER, 2)
    await until(24)


def test_a_week() -> None:
    async def scenario(lab: Laboratory) -> None:
        for _ in range(7):
            await day(lab)
        await lab.present(OTHER, 2)
        await lab.unplug(2)
        await settle(lab)
        transactions = await check_transactions(lab.csms_store)
        assert len(transactions) == 14
        assert sum(transaction.event_count for transaction in transactions) > 7 * (24 + 60)
        for evse_id in (1, 2):
            check_energy(transactions, lab.delivered_wh(evse_id), evse_id)
            assert lab.delivered_wh(evse_id) > 100_000
        assert await lab.station_store.count("message_queue") == 0

    begin = time.perf_counter()
    with no_complaints():
        hardware = SimulatedStation(wallbox(evses=2), epoch=datetime(2026, 1, 1, tzinfo=UTC), boot_s=0.0)
        lab = explore(scenario, hardware=hardware, variables={"sampled_data_ctrlr.tx_updated_interval": 300})
    check_frames(lab.frames)
    assert time.perf_counter() - begin < 30


STATIONS = 200


async def visit(hardware: SimulatedStation, station: ChargingStation) -> None:
    """Charge for a second, twice."""
    await station.provisioning.accepted()
    for _ in range(2):
        hardware.plug_in(1, 1, EV())
        hardware.present(TOKEN, 1)
        while station.evses[1].transaction_id is None:
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        hardware.present(TOKEN, 1)
        lock = hardware.evses[1].connectors[1].lock
        while lock is not None and lock.is_locked:
            await asyncio.sleep(0.05)
        hardware.unplug(1, 1)
        await asyncio.sleep(0.05)
    while len(station.queue):
        await asyncio.sleep(0.05)


def test_many_stations_over_sockets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        store = await SqliteStore.open(tmp_path / "csms.db")
        epoch = datetime.now(UTC)
        fleet = {f"CS{number:03}": SimulatedStation(wallbox(), epoch=epoch, boot_s=0.0) for number in range(STATIONS)}
        roles = {identity: ChargingStation(hardware, MemoryStore()) for identity, hardware in fleet.items()}
        async with AsyncExitStack() as stack:
            csms = await stack.enter_async_context(CSMS(store, settings=Settings(inventory=None)))
            await csms.tokens.put(TOKEN)
            server = await stack.enter_async_context(
                serve_roles(csms, "127.0.0.1", 0, allow_unauthenticated=True, bounds=Bounds(per_source=None))
            )
            for identity, role in roles.items():
                await stack.enter_async_context(role)
                profile = NetworkProfile(f"ws://127.0.0.1:{server.ports[0]}", identity)
                await stack.enter_async_context(keep_connected(role, [profile]))
            await asyncio.gather(*(visit(fleet[identity], role) for identity, role in roles.items()))
            billed = Decimal(0)
            for identity, hardware in fleet.items():
                transactions = await check_transactions(store, identity)
                assert len(transactions) == 2
                check_energy(transactions, hardware.delivered_wh(1))
                billed += sum((each.energy_wh or Decimal(0) for each in transactions), Decimal(0))
            assert billed > STATIONS * 2 * 2  # Wh: a wallbox gives 3 Wh in a second
            assert sum(role.queue.given_up for role in roles.values()) == 0
            assert not await store.ongoing()
        await store.close()

    begin = time.perf_counter()
    with no_complaints():
        asyncio.run(main())
    seconds = time.perf_counter() - begin
    with capsys.disabled():
        print(f"\n{STATIONS} stations, {2 * STATIONS} sessions: {seconds:.1f} s")
    assert seconds < 60
