"""Security events."""

from __future__ import annotations

import pytest

from csms.scene import NOON, joined, virtual
from ocpp21.csms import SecurityEventReceived
from ocpp21.messages import SecurityEventNotificationRequest, SecurityEventNotificationResponse


@pytest.mark.use_case("A04")
@pytest.mark.parametrize(
    ("type", "is_critical"), [("FirmwareUpdated", True), ("InvalidMessages", False), ("com.example.Odd", False)]
)
@virtual
async def test_security_events_are_kept_and_answered(type: str, is_critical: bool) -> None:
    async with joined() as scene:
        request = SecurityEventNotificationRequest(type=type, timestamp=NOON, tech_info="why")
        assert await scene.peer.call(request) == SecurityEventNotificationResponse()  # A04.FR.03
        (told,) = scene.told(SecurityEventReceived)
        assert told.request == request and told.is_critical is is_critical and told.station is scene.station
        assert [kept.message for kept in await scene.csms.store.security_events("CS001")] == [request]
