"""Availability (block G) of the Charging Station: states of the connectors, signs of life, what is in service.

Theory of operation. A change of state is reported when it happens, with the time at which it did. While nothing can be
reported, since there is no connection or the station is not accepted, the changes of a connector shrink to one: that it
has changed. What it has become is reported afterwards, at once for the changed connectors or for all of them
(B01.FR.05, B04). A report that the CSMS has not confirmed counts as a change that is still to be reported.

What is set Inoperative is so at once, and for good: nothing new begins there, and it is Unavailable. But a connector
that is in use by a transaction is spared until that ends. So nothing is scheduled by a timer or a list: a change counts
as Scheduled for as long as it spares somebody, and there is nothing to drop when it is taken back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

import msgspec

from ocpp21.block import Block
from ocpp21.errors import LocalProtocolError, OcppError, StoreError
from ocpp21.messages import (
    ChangeAvailabilityRequest,
    ChangeAvailabilityResponse,
    ChangeAvailabilityStatusEnumType,
    ComponentType,
    ConnectorStatusEnumType,
    EVSEType,
    HeartbeatRequest,
    OperationalStatusEnumType,
    StatusInfoType,
    StatusNotificationRequest,
    VariableType,
)
from ocpp21.messages.values import ReasonCodes
from ocpp21.station.afterwards import afterwards
from ocpp21.station.clock import serves_as_clock, set_clock
from ocpp21.station.in_service import InService

if TYPE_CHECKING:
    from ocpp21.device_model import Change, Variable
    from ocpp21.station import ChargingStation
    from ocpp21.station.evses import ConnectorState

__all__ = ["Availability", "Report", "whole"]

logger: Final = logging.getLogger("ocpp21.station")

#: HeartbeatInterval until the CSMS or the operator says another, in s; the standard names none.
_HEARTBEAT_INTERVAL_S: Final = 300

#: Longest time without a Heartbeat where it sets the clock, in s (G02.FR.07).
_DAY_S: Final = 24 * 60 * 60.0

#: How grave a change of state is, that is none of a fault: Informational (Part 2, N04; N07.FR.21).
_INFORMATIONAL: Final = 8

_Change: Final = ChangeAvailabilityStatusEnumType


class Report(msgspec.Struct, frozen=True):
    """The state of a connector that is to be reported.

    Attributes:
        evse_id: of its EVSE, from 1.
        connector_id: within the EVSE, from 1.
        status: what it has become.
        at: when it did.
    """

    evse_id: int
    connector_id: int
    status: ConnectorStatusEnumType
    at: datetime


class Availability(Block["ChargingStation"]):
    """Availability, Part 2, block G. A subclass takes the place of this block, and says otherwise.

    Attributes:
        prefers_status_notification: report connectors by StatusNotificationRequest, which is deprecated since OCPP 2.1,
            in place of NotifyEventRequest.
        minimum_status_duration_s: how long a connector must keep a status for it to be reported, in s.
    """

    prefers_status_notification: ClassVar[bool] = False
    minimum_status_duration_s: ClassVar[float] = 0.0

    def __init__(self, role: ChargingStation, /) -> None:
        super().__init__(role)
        self._last: Final[dict[tuple[int, int], ConnectorStatusEnumType]] = {}  # when it was looked at last
        self._unreported: Final[dict[tuple[int, int], datetime]] = {}  # has changed, and when
        self._passing: Final[dict[tuple[int, int], tuple[ConnectorStatusEnumType, float, datetime]]] = {}  # too new
        self._in_service: Final = InService()
        self._changing: Final = asyncio.Lock()  # one ChangeAvailability at a time
        self._sent_at = 0.0  # the last message of ours, time of the loop
        self._beaten_at = 0.0  # the last Heartbeat, time of the loop
        self._heart: asyncio.Task[None] | None = None  # sends Heartbeats while there is a connection
        self._rescheduled: Final = asyncio.Event()  # HeartbeatInterval has changed
        interval = role.device_model.ocpp_comm_ctrlr.heartbeat_interval
        if not interval.exists:
            interval.add(_HEARTBEAT_INTERVAL_S)
        interval.honour().on_change(self._reschedule)

    async def start(self) -> None:
        """Take up what is out of service."""
        await self._in_service.load(self.role.store)

    def attached(self) -> None:
        """Show signs of life from now on."""
        self._sent_at = self._beaten_at = asyncio.get_running_loop().time()
        self._heart = self.role.accompany(self._live())

    def detached(self) -> None:
        """Show no signs of life."""
        if self._heart is not None:
            self._heart.cancel()

    # Verbs

    def status(self, evse_id: int, connector_id: int, /) -> ConnectorStatusEnumType:
        """The status of a connector now (G01.FR.01).

        Raises:
            KeyError: there is no such connector.
        """
        return self._status(self.role.evses[evse_id].connectors[connector_id])

    def evse_status(self, evse_id: int, /) -> ConnectorStatusEnumType:
        """The status of an EVSE for somebody who wants to charge: of the connector in use, or the best one.

        Raises:
            KeyError: there is no such EVSE.
        """
        evse = self.role.evses[evse_id]
        if evse.connected is not None:
            return self._status(evse.connected)
        found = set(map(self._status, evse.connectors.values()))
        return ConnectorStatusEnumType.AVAILABLE if ConnectorStatusEnumType.AVAILABLE in found else whole(found)

    def is_in_service(self, evse_id: int | None, /) -> bool:
        """Whether something may begin at an EVSE, at the connector in use if there is one; None asks for any EVSE."""
        evses = self.role.evses.values() if evse_id is None else [self.role.evses[evse_id]]
        return any(
            self._in_service.holds(evse.evse_id, connector.connector_id)
            for evse in evses
            for connector in evse.connectors.values()
            if evse_id is None or evse.connected in (None, connector)
        )

    def note_transaction(self) -> None:
        """Take note that a transaction has changed: a connector may be spared no more (G01.FR.05, G03.FR.05)."""
        if not self._in_service.is_all:
            self.report_changed()

    async def notify(self, evse_id: int, connector_id: int, /) -> None:
        """Send the status of a connector, since the CSMS has asked for it (F06).

        Raises:
            KeyError: there is no such connector.
            OcppError: it was not delivered, as :meth:`Role.call` says.
        """
        report = Report(evse_id, connector_id, self.status(evse_id, connector_id), self.role.now())
        await self.role.call(_status_notification(report))

    def report(self, evse_id: int, connector_id: int, /) -> None:
        """Report a connector if its status has changed, now or as soon as that is allowed.

        Raises:
            KeyError: there is no such connector.
        """
        key = evse_id, connector_id
        status = self.status(evse_id, connector_id)
        if status is self._last.get(key):
            self._passing.pop(key, None)
        elif (since := self._settled(key, status)) is not None:  # G01.FR.08, G01.FR.09
            self._last[key] = status
            self._show(evse_id, connector_id, status)
            self._unreported[key] = since
        if self.role.provisioning.is_online and key in self._unreported:
            # G01.FR.03, G01.FR.04
            report = Report(evse_id, connector_id, self._last[key], self._unreported.pop(key))
            self.role.accompany(self._deliver(report))

    def report_changed(self) -> None:
        """Report all connectors that have changed, as :meth:`report` does; to be called whenever some may have."""
        for connector in self.role.evses.connectors:
            self.report(connector.evse_id, connector.connector_id)

    def report_all(self) -> None:
        """Report every connector, as after the boot (B01.FR.05) and after a long outage (B04.FR.01)."""
        for connector in self.role.evses.connectors:
            self._unreported.setdefault((connector.evse_id, connector.connector_id), self.role.now())
        self.report_changed()

    async def beat(self) -> None:
        """Send a Heartbeat, and set the clock by the answer; one that is not answered is logged."""
        loop = asyncio.get_running_loop()
        asked_at = self._beaten_at = loop.time()
        try:
            response = await self.role.call(HeartbeatRequest())
        except OcppError as error:
            logger.info("heartbeat not answered: %s", error)
        else:
            await set_clock(self.role, response.current_time, loop.time() - asked_at)  # G02.FR.06

    def note_sent(self) -> None:
        """Take note that a message leaves now: the next Heartbeat is due later (G02.FR.05)."""
        self._sent_at = asyncio.get_running_loop().time()

    def set_heartbeat_interval(self, interval_s: int, /) -> None:
        """Take over the interval that the CSMS has told, in s, where HeartbeatInterval can be that (G02.FR.01)."""
        try:
            self.role.device_model.ocpp_comm_ctrlr.heartbeat_interval.set(interval_s)
        except LocalProtocolError as error:
            logger.warning("heartbeat interval not taken over: %s", error)

    # Handlers

    async def on_change_availability_request(self, request: ChangeAvailabilityRequest) -> ChangeAvailabilityResponse:
        """Take something out of service or into it, now or when its transactions have ended (G03, G04)."""
        if (reason := self._unknown(request.evse)) is not None:
            return _refused(reason)
        done: asyncio.Future[ChangeAvailabilityResponse] = asyncio.get_running_loop().create_future()
        # What is stored takes effect, also when the connection ends meanwhile; what follows comes after the answer.
        self.role.accompany(self._change(request, done))
        afterwards(self.role, partial(self._follow, done))
        return await asyncio.shield(done)  # G03.FR.01, G04.FR.02

    # What is in service

    def _status(self, connector: ConnectorState) -> ConnectorStatusEnumType:
        by_facts = self.role.evses.status(connector)
        if by_facts is ConnectorStatusEnumType.FAULTED:  # G03.FR.06, G04.FR.07
            return by_facts
        if self._in_service.holds(connector.evse_id, connector.connector_id) or self._is_spared(connector):
            return by_facts  # G03.FR.07, G04.FR.08
        return ConnectorStatusEnumType.UNAVAILABLE

    def _is_spared(self, connector: ConnectorState) -> bool:
        """Whether a transaction uses the connector, or waits for an EV that may be connected to it."""
        transaction = self.role.transactions.at(connector.evse_id)
        if transaction is None:
            return False
        # G01.FR.05: an EV that has just left is none that uses it.
        is_here = transaction.connector_id == connector.connector_id and connector.is_occupied
        return transaction.connector_id is None or is_here

    def _unknown(self, evse: EVSEType | None) -> str | None:
        """The reason code, when there is no such EVSE or connector."""
        if evse is None:
            return None
        if evse.id not in self.role.evses:
            return ReasonCodes.UNKNOWN_EVSE
        if evse.connector_id is not None and evse.connector_id not in self.role.evses[evse.id].connectors:
            return ReasonCodes.UNKNOWN_CONNECTOR_ID
        return None

    async def _change(
        self, request: ChangeAvailabilityRequest, done: asyncio.Future[ChangeAvailabilityResponse]
    ) -> None:
        """Change what is in service, and say whether that spares somebody."""
        async with self._changing:
            try:
                await self._in_service.change(self.role.store, request.evse, request.operational_status)
            except StoreError as error:
                logger.error("change of availability not stored: %s", error)
                done.set_result(_refused(ReasonCodes.OUT_OF_STORAGE))
                return
            is_wanted = request.operational_status is OperationalStatusEnumType.OPERATIVE
            # G03.FR.02, G03.FR.03, G03.FR.05, G04.FR.03, G04.FR.04, G04.FR.06
            status = _Change.ACCEPTED if is_wanted or not self._is_busy(request.evse) else _Change.SCHEDULED
            done.set_result(ChangeAvailabilityResponse(status=status))

    def _is_busy(self, evse: EVSEType | None) -> bool:
        """Whether a transaction is ongoing there."""
        if evse is None:  # G04.FR.06
            return self.role.transactions.is_busy()
        transaction = self.role.transactions.at(evse.id)
        return transaction is not None and (
            evse.connector_id is None or transaction.connector_id in (None, evse.connector_id)
        )

    async def _follow(self, done: asyncio.Future[ChangeAvailabilityResponse]) -> None:
        await done
        self.report_changed()  # G01.FR.07, G03.FR.04, G04.FR.05
        await self.role.transactions.reconsider()

    # Reports

    def _settled(self, key: tuple[int, int], status: ConnectorStatusEnumType) -> datetime | None:
        """When a new status was taken, once it has lasted; None before."""
        duration_s = self.minimum_status_duration_s
        if not duration_s or key not in self._last:
            return self.role.now()
        loop = asyncio.get_running_loop()
        newest, since, at = self._passing.get(key, (None, 0.0, self.role.now()))
        if newest is not status:
            self._passing[key] = status, loop.time(), self.role.now()
            loop.call_later(duration_s, self.report, *key)
            return None
        if loop.time() < since + duration_s:
            return None
        del self._passing[key]
        return at

    def _show(self, evse_id: int, connector_id: int, status: ConnectorStatusEnumType) -> None:
        """Let the device model tell the same, of the connector, its EVSE and the station."""
        model = self.role.device_model
        evse = self.role.evses[evse_id]
        _set(model.connector(evse_id, connector_id).availability_state, status)
        _set(model.evse(evse_id).availability_state, whole(map(self._status, evse.connectors.values())))
        _set(model.charging_station.availability_state, whole(map(self._status, self.role.evses.connectors)))

    # One task for each report: they enter the queue of the connection at once, and in order.
    async def _deliver(self, report: Report) -> None:
        try:
            if self.prefers_status_notification:
                await self.role.call(_status_notification(report))
            else:
                event = self.role.diagnostics.hardwired(
                    ComponentType(name="Connector", evse=EVSEType(id=report.evse_id, connector_id=report.connector_id)),
                    VariableType(name="AvailabilityState"),
                    report.status,
                    report.at,
                    severity=_INFORMATIONAL,
                )
                await self.role.diagnostics.notify(event)
        except OcppError as error:
            logger.info("connector %d of EVSE %d not reported: %s", report.connector_id, report.evse_id, error)
            self._unreported.setdefault((report.evse_id, report.connector_id), report.at)

    # Signs of life

    def _reschedule(self, change: Change) -> None:
        self._rescheduled.set()

    async def _live(self) -> None:
        """Send a Heartbeat whenever one is due, while the station is accepted."""
        loop = asyncio.get_running_loop()
        while True:
            await self.role.provisioning.accepted()
            wait_s = self._due_at() - loop.time()
            if wait_s <= 0:
                await self.beat()
                continue
            self._rescheduled.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._rescheduled.wait()

    def _due_at(self) -> float:
        """When the next Heartbeat is due, as things are, time of the loop."""
        interval_s = self.role.device_model.ocpp_comm_ctrlr.heartbeat_interval.get(_HEARTBEAT_INTERVAL_S)
        # G02.FR.02; a Heartbeat that has not left, since something has kept it, is not tried again at once.
        due_at = max(self._sent_at, self._beaten_at) + interval_s
        return min(due_at, self._beaten_at + _DAY_S) if serves_as_clock(self.role) else due_at  # G02.FR.07


def _set(state: Variable[str], status: ConnectorStatusEnumType) -> None:
    if state.exists:
        state.set(status)


def whole(parts: Iterable[ConnectorStatusEnumType]) -> ConnectorStatusEnumType:
    """The state of an EVSE or a station, from those of its connectors: that of the best that can still be had."""
    found = set(parts)
    if found == {ConnectorStatusEnumType.FAULTED}:
        return ConnectorStatusEnumType.FAULTED
    in_order = ConnectorStatusEnumType.OCCUPIED, ConnectorStatusEnumType.RESERVED, ConnectorStatusEnumType.AVAILABLE
    return next((status for status in in_order if status in found), ConnectorStatusEnumType.UNAVAILABLE)


def _status_notification(report: Report) -> StatusNotificationRequest:
    return StatusNotificationRequest(
        timestamp=report.at,
        connector_status=report.status,
        evse_id=report.evse_id,
        connector_id=report.connector_id,
    )


def _refused(reason: str) -> ChangeAvailabilityResponse:
    return ChangeAvailabilityResponse(status=_Change.REJECTED, status_info=StatusInfoType(reason_code=reason))
