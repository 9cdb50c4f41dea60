"""A station that lives: it goes offline, it reboots, it loses its power, and its meters count on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from ocpp21.csms import CSMS, Settings, Transaction
from ocpp21.csms import MemoryStore as CsmsStore
from ocpp21.errors import StoreError
from ocpp21.messages import (
    BootReasonEnumType,
    ChargingStateEnumType,
    ConnectorStatusEnumType,
    IdTokenType,
)
from ocpp21.simulator import EV, Actor, Impossible, LiveStation, SimulatedStation, parse, play, registers, wallbox
from ocpp21.station import ChargingStation
from ocpp21.station.memory import MemoryStore
from ocpp21.testing.roles import RolePair
from ocpp21.testing.virtual_time import EPOCH, run, wall_time

TOKEN = IdTokenType(id_token="04A2B3C4", type="ISO14443")
REGISTER = ("Energy.Active.Import.Register",)


class MemoryLine(RolePair):
    """A line in memory; to close it is to cut it."""

    async def close(self) -> None:
        await self.cut()


class World:
    """A CSMS, and what a station needs to live."""

    def __init__(self, store: MemoryStore, csms_store: CsmsStore, **options: Any) -> None:
        self.csms = CSMS(csms_store, now=wall_time, settings=Settings(inventory=None))
        self.ledger = csms_store
        self.hardware = SimulatedStation(wallbox(), epoch=EPOCH, **options)
        self.live = LiveStation(self.hardware, store, connect=self._line, prepare=prepare)
        self.booted: list[ChargingStation] = []

    def _line(self, station: ChargingStation) -> MemoryLine:
        self.booted.append(station)
        return MemoryLine(station, self.csms.welcome("CS001"))

    async def transactions(self) -> list[Transaction]:
        return list(await self.ledger.transactions("CS001"))

    async def charge(self, seconds: float) -> None:
        assert self.live.station is not None
        await self.live.station.provisioning.accepted()
        self.hardware.plug_in(1, 1, EV())
        self.hardware.present(TOKEN, 1)
        await self.live.wait_until(1, ChargingStateEnumType.CHARGING)
        await asyncio.sleep(seconds)


def prepare(station: ChargingStation) -> None:
    station.device_model.sampled_data_ctrlr.tx_ended_measurands.set(REGISTER)


def living(
    story: Callable[[World], Awaitable[None]],
    store: MemoryStore | None = None,
    csms_store: CsmsStore | None = None,
    **options: Any,
) -> World:
    async def main() -> World:
        world = World(store or MemoryStore(), csms_store or CsmsStore(), **options)
        async with world.csms:
            await world.csms.tokens.put(TOKEN)
            async with world.live:
                await story(world)
        return world

    return run(main())


def test_a_scenario_with_everything() -> None:
    scenario = parse(
        """
        [[steps]]
        after = 1
        do = "plug_in"
        evse = 1
        [[steps]]
        do = "wait_until"
        evse = 1
        state = "Occupied"
        within = 1
        [[steps]]
        do = "present"
        token = "04A2B3C4"
        evse = 1
        [[steps]]
        do = "wait_until"
        evse = 1
        state = "Charging"
        within = 5
        [[steps]]
        after = 600
        do = "go_offline"
        [[steps]]
        after = 600
        do = "reboot"
        reason = "FirmwareUpdate"
        [[steps]]
        after = 60
        do = "go_online"
        [[steps]]
        after = 1
        do = "unplug"
        evse = 1
        [[steps]]
        do = "wait_until"
        evse = 1
        state = "Available"
        within = 5
        """
    )
    steps: list[tuple[int, str]] = []

    async def story(world: World) -> None:
        actor: Actor = world.live
        await play(scenario, actor, on_step=lambda number, step: steps.append((number, step.name)))
        assert world.live.station is not None
        await world.live.station.queue.emptied()
        (transaction,) = await world.transactions()
        assert transaction.is_complete and transaction.was_offline
        assert (transaction.stopped_reason, transaction.energy_wh) == ("Reboot", Decimal("3680.0"))
        assert world.hardware.delivered_wh(1) == 3680

    world = living(story)
    assert len(world.booted) == 2  # the second one after it was let go online
    assert steps[0] == (1, "plug_in") and len(steps) == 9


def test_reasons_of_boots_reach_the_csms() -> None:
    reasons: list[str] = []

    async def story(world: World) -> None:
        assert world.live.station is not None
        await world.live.station.provisioning.accepted()
        await world.live.reboot(BootReasonEnumType.SCHEDULED_RESET)
        with pytest.raises(Impossible, match="expected the station to be up, found it down"):
            await asyncio.sleep(1)
            await world.live.reboot(BootReasonEnumType.LOCAL_RESET)
        await asyncio.sleep(20)
        world.hardware.cut_power()
        await asyncio.sleep(1)
        assert world.live.station is None
        await world.live.go_offline()  # nothing is cut, and nothing opens
        world.hardware.restore_power()
        await asyncio.sleep(20)
        assert world.live.station is not None and not world.live.station.is_connected
        await world.live.go_online()
        await world.live.go_online()
        await asyncio.sleep(1)
        received = await world.ledger.station("CS001")
        assert received is not None and received.boot is not None
        reasons.append(str(received.boot.message.reason))

    living(story)
    assert reasons == ["PowerUp"]


def test_a_reboot_that_takes_no_time() -> None:
    async def story(world: World) -> None:
        before = world.live.station
        await world.live.reboot(BootReasonEnumType.LOCAL_RESET)
        await asyncio.sleep(1)
        assert world.live.station is not None and world.live.station is not before
        assert world.live.station.is_connected

    living(story, boot_s=0.0)


def test_hardware_that_does_not_reboot() -> None:
    async def story(world: World) -> None:
        world.hardware.reboots_to_fail = 1
        with pytest.raises(Impossible, match="the reboot has failed"):
            await world.live.reboot(BootReasonEnumType.LOCAL_RESET)

    living(story)


def test_meters_survive_the_program() -> None:
    store, ledger = MemoryStore(), CsmsStore()
    found: dict[int, Decimal] = {}

    async def first(world: World) -> None:
        await world.charge(3600)

    async def second(world: World) -> None:
        assert world.hardware.evses[1].register_wh == 11_040
        await asyncio.sleep(10)
        found.update(await registers(store))
        (transaction,) = await world.transactions()
        assert transaction.energy_wh == 11_040  # the power was gone, the register was not
        assert not transaction.went_backwards
        await world.charge(3600)

    living(first, store, ledger)
    kept = run(registers(store))
    living(second, store, ledger, register_wh=kept)
    assert kept == found == {1: Decimal("11040.000000000")}


def test_it_waits_for_its_power() -> None:
    async def main() -> None:
        world = World(MemoryStore(), CsmsStore())
        world.hardware.cut_power()
        async with world.csms, world.live:
            assert world.live.station is None
            world.hardware.restore_power()
            async with asyncio.timeout(60):
                await world.live.wait_until(1, ConnectorStatusEnumType.AVAILABLE)

    run(main())


def test_a_store_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """Registers that cannot be kept do not keep anybody from charging; a station that cannot read does not start."""

    class Full(MemoryStore):
        is_full = False

        async def commit(self, *changes: Any) -> None:
            if self.is_full:
                raise StoreError("no room")
            await super().commit(*changes)

        async def read(self, *args: Any, **options: Any) -> Any:
            if self.is_full:
                raise StoreError("no disk")
            return await super().read(*args, **options)

    store = Full()

    async def story(world: World) -> None:
        await world.charge(1)
        store.is_full = True
        world.hardware.press_stop(1)
        await world.live.wait_until(1, ChargingStateEnumType.IDLE)
        with pytest.raises(Impossible, match="no room"):
            await world.live.reboot(BootReasonEnumType.LOCAL_RESET)
        world.hardware.crash()
        await asyncio.sleep(20)
        assert world.live.station is None

    living(story, store)
    assert "registers are not stored: no room" in caplog.text
    assert "the station does not start: no disk" in caplog.text


def test_an_evse_that_is_not_there() -> None:
    async def story(world: World) -> None:
        with pytest.raises(KeyError):
            await world.live.wait_until(7, ChargingStateEnumType.IDLE)

    living(story)
