"""The clock of the station, set by the time that the CSMS tells (B01.FR.06, G02.FR.06)."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ocpp21.errors import StoreError
from ocpp21.messages.values import SecurityEvents, TimeSources

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["serves_as_clock", "set_clock"]

#: What counts as a jump when ClockCtrlr.TimeAdjustmentReportingThreshold does not say, in s (its description: 20).
_THRESHOLD_S: Final = 20

logger: Final = logging.getLogger("ocpp21.station")


def serves_as_clock(station: ChargingStation, /) -> bool:
    """Whether the station takes its time from the CSMS (ClockCtrlr.TimeSource)."""
    return TimeSources.HEARTBEAT in station.device_model.clock_ctrlr.time_source.get(())


async def set_clock(station: ChargingStation, current_time: datetime, round_trip_s: float, /) -> None:
    """Set the clock to the time that the CSMS has told, if that is where it takes its time from.

    Args:
        station: whose clock.
        current_time: from the answer.
        round_trip_s: from the request to the answer; half of it has passed since the CSMS looked at its clock.
    """
    if not serves_as_clock(station):
        return
    before = station.now()
    try:
        await station.hardware.clock.set(current_time + timedelta(seconds=round_trip_s / 2))
    except Exception as error:  # HardwareError, and whatever else the hardware raises
        logger.warning("clock not set", exc_info=error)
        return
    moved_s = (station.now() - before).total_seconds()
    threshold_s = station.device_model.clock_ctrlr.time_adjustment_reporting_threshold.get(_THRESHOLD_S)
    if abs(moved_s) <= threshold_s:
        return
    try:
        await station.security.report_event(
            SecurityEvents.SETTING_SYSTEM_TIME, tech_info=f"moved by {moved_s:.3f} s from {before.isoformat()}"
        )
    except StoreError as error:
        logger.error("setting of the clock not reported", exc_info=error)
