"""Many stations from one seed."""

from __future__ import annotations

import asyncio
from itertools import islice

import msgspec
import pytest

from ocpp21.codec import decode, encode
from ocpp21.messages import BootNotificationRequest, BootReasonEnumType
from ocpp21.simulator import EV, Fleet, fast_charger, wallbox
from ocpp21.station.hardware import Limit
from ocpp21.testing.virtual_time import EPOCH, run

SEED = 20262
print("seed", SEED)


def facts_of(fleet: Fleet) -> list[bytes]:
    return [msgspec.json.encode(station.facts) for station in fleet.stations.values()]


def test_the_same_seed_makes_the_same_stations() -> None:
    fleet = Fleet(200, seed=SEED, epoch=EPOCH)
    assert facts_of(fleet) == facts_of(Fleet(200, seed=SEED, epoch=EPOCH))
    assert facts_of(fleet) != facts_of(Fleet(200, seed=SEED + 1, epoch=EPOCH))
    assert facts_of(fleet)[:50] == facts_of(Fleet(50, seed=SEED, epoch=EPOCH))
    assert len(fleet.stations) == 200
    assert (
        len(
            {facts.replace(serial.encode(), b"") for serial, facts in zip(fleet.stations, facts_of(fleet), strict=True)}
        )
        > 50
    )
    assert repr(fleet) == f"Fleet(200, seed={SEED})"


def test_stations_differ_in_everything() -> None:
    stations = Fleet(200, seed=SEED, epoch=EPOCH).stations.values()
    assert {evse.phases for station in stations for evse in station.facts.evses} == {0, 1, 3}
    assert {len(station.facts.evses) for station in stations} == {1, 2, 3, 4}
    assert {station.display is None for station in stations} == {True, False}
    assert {station.facts.charging_station.modem is None for station in stations} == {True, False}


def test_the_facts_fit_into_a_boot_notification() -> None:
    for station in Fleet(50, seed=SEED, epoch=EPOCH).stations.values():
        request = BootNotificationRequest(
            charging_station=station.facts.charging_station, reason=BootReasonEnumType.POWER_UP
        )
        assert decode(BootNotificationRequest, encode(request)) == request


def test_the_same_seed_makes_the_same_evs() -> None:
    def some(seed: int) -> list[tuple[object, ...]]:
        evs = islice(Fleet(0, seed=seed, epoch=EPOCH).evs(), 50)
        return [(ev.capacity_pj, ev.phases, ev.max_current_a, ev.dc_voltage_v, ev.curve, ev.stored.value) for ev in evs]

    assert some(SEED) == some(SEED)
    assert some(SEED) != some(SEED + 1)
    assert len(set(some(SEED))) == 50


def test_a_fleet_charges() -> None:
    async def main() -> None:
        fleet = Fleet(20, seed=SEED, epoch=EPOCH)
        evs: dict[str, EV] = dict(zip(fleet.stations, fleet.evs(), strict=False))
        before = {serial: ev.stored.value for serial, ev in evs.items()}
        for serial, station in fleet.stations.items():
            station.plug_in(1, 1, evs[serial])
            await station.evses[1].offer(Limit())
            await station.evses[1].contactor.close()
        await asyncio.sleep(24 * 3600)
        for serial, station in fleet.stations.items():
            gained = evs[serial].stored.value - before[serial]
            assert float(station.delivered_wh(1)) == pytest.approx(gained / 3.6e15)

    run(main())


def test_facts_of_the_usual_stations() -> None:
    ac = wallbox(evses=2, phases=1, max_current_a=32)
    assert [(evse.evse_id, evse.phases, evse.max_power_w) for evse in ac.evses] == [(1, 1, 7360), (2, 1, 7360)]
    dc = fast_charger(evses=1)
    assert [(evse.phases, evse.max_power_w, evse.connectors[0].type) for evse in dc.evses] == [(0, 150_000, "cCCS2")]
