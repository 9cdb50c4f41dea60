"""What ``ocpp21 station`` and ``ocpp21 demo`` share: simulated hardware in real time, and how its role is set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from ocpp21.simulator import SimulatedStation, real_epoch
from ocpp21.station import ChargingStation
from ocpp21.station.hardware import StationFacts

__all__ = ["hardware_of", "settings_of"]

#: What the minimal device model measures.


def hardware_of(facts: StationFacts, register_wh: Mapping[int, Decimal], /, *, boot_s: float) -> SimulatedStation:
    """Make hardware whose time is that of the day; needs a running event loop in real time.

    Args:
        facts: what it is built of.
        register_wh: what its meters have counted before, by evse_id.
        boot_s: how long it takes to boot, in s.
    """
    return SimulatedStation(facts, epoch=real_epoch(), register_wh=register_wh, boot_s=boot_s)


def settings_of(interval_s: int, /) -> Callable[[ChargingStation], None]:
    """Make what sets the variables of each new role; what a CSMS has set is restored on top.

    Args:
        interval_s: from meter value to meter value in a transaction, in s; 0 for none.
    """

    def prepare(station: ChargingStation) -> None:
        station.device_model.sampled_data_ctrlr.tx_updated_interval.set(interval_s)

    return prepare
