"""Stations and EVs of all kinds, from one seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime
from typing import Final, Literal

import msgspec

from ocpp21.messages import ChargingStationType, ModemType
from ocpp21.messages.values import ConnectorTypes
from ocpp21.simulator.ev import EV, ChargeCurve
from ocpp21.simulator.flow import AC_VOLTAGE_V
from ocpp21.simulator.station import SimulatedStation
from ocpp21.station.hardware import ConnectorFacts, EvseFacts, StationFacts

__all__ = ["Fleet", "fast_charger", "wallbox"]


def wallbox(
    *,
    serial_number: str = "SIM-WALLBOX",
    evses: int = 1,
    connector_types: tuple[str, ...] = (ConnectorTypes.S_TYPE2,),
    phases: Literal[1, 2, 3] = 3,
    max_current_a: float = 16,
) -> StationFacts:
    """Facts of an AC station.

    Args:
        serial_number: at most 25 characters.
        evses: how many, 1 or more.
        connector_types: of each EVSE, one or more.
        phases: of the supply.
        max_current_a: per phase, in A.
    """
    connectors = tuple(ConnectorFacts(connector_id=n, type=kind) for n, kind in enumerate(connector_types, start=1))
    return StationFacts(
        charging_station=_station(serial_number, "AC Wallbox"),
        evses=tuple(
            EvseFacts(
                evse_id=evse_id,
                connectors=connectors,
                phases=phases,
                max_power_w=AC_VOLTAGE_V * phases * max_current_a,
                max_current_a=max_current_a,
                can_reset=True,
            )
            for evse_id in range(1, evses + 1)
        ),
    )


def fast_charger(
    *, serial_number: str = "SIM-FAST", evses: int = 2, max_power_w: float = 150_000, max_current_a: float = 400
) -> StationFacts:
    """Facts of a DC station, with a CCS2 connector for each EVSE.

    Args:
        serial_number: at most 25 characters.
        evses: how many, 1 or more.
        max_power_w: of each EVSE, in W.
        max_current_a: of each EVSE, in A.
    """
    return StationFacts(
        charging_station=_station(serial_number, "DC Fast Charger"),
        evses=tuple(
            EvseFacts(
                evse_id=evse_id,
                connectors=(ConnectorFacts(connector_id=1, type=ConnectorTypes.C_CCS2),),
                phases=0,
                max_power_w=max_power_w,
                max_current_a=max_current_a,
            )
            for evse_id in range(1, evses + 1)
        ),
    )


class Fleet:
    """Simulated stations with differing facts; the same seed makes the same ones.

    The facts of a station depend on the seed and its number alone, not on how many there are.

    Args:
        count: how many, 0 or more.
        seed: of the dice.
        epoch: aware wall time at time 0 of the event loop.

    Attributes:
        seed: of the dice; print it.
        stations: by serial number, which serves as the station's identity as well.
    """

    def __init__(self, count: int, /, *, seed: int, epoch: datetime) -> None:
        self.seed: Final = seed
        self.stations: Final = {
            facts.charging_station.serial_number or "": SimulatedStation(
                facts,
                epoch=epoch,
                register_wh=dice.randrange(10_000_000),
                clock_error_s=dice.uniform(-30, 30),
                boot_s=dice.uniform(5, 60),
                has_bay_sensors=dice.random() < 0.2,
                has_displays=dice.random() < 0.5,
            )
            for facts, dice in map(self._facts, range(1, count + 1))
        }

    def __repr__(self) -> str:
        return f"Fleet({len(self.stations)}, seed={self.seed})"

    def evs(self) -> Iterator[EV]:
        """EVs without end, the same ones for the same seed."""
        dice = random.Random(f"{self.seed} EVs")
        while True:
            phases = dice.choice((1, 1, 2, 3, 3, 3))
            power_w = dice.choice((3_700, 11_000, 50_000, 100_000, 150_000))
            yield EV(
                capacity_wh=dice.randrange(15_000, 110_001, 1_000),
                state_of_charge=dice.randrange(5, 90),
                target_soc=dice.choice((80, 90, 100, 100)),
                curve=ChargeCurve(max_power_w=power_w, knee_percent=dice.randrange(70, 91)),
                phases=phases,
                max_current_a=dice.choice((16, 32)),
                dc_voltage_v=dice.choice((400, 800, None)),
            )

    def _facts(self, number: int) -> tuple[StationFacts, random.Random]:
        dice = random.Random(f"{self.seed} station {number}")
        serial_number = f"SIM-{self.seed}-{number:05}"[-25:]
        if dice.random() < 0.25:
            facts = fast_charger(
                serial_number=serial_number,
                evses=dice.randint(1, 4),
                max_power_w=dice.choice((50_000, 150_000, 300_000)),
                max_current_a=dice.choice((125, 400, 500)),
            )
        else:
            one: Literal[1] = 1
            facts = wallbox(
                serial_number=serial_number,
                evses=dice.choice((1, 1, 2)),
                connector_types=dice.choice(
                    (
                        (ConnectorTypes.S_TYPE2,),
                        (ConnectorTypes.C_TYPE2,),
                        (ConnectorTypes.S_TYPE2, ConnectorTypes.S_CEE_7_7),
                    )
                ),
                phases=dice.choice((one, 3, 3)),
                max_current_a=dice.choice((16, 32)),
            )
        if dice.random() < 0.5:
            modem = ModemType(iccid=f"8949{dice.randrange(10**15):015}", imsi=f"262{dice.randrange(10**12):012}")
            station = msgspec.structs.replace(facts.charging_station, modem=modem)
            facts = msgspec.structs.replace(facts, charging_station=station)
        return facts, dice


def _station(serial_number: str, model: str) -> ChargingStationType:
    return ChargingStationType(
        vendor_name="ocpp21 simulator", model=model, serial_number=serial_number, firmware_version="1.0.0"
    )
