"""Diagnostics (block N) of the CSMS: so far, events (N07), the status of connectors among them (G01), and of logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocpp21.block import Block
from ocpp21.csms.events import EventNotified, LogStatusReceived
from ocpp21.messages import (
    ConnectorStatusEnumType,
    EventDataType,
    LogStatusNotificationRequest,
    LogStatusNotificationResponse,
    NotifyEventRequest,
    NotifyEventResponse,
    StatusNotificationRequest,
)

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = ["Diagnostics"]


class Diagnostics(Block["Station"]):
    """Diagnostics, Part 2, block N."""

    def on_log_status_notification_request(
        self, request: LogStatusNotificationRequest
    ) -> LogStatusNotificationResponse:
        """Tell how the upload of a log is going."""
        self.role.csms.publish(LogStatusReceived(station=self.role, at=self.role.now(), request=request))
        return LogStatusNotificationResponse()

    async def on_notify_event_request(self, request: NotifyEventRequest) -> NotifyEventResponse:
        """Take note of the status of connectors, and tell of all events (N07.FR.03, G05.FR.03)."""
        for event in request.event_data:
            if (report := _status(event)) is not None:
                await self.role.availability.note_status(report)
            self.role.csms.publish(EventNotified(station=self.role, at=self.role.now(), event=event))
        return _NOTED


def _status(event: EventDataType) -> StatusNotificationRequest | None:
    """The status of a connector in an event, if that is what it reports (B01.FR.05, E02.FR.05)."""
    evse = event.component.evse
    if event.component.name.lower() != "connector" or event.variable.name.lower() != "availabilitystate":
        return None
    status = _STATUSES.get(event.actual_value)
    if evse is None or evse.connector_id is None or status is None:
        return None
    return StatusNotificationRequest(
        timestamp=event.timestamp, connector_status=status, evse_id=evse.id, connector_id=evse.connector_id
    )


_STATUSES: Final = {status.value: status for status in ConnectorStatusEnumType}
_NOTED: Final = NotifyEventResponse()
