"""A program: a simulated station with a store in a file, that charges one EV after the other until it is killed.

::

    python station_program.py URL IDENTITY STORE METER [SESSIONS]

The meter is a device of its own, and outlives the program: whatever it has shown to anybody is in the file METER. With
SESSIONS, the program ends by itself after so many, once everything is delivered; 0 ends what others have left.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ocpp21.asyncio import NetworkProfile
from ocpp21.asyncio.backoff import BackOff
from ocpp21.asyncio.roles import keep_connected
from ocpp21.messages import IdTokenType, SampledValueType
from ocpp21.simulator import EV, SimulatedStation, wallbox
from ocpp21.simulator.meter import SimulatedMeter
from ocpp21.station import ChargingStation
from ocpp21.station.sqlite import SqliteStore

TOKEN = IdTokenType(id_token="04A2B3C4", type="ISO14443")


class LastingMeter:
    """The meter of an EVSE, whose readings are kept in a file before anybody sees them."""

    def __init__(self, meter: SimulatedMeter, path: Path) -> None:
        self._meter = meter
        self._file = os.open(path, os.O_RDWR | os.O_CREAT)

    async def read(self, *, signed: bool = False) -> Sequence[SampledValueType]:
        values = await self._meter.read(signed=signed)
        os.pwrite(self._file, f"{values[0].value:020.3f}".encode(), 0)
        return values


async def charge(hardware: SimulatedStation, station: ChargingStation) -> None:
    hardware.plug_in(1, 1, EV())
    hardware.present(TOKEN, 1)
    await asyncio.sleep(0.15)
    hardware.present(TOKEN, 1)
    lock = hardware.evses[1].connectors[1].lock
    while lock is not None and lock.is_locked:
        await asyncio.sleep(0.01)
    hardware.unplug(1, 1)


async def main(url: str, identity: str, store_path: str, meter_path: Path, sessions: int | None) -> None:
    register_wh = float(meter_path.read_text()) if meter_path.exists() and meter_path.stat().st_size else 0.0
    hardware = SimulatedStation(wallbox(), epoch=datetime.now(UTC), register_wh=register_wh, boot_s=0.0)
    hardware.evses[1].meter = LastingMeter(hardware.evses[1].meter, meter_path)  # type: ignore[misc, assignment]
    store = await SqliteStore.open(store_path)
    async with ChargingStation(hardware, store) as station:
        back_off = BackOff(wait_minimum_s=0.05, random_range_s=0.05)
        async with keep_connected(station, [NetworkProfile(url, identity)], back_off=back_off):
            await station.provisioning.accepted()
            print("accepted", flush=True)
            while sessions is None or sessions > 0:
                await charge(hardware, station)
                sessions = None if sessions is None else sessions - 1
            while len(station.queue):
                await asyncio.sleep(0.01)
    await store.close()


if __name__ == "__main__":
    _, url, identity, store_path, meter_path, *sessions = sys.argv
    asyncio.run(main(url, identity, store_path, Path(meter_path), int(sessions[0]) if sessions else None))
