"""Metering (block J) of the CSMS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocpp21.block import Block
from ocpp21.csms.events import MeterValuesReceived
from ocpp21.messages import MeterValuesRequest, MeterValuesResponse

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = ["Metering"]


class Metering(Block["Station"]):
    """Metering, Part 2, block J. Values of a transaction come with its events."""

    async def on_meter_values_request(self, request: MeterValuesRequest) -> MeterValuesResponse:
        """Keep the values, and answer whatever they are (J01)."""
        csms, now = self.role.csms, self.role.now()
        await csms.store.record_meter_values(self.role.identity, request, now)
        csms.publish(MeterValuesReceived(station=self.role, at=now, request=request))
        return _KEPT  # J01.FR.18


_KEPT: Final = MeterValuesResponse()
