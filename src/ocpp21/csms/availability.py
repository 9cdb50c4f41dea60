"""Availability (block G) of the CSMS: heartbeats, the status of each connector, and what is in service."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from ocpp21.block import Block
from ocpp21.csms.events import ConnectorStatusChanged
from ocpp21.csms.places import place
from ocpp21.messages import (
    ChangeAvailabilityRequest,
    ChangeAvailabilityResponse,
    HeartbeatRequest,
    HeartbeatResponse,
    OperationalStatusEnumType,
    StatusNotificationRequest,
    StatusNotificationResponse,
)

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = ["Availability"]

#: The latest report on each connector, by the numbers of its EVSE and of itself within the EVSE.
Connectors: TypeAlias = Mapping[tuple[int, int], StatusNotificationRequest]


class Availability(Block["Station"]):
    """Availability, Part 2, block G."""

    def __init__(self, role: Station, /) -> None:
        super().__init__(role)
        self._connectors: dict[tuple[int, int], StatusNotificationRequest] | None = None

    @property
    def connectors(self) -> Connectors:
        """The latest report on each connector, by the numbers of its EVSE and of itself within the EVSE."""
        return MappingProxyType(self._connectors or {})

    async def start(self) -> None:
        """Read what was reported before; reports that have come meanwhile are later."""
        stored = await self.role.csms.store.statuses(self.role.identity)
        if stored:
            reports = (received.message for received in stored)
            known = {(report.evse_id, report.connector_id): report for report in reports}
            self._connectors = known | (self._connectors or {})

    async def change_availability(
        self,
        operational_status: OperationalStatusEnumType,
        /,
        *,
        evse_id: int | None = None,
        connector_id: int | None = None,
    ) -> ChangeAvailabilityResponse:
        """Put the Charging Station, an EVSE or a connector in or out of service, for good (G03, G04).

        With ``Scheduled`` it takes effect once a transaction has ended. What the connectors have become is told by
        their reports, which follow (:class:`~ocpp21.csms.ConnectorStatusChanged`).

        Args:
            operational_status: from now on.
            evse_id: from 1; None is the whole Charging Station (G04.FR.01).
            connector_id: within the EVSE, from 1; None is the EVSE.

        Raises:
            LocalProtocolError: a connector without its EVSE, a number below 1, or the Charging Station was rejected.
                Nothing was sent.
            OcppError: the request has failed, as :meth:`Role.call` says.
        """
        evse = place(evse_id, connector_id)
        return await self.role.call(ChangeAvailabilityRequest(operational_status=operational_status, evse=evse))

    async def note_status(self, report: StatusNotificationRequest, /) -> None:
        """Take note of the status of a connector, by whichever message it came.

        More connectors than the settings allow are left out: nobody has that many.

        Raises:
            StoreError: it could not be written.
        """
        csms, spot, now = self.role.csms, (report.evse_id, report.connector_id), self.role.now()
        connectors = self._connectors = self._connectors if self._connectors is not None else {}
        known = connectors.get(spot)
        if known is None and len(connectors) >= csms.settings.connectors:
            return
        # Reports may overtake one another; but what was reported of the future must not stand for ever.
        if known is not None and report.timestamp < known.timestamp <= now:
            return
        connectors[spot] = report
        try:
            await csms.store.record_status(self.role.identity, report, now)
        except BaseException:
            if known is None:
                del connectors[spot]
            else:
                connectors[spot] = known
            raise
        if known is None or known.connector_status != report.connector_status:
            previous = None if known is None else known.connector_status
            csms.publish(ConnectorStatusChanged(station=self.role, at=now, report=report, previous=previous))

    def on_heartbeat_request(self, request: HeartbeatRequest) -> HeartbeatResponse:
        """Tell the time (G02)."""
        return HeartbeatResponse(current_time=self.role.now())  # G02.FR.03

    async def on_status_notification_request(self, request: StatusNotificationRequest) -> StatusNotificationResponse:
        """Take note of the status of a connector (G01)."""
        await self.note_status(request)
        return _NOTED


_NOTED: Final = StatusNotificationResponse()
