"""When a transaction begins and when it ends: TxStartPoint and TxStopPoint (Part 2, E01, E06). Pure computation.

Each point stands for a condition. A transaction begins when a start point is fulfilled at the moment in which something
new becomes true: so what stays true after a transaction, a cable that is still plugged in, begins none by itself. It
ends when a stop point that was fulfilled no longer is.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import msgspec

from ocpp21.messages import ChargingStateEnumType
from ocpp21.messages.values import TxStartPoints, TxStopPoints

__all__ = ["ENDING_POINTS", "Conditions", "begins", "charging_state", "ends"]

#: Stop points that are lost with the authorization or with the energy (E05.FR.10, E15.FR.04).
ENDING_POINTS: Final = frozenset(
    {TxStopPoints.AUTHORIZED, TxStopPoints.POWER_PATH_CLOSED, TxStopPoints.ENERGY_TRANSFER}
)


class Conditions(msgspec.Struct, frozen=True):
    """What is so at an EVSE.

    Attributes:
        is_bay_occupied: something stands in the parking bay.
        is_ev_connected: both ends of the cable are in, or the wireless link is up.
        is_authorized: the driver or the EV is authorized to charge.
        is_data_signed: the meter has given a signed value since the EV was connected.
        is_energy_flowing: energy flows.
        is_lock_failed: the plug cannot be held, so the power path stays open (G05.FR.01).
    """

    is_bay_occupied: bool = False
    is_ev_connected: bool = False
    is_authorized: bool = False
    is_data_signed: bool = False
    is_energy_flowing: bool = False
    is_lock_failed: bool = False

    @property
    def is_power_path_closed(self) -> bool:
        """Whether nothing but the EV keeps energy from flowing."""
        return self.is_ev_connected and self.is_authorized and not self.is_lock_failed

    @property
    def points(self) -> frozenset[str]:
        """The points that are fulfilled."""
        fulfilled = {
            TxStartPoints.PARKING_BAY_OCCUPANCY: self.is_bay_occupied,  # E01.FR.01, E06.FR.01
            TxStartPoints.EV_CONNECTED: self.is_ev_connected,  # E01.FR.02, E02.FR.06, E06.FR.02
            TxStartPoints.AUTHORIZED: self.is_authorized,  # E01.FR.03, E06.FR.03
            TxStartPoints.DATA_SIGNED: self.is_data_signed,  # E01.FR.04
            TxStartPoints.POWER_PATH_CLOSED: self.is_power_path_closed,  # E01.FR.05, E06.FR.06
            TxStartPoints.ENERGY_TRANSFER: self.is_energy_flowing,  # E01.FR.06, E06.FR.07
        }
        return frozenset(point for point, is_so in fulfilled.items() if is_so)


def begins(before: Conditions, after: Conditions, start_points: Collection[str], /) -> bool:
    """Whether a transaction begins, where there is none."""
    return bool(after.points - before.points) and not after.points.isdisjoint(start_points)


def ends(before: Conditions, after: Conditions, stop_points: Collection[str], /) -> bool:
    """Whether the transaction ends. DataSigned is no stop point (E06.FR.05 was removed)."""
    return not (before.points - after.points - {TxStartPoints.DATA_SIGNED}).isdisjoint(stop_points)


def charging_state(conditions: Conditions, suspended_by: str | None, /) -> ChargingStateEnumType:
    """The chargingState that follows.

    Args:
        conditions: what is so.
        suspended_by: ``EV`` when energy is offered and not taken, ``EVSE`` when none is offered although charging is
            authorized; None when the power path is open.
    """
    if not conditions.is_ev_connected:
        return ChargingStateEnumType.IDLE
    if conditions.is_energy_flowing:
        return ChargingStateEnumType.CHARGING
    if suspended_by is None:
        return ChargingStateEnumType.EV_CONNECTED
    return ChargingStateEnumType.SUSPENDED_EV if suspended_by == "EV" else ChargingStateEnumType.SUSPENDED_EVSE
