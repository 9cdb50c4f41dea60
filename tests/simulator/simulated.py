"""A simulated station with somebody who listens."""

from __future__ import annotations

from typing import Any

from ocpp21.simulator import SimulatedStation, wallbox
from ocpp21.station.hardware import HardwareEvent
from ocpp21.testing.virtual_time import EPOCH


def make(**options: Any) -> tuple[SimulatedStation, list[HardwareEvent]]:
    """Make a station, a wallbox unless ``facts`` says otherwise, and the list of what it tells."""
    station = SimulatedStation(options.pop("facts", None) or wallbox(), epoch=EPOCH, **options)
    told: list[HardwareEvent] = []
    station.listen(told.append)
    return station, told
