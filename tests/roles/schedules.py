"""Made-up histories of a station: what drivers, the grid, the line and the CSMS do, by dice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from laboratory import OTHER, TOKEN, UNKNOWN, Laboratory

from ocpp21.csms.aggregates import TableStore as CsmsStore
from ocpp21.simulator import EV, Impossible, SimulatedStation, wallbox
from ocpp21.station.hardware_events import Fault
from ocpp21.station.store import TableStore
from ocpp21.testing import Chaos, delivered
from ocpp21.testing.virtual_time import EPOCH
from roles.doomed_tables import WatchedTables
from roles.reconciling import settle

#: Start points at least one of which is fulfilled whenever energy flows.
_SURE_STARTS: Final = ("EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer")
_STARTS: Final = ("ParkingBayOccupancy", *_SURE_STARTS)

#: Any two faults that end a transaction.
_FAULTS: Final = (Fault.GROUND_FAILURE, Fault.EMERGENCY_STOP)


class Schedule:
    """One history; the same seed makes the same one.

    Args:
        seed: of the dice.

    Attributes:
        lab: where it happens.
        kept: what the station has written down.
        log: what has happened and when, for whoever has to find out why.
        attempts: of delivering an event.
    """

    def __init__(self, seed: int) -> None:
        self._dice: Final = random.Random(seed)
        random.seed(seed)  # the waits that roles choose for themselves
        dice = self._dice
        self.kept: Final = WatchedTables()
        self.attempts: Final = dice.choice((1000, 1000, 1000, 2))
        self.lab: Final = Laboratory(
            hardware=SimulatedStation(
                wallbox(evses=dice.choice((1, 2)), connector_types=dice.choice((("sType2",), ("cType2",)))),
                epoch=EPOCH,
                has_bay_sensors=True,
                boot_s=0.0,
            ),
            station_store=TableStore(self.kept),
            csms_store=CsmsStore(WatchedTables()),
            variables=self._variables(),
        )
        self.log: Final[list[str]] = []
        self._is_powered = True
        self._is_connected = True
        self._faults: list[tuple[Fault, int]] = []

    def _variables(self) -> dict[str, Any]:
        dice = self._dice
        starts = {dice.choice(_SURE_STARTS), *dice.sample(_STARTS, dice.randint(0, 2))}
        self._stops = dice.sample(_STARTS, dice.randint(1, 3))
        return {
            "tx_ctrlr.tx_start_point": tuple(sorted(starts)),
            "tx_ctrlr.tx_stop_point": tuple(sorted(self._stops)),
            "tx_ctrlr.stop_tx_on_ev_side_disconnect": dice.random() < 0.8,
            "tx_ctrlr.stop_tx_on_invalid_id": dice.random() < 0.8,
            "tx_ctrlr.ev_connection_time_out": dice.choice((30, 120)),
            "ocpp_comm_ctrlr.unlock_on_ev_side_disconnect": dice.random() < 0.7,
            "ocpp_comm_ctrlr.message_attempts[TransactionEvent]": self.attempts,
            "ocpp_comm_ctrlr.message_attempt_interval[TransactionEvent]": dice.choice((1, 10)),
            "auth_ctrlr.offline_tx_for_unknown_id_enabled": True,
            "sampled_data_ctrlr.tx_updated_interval": dice.choice((0, 30, 60, 300)),
            "sampled_data_ctrlr.tx_ended_interval": dice.choice((0, 120)),
            "aligned_data_ctrlr.measurands": ("Energy.Active.Import.Register",),
            "aligned_data_ctrlr.interval": dice.choice((0, 300)),
        }

    async def play(self, steps: int) -> None:
        """Let it happen, and then let everything come to rest."""
        acts: dict[Callable[[], Awaitable[None]], int] = {
            self._charge: 12,
            self._plug_in: 5,
            self._present: 8,
            self._unplug: 6,
            self._unplug_ev: 2,
            self._press_stop: 2,
            self._pause_or_resume: 3,
            self._move_car: 2,
            self._toggle_fault: 2,
            self._toggle_line: 6,
            self._break_silently: 2,
            self._make_chaos: 4,
            self._toggle_power: 4,
            self._restart_program: 2,
            self._restart_csms: 3,
        }
        await self.lab.start()
        for act in self._dice.choices(list(acts), list(acts.values()), k=steps):
            self.log.append(f"{asyncio.get_running_loop().time():9.1f} {act.__name__}")
            with suppress(Impossible):
                await self._recover()
                await act()
            await asyncio.sleep(self._dice.choice((0.0, 0.01, 1.0, self._dice.uniform(0, 200))))
        await self._rest()

    # What may happen

    def _evse_id(self) -> int:
        return self._dice.choice(list(self.lab.hardware.evses))

    async def _recover(self) -> None:
        """Now and then bring back what was cut before."""
        if not self._is_powered and self._dice.random() < 0.4:
            await self._power_up()
        elif self._is_powered and not self._is_connected and self._dice.random() < 0.2:
            await self._connect()

    async def _charge(self) -> None:
        """Do as a driver does who has read the manual."""
        evse_id = self._evse_id()
        self.lab.hardware.plug_in(evse_id, 1, EV(capacity_wh=self._dice.choice((2_000, 60_000))))
        await asyncio.sleep(self._dice.choice((0.0, 5.0)))
        self.lab.hardware.present(self._dice.choice((TOKEN, OTHER)), evse_id)

    async def _plug_in(self) -> None:
        ev = EV(capacity_wh=self._dice.choice((2_000, 60_000)), phases=self._dice.choice((1, 3)))
        self.lab.hardware.plug_in(self._evse_id(), 1, ev)

    async def _present(self) -> None:
        token = self._dice.choice((TOKEN, TOKEN, TOKEN, OTHER, UNKNOWN))
        self.lab.hardware.present(token, self._dice.choice((None, self._evse_id())))

    async def _unplug(self) -> None:
        self.lab.hardware.unplug(self._evse_id(), 1)

    async def _unplug_ev(self) -> None:
        self.lab.hardware.unplug_ev(self._evse_id(), 1)

    async def _press_stop(self) -> None:
        self.lab.hardware.press_stop(self._evse_id())

    async def _pause_or_resume(self) -> None:
        ev = self.lab.hardware.evses[self._evse_id()].ev
        if ev is not None:
            self._dice.choice((ev.pause, ev.resume))()

    async def _move_car(self) -> None:
        drive = self._dice.choice((self.lab.hardware.drive_in, self.lab.hardware.drive_out))
        drive(self._evse_id())

    async def _toggle_fault(self) -> None:
        if self._faults:
            self.lab.hardware.clear_fault(*self._faults.pop())
        else:
            self._faults.append((self._dice.choice(_FAULTS), self._evse_id()))
            self.lab.hardware.raise_fault(*self._faults[-1])

    async def _toggle_line(self) -> None:
        if self._is_connected:
            self._is_connected = False
            await self.lab.go_offline()
        elif self._is_powered:
            await self._connect()

    async def _break_silently(self) -> None:
        if self._is_connected:
            for end in self.lab.ends:
                end.link.cut()

    async def _make_chaos(self) -> None:
        if self._is_connected:
            is_calm = self._dice.random() < 0.4
            for end in self.lab.ends:
                end.link.fate = delivered if is_calm else Chaos(self._dice.randrange(2**32), drop=0.15)

    async def _toggle_power(self) -> None:
        self._is_connected = False
        if self._is_powered:
            self._is_powered = False
            self.lab.cut_power()
        else:
            await self._power_up()

    async def _restart_program(self) -> None:
        if self._is_powered:
            await self.lab.pair.cut()
            await self.lab.station.stop()
            await self.lab.boot(is_connected=False)
            await self._connect()

    async def _restart_csms(self) -> None:
        self._is_connected = False
        await self.lab.restart_csms(is_connected=False)
        if self._is_powered:
            await self._connect()

    async def _connect(self) -> None:
        self._is_connected = True
        await self.lab.connect()

    async def _power_up(self) -> None:
        self._is_powered = True
        await self.lab.restore_power(is_connected=False)
        await self._connect()

    # The end

    async def _rest(self) -> None:
        """Power and a good line; then everybody gets their cable out and drives away, and every transaction ends."""
        lab = self.lab
        while self._faults:
            lab.hardware.clear_fault(*self._faults.pop())
        if not self._is_powered:
            await self._power_up()
        await lab.pair.cut()
        await self._connect()
        await lab.station.provisioning.accepted()
        await lab.quiet(300)
        for evse_id in lab.hardware.evses:
            await self._clear(evse_id)
            if lab.station.evses[evse_id].transaction_id is not None:
                # Its stop points have never been fulfilled, and so cannot be lost: let one more driver fulfil them all.
                if not lab.hardware.evses[evse_id].parking_bay.is_occupied:
                    lab.hardware.drive_in(evse_id)
                await lab.plug_in(evse_id)
                for token in (TOKEN, OTHER):
                    if lab.hardware.evses[evse_id].flow.power_mw == 0:
                        await lab.present(token, evse_id)
                await lab.quiet(60)
                await self._clear(evse_id)
            if lab.station.evses[evse_id].transaction_id is not None:
                # Whoever began it was refused before any energy flowed, and nobody else may go on with it (C01.FR.23).
                assert {"EVConnected", "ParkingBayOccupancy"}.isdisjoint(self._stops)
                await self._restart_program()
        await lab.station.provisioning.accepted()
        await settle(lab, 24 * 3600.0)
        await lab.quiet(300)

    async def _clear(self, evse_id: int) -> None:
        evse = self.lab.hardware.evses[evse_id]
        for token in (TOKEN, OTHER, TOKEN, OTHER):
            lock = evse.connectors[1].lock
            if lock is not None and lock.is_locked:
                await self.lab.present(token, evse_id)
                await self.lab.quiet(1)
        for pull in (self.lab.hardware.unplug, self.lab.hardware.unplug_ev):
            if evse.ev is not None or evse.connectors[1].cable is not None:
                with suppress(Impossible):
                    pull(evse_id, 1)
        assert evse.ev is None, f"the cable is stuck in EVSE {evse_id}"
        await self.lab.quiet(1)
        if evse.parking_bay.is_occupied:
            self.lab.hardware.drive_out(evse_id)
        await self.lab.quiet(1)
