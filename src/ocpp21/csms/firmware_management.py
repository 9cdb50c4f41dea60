"""Firmware Management (block L) of the CSMS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp21.block import Block
from ocpp21.csms.events import FirmwareStatusReceived
from ocpp21.messages import FirmwareStatusNotificationRequest, FirmwareStatusNotificationResponse

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = ["FirmwareManagement"]


class FirmwareManagement(Block["Station"]):
    """Firmware Management, Part 2, block L."""

    def on_firmware_status_notification_request(
        self, request: FirmwareStatusNotificationRequest
    ) -> FirmwareStatusNotificationResponse:
        """Tell how the update of the firmware is going."""
        self.role.csms.publish(FirmwareStatusReceived(station=self.role, at=self.role.now(), request=request))
        return FirmwareStatusNotificationResponse()
