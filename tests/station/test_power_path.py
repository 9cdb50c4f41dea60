"""The power path of an EVSE, over the simulator: in which order it is closed and opened, and what fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from ocpp21.device_model import DeviceModel, EvseLayout
from ocpp21.device_model.catalogue import ConnectorPlugRetentionLock
from ocpp21.messages import AttributeEnumType
from ocpp21.simulator import EV, SimulatedStation, wallbox
from ocpp21.station.hardware import Fault, HardwareError
from ocpp21.station.plug_lock import PlugLock
from ocpp21.station.power_path import PowerPath
from ocpp21.testing.virtual_time import EPOCH, run


class Bench:
    """A power path, its hardware, and what the lock has reported."""

    def __init__(self) -> None:
        self.station = SimulatedStation(wallbox(connector_types=("sType2", "cType2")), epoch=EPOCH, boot_s=0.0)
        self.hardware = self.station.evses[1]
        lock = self.hardware.connectors[1].lock
        assert lock is not None
        self.bolt = lock
        self.reports: list[bool] = []
        self.component = ConnectorPlugRetentionLock(DeviceModel.minimal((EvseLayout(),))).at(1, 1)
        self.lock = PlugLock(lock, self.component, self.reports.append)
        self.path = PowerPath(1, self.hardware, {1: self.lock})


def on_the_bench(scenario: Callable[[Bench], Coroutine[Any, Any, None]]) -> None:
    async def work() -> None:
        await scenario(Bench())

    run(work())


def test_closed_and_opened() -> None:
    async def scenario(bench: Bench) -> None:
        bench.station.plug_in(1, 1, EV())
        assert await bench.path.close(1) and await bench.path.close(1)
        assert bench.bolt.is_locked and bench.path.is_locked and bench.hardware.contactor.is_closed
        assert bench.bolt.tries == 1 and bench.component.active.value is True
        assert not await bench.path.free(1) and bench.bolt.is_locked  # energy may flow
        await bench.path.open()
        assert bench.bolt.is_locked and not bench.hardware.contactor.is_closed
        await bench.path.unlock()
        assert not bench.bolt.is_locked and not bench.path.is_locked and not bench.reports

    on_the_bench(scenario)


def test_a_connector_without_a_lock() -> None:
    async def scenario(bench: Bench) -> None:
        bench.station.plug_in(1, 2, EV())
        assert await bench.path.close(2) and bench.bolt.tries == 0
        assert await bench.path.free(1)  # no energy flows there

    on_the_bench(scenario)


def test_a_contactor_that_does_not_close() -> None:
    async def scenario(bench: Bench) -> None:
        assert not await bench.path.close(1)  # no EV is connected
        assert not bench.path.is_closed and bench.bolt.is_locked

    on_the_bench(scenario)


def test_a_contactor_that_does_not_open() -> None:
    async def scenario(bench: Bench) -> None:
        bench.station.plug_in(1, 1, EV())
        await bench.path.close(1)
        bench.station.raise_fault(Fault.CONTACTOR_FAILURE, 1)
        await bench.path.open()
        assert bench.path.is_closed
        await bench.path.unlock()
        await bench.path.secure()
        assert bench.bolt.is_locked

    on_the_bench(scenario)


def test_after_a_start_nothing_is_held() -> None:
    async def scenario(bench: Bench) -> None:
        bench.bolt.is_locked = True
        await bench.path.secure()
        assert not bench.bolt.is_locked

    on_the_bench(scenario)


def test_tries() -> None:
    async def scenario(bench: Bench) -> None:
        move, failures = bench.bolt.lock, [2]

        async def lock() -> None:
            if failures[0]:
                failures[0] -= 1
                raise HardwareError("stiff")
            await move()

        bench.bolt.lock = lock  # type: ignore[method-assign]
        assert await bench.lock.engage() and bench.component.tries.value == 3
        assert bench.reports == []  # it works, in the end
        assert await bench.lock.free()
        failures[0] = 3
        assert not await bench.lock.engage() and bench.reports == [True] and bench.lock.has_problem
        failures[0] = 0
        assert await bench.lock.engage() and bench.reports == [True, False]
        assert bench.component.tries.value == 1
        assert bench.component.tries.get(attribute=AttributeEnumType.MAX_SET) == 3

    on_the_bench(scenario)


def test_what_the_maker_has_declared_stays() -> None:
    model = DeviceModel.minimal((EvseLayout(),))
    component = ConnectorPlugRetentionLock(model).at(1, 1)
    component.tries.add(0).support(AttributeEnumType.MAX_SET, 7)
    component.problem.add(False)

    async def scenario(bench: Bench) -> None:
        lock = PlugLock(bench.bolt, component, bench.reports.append)
        bench.bolt.is_jammed = True
        assert not await lock.engage() and bench.bolt.tries == 7

    on_the_bench(scenario)


def test_an_ev_that_cannot_be_asked() -> None:
    class Deaf(type(SimulatedStation(wallbox(), epoch=EPOCH).evses[1])):  # type: ignore[misc]
        async def ask_to_stop(self) -> None:
            raise HardwareError("no session")

    async def scenario(bench: Bench) -> None:
        hardware: Any = bench.hardware
        bench.station.plug_in(1, 1, EV())
        await bench.path.close(1)
        hardware.__class__ = Deaf
        before = asyncio.get_running_loop().time()
        await bench.path.wind_down(60.0)
        assert not bench.hardware.contactor.is_closed and asyncio.get_running_loop().time() == before

    on_the_bench(scenario)
