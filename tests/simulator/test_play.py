"""Scenarios at work, on a station whose software is a few lines."""

from __future__ import annotations

import asyncio

import pytest
from simulated import make

from ocpp21.messages import BootReasonEnumType, ChargingStateEnumType, ConnectorStatusEnumType
from ocpp21.simulator import Actor, Scenario, ScenarioFailed, SimulatedStation, parse, play
from ocpp21.simulator.scenario import Step
from ocpp21.station import hardware as hw
from ocpp21.testing.virtual_time import run


class Anybody:
    """A station that gives energy to whoever shows a token; states follow from the events alone."""

    def __init__(self, hardware: SimulatedStation) -> None:
        self.hardware = hardware
        self.log: list[tuple[float, str]] = []
        self._state: ChargingStateEnumType = ChargingStateEnumType.IDLE
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        hardware.listen(self._on_event)

    async def go_offline(self) -> None:
        self._note("offline")

    async def go_online(self) -> None:
        self._note("online")

    async def reboot(self, reason: BootReasonEnumType, /) -> None:
        self._note(reason)
        await self.hardware.reboot(reason)

    async def wait_until(self, evse_id: int, state: ChargingStateEnumType | ConnectorStatusEnumType, /) -> None:
        while self._state != state:
            self._changed.clear()
            await self._changed.wait()

    def _note(self, what: str) -> None:
        self.log.append((asyncio.get_running_loop().time(), what))

    def _on_event(self, event: hw.HardwareEvent) -> None:
        self._note(type(event).__name__)
        match event:
            case hw.TokenPresented():
                task = asyncio.create_task(self._charge())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case hw.EVConnected():
                self._state = ChargingStateEnumType.EV_CONNECTED
            case hw.EnergyTransferStarted():
                self._state = ChargingStateEnumType.CHARGING
            case hw.EnergyTransferSuspended():
                self._state = ChargingStateEnumType.SUSPENDED_EV
            case hw.EVDisconnected():
                self._state = ChargingStateEnumType.IDLE
        self._changed.set()

    async def _charge(self) -> None:
        await asyncio.sleep(1)
        await self.hardware.evses[1].offer(hw.Limit())
        await self.hardware.evses[1].contactor.close()


def played(text: str, **options: object) -> list[tuple[float, str]]:
    async def main() -> list[tuple[float, str]]:
        await asyncio.sleep(1000)
        anybody = Anybody(make(**options)[0])
        actor: Actor = anybody
        await play(parse(text), actor)
        return [(round(at - 1000, 6), what) for at, what in anybody.log]

    return run(main())


def test_a_day_in_the_life_of_a_station() -> None:
    # From 90 to 100 %: ten times 10 Wh, at 51 to 10 % of 11.04 kW.
    full_at = 16 + sum(36_000 / (110.4 * (100 - 90 * step // 20)) for step in range(11, 21))
    assert played(
        """
        [evs.small]
        capacity_wh = 1000
        state_of_charge = 90
        [[steps]]
        do = "drive_in"
        evse = 1
        [[steps]]
        at = 10
        do = "plug_in"
        evse = 1
        ev = "small"
        [[steps]]
        after = 5
        do = "present"
        token = "04A2B3C4"
        evse = 1
        [[steps]]
        do = "wait_until"
        evse = 1
        state = "Charging"
        [[steps]]
        at = 16.5
        do = "go_offline"
        [[steps]]
        do = "fault"
        fault = "HighTemperature"
        [[steps]]
        do = "clear_fault"
        fault = "HighTemperature"
        [[steps]]
        do = "wait_until"
        evse = 1
        state = "SuspendedEV"
        within = 3600
        [[steps]]
        at = 3600
        do = "go_online"
        [[steps]]
        do = "stop"
        evse = 1
        [[steps]]
        do = "unplug_ev"
        evse = 1
        [[steps]]
        do = "unplug"
        evse = 1
        [[steps]]
        do = "drive_out"
        evse = 1
        [[steps]]
        at = 4000
        do = "reboot"
        [[steps]]
        after = 100
        do = "cut_power"
        [[steps]]
        after = 100
        do = "restore_power"
        """,
        has_bay_sensors=True,
    ) == [
        (0, "ParkingBayOccupied"),
        (10, "CablePluggedIn"),
        (10, "EVConnected"),
        (15, "TokenPresented"),
        (16, "EnergyTransferStarted"),
        (16.5, "offline"),
        (16.5, "FaultRaised"),
        (16.5, "FaultCleared"),
        (round(full_at, 6), "EnergyTransferSuspended"),
        (3600, "online"),
        (3600, "StopButtonPressed"),
        (3600, "EVDisconnected"),
        (3600, "CableUnplugged"),
        (3600, "ParkingBayVacated"),
        (4000, "LocalReset"),
    ]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ('do = "unplug"\nevse = 1', "step 1 (unplug): expected a cable in connector 1, found none"),
        ('do = "plug_in"\nevse = 7', "step 1 (plug_in): expected an EVSE or connector of the station, found 7"),
        (
            'do = "plug_in"\nevse = 1\nconnector = 3',
            "step 1 (plug_in): expected an EVSE or connector of the station, found 3",
        ),
        (
            'do = "wait_until"\nevse = 1\nstate = "Charging"\nwithin = 5',
            "step 1 (wait_until): expected EVSE 1 to be Charging within 5 s, it was not",
        ),
    ],
)
def test_a_step_that_fails_says_which_and_why(step: str, message: str) -> None:
    with pytest.raises(ScenarioFailed) as caught:
        played(f"[[steps]]\n{step}")
    assert str(caught.value) == message


def test_what_is_no_step_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(TypeError, match="expected a step of a scenario, found Step"):
            await play(Scenario(steps=(Step(),)), Anybody(make()[0]))

    run(main())
