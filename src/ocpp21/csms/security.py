"""Security (block A) of the CSMS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocpp21.block import Block
from ocpp21.csms.events import SecurityEventReceived
from ocpp21.messages import SecurityEventNotificationRequest, SecurityEventNotificationResponse
from ocpp21.messages.values import CRITICAL_SECURITY_EVENTS

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = ["Security"]


class Security(Block["Station"]):
    """Security, Part 2, block A."""

    async def on_security_event_notification_request(
        self, request: SecurityEventNotificationRequest
    ) -> SecurityEventNotificationResponse:
        """Keep a security event, and answer whatever its type is (A04)."""
        csms, now = self.role.csms, self.role.now()
        await csms.store.record_security_event(self.role.identity, request, now)
        is_critical = request.type in CRITICAL_SECURITY_EVENTS
        csms.publish(SecurityEventReceived(station=self.role, at=now, request=request, is_critical=is_critical))
        return _KEPT  # A04.FR.03


_KEPT: Final = SecurityEventNotificationResponse()
