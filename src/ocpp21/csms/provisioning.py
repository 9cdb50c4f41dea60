"""Provisioning (block B) of the CSMS: boots, variables of the device model, and reports on them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ocpp21.block import Link
from ocpp21.csms.events import ReportReceived, StationBooted, StationReset
from ocpp21.csms.registration import Registration, asked_for, is_somebody_else, objection
from ocpp21.csms.reports import Assembly, Report
from ocpp21.csms.resets import Reset
from ocpp21.csms.splitting import MessageLimits, split
from ocpp21.csms.store import Received
from ocpp21.csms.store import Station as StationRecord
from ocpp21.csms.variables import Variables
from ocpp21.errors import LocalProtocolError, OcppError
from ocpp21.messages import (
    BootNotificationRequest,
    BootNotificationResponse,
    BootReasonEnumType,
    ComponentCriterionEnumType,
    ComponentVariableType,
    GenericDeviceModelStatusEnumType,
    GetBaseReportRequest,
    GetBaseReportResponse,
    GetReportRequest,
    GetReportResponse,
    NotifyReportRequest,
    NotifyReportResponse,
    RegistrationStatusEnumType,
    ReportBaseEnumType,
    ResetEnumType,
    ResetRequest,
)
from ocpp21.wire import Request

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = ["Provisioning"]

DataT = TypeVar("DataT")

logger: Final = logging.getLogger("ocpp21.csms")


class Provisioning(Variables):
    """Provisioning, Part 2, block B.

    Attributes:
        status: of the registration; it survives connections, and restarts of the CSMS.
        boot: the latest boot notification; None before the first.
    """

    def __init__(self, role: Station, /) -> None:
        super().__init__(role)
        self.status = role.csms.settings.unregistered
        self.boot: BootNotificationRequest | None = None
        self._asked: frozenset[str] = _NOTHING  # actions that it was asked for since its last boot
        self._boots = 0  # boot notifications so far
        self._decided = 0  # number of the latest one that was decided on
        self._wants_inventory = False
        self._assemblies: dict[int, Assembly] | None = None  # reports that are being received, by their request
        self._resets: tuple[Reset, ...] = ()  # after which a boot is due

    def restore(self, record: StationRecord, /) -> None:
        """Take up the registration where it was left."""
        self.status = record.status
        self.boot = None if record.boot is None else record.boot.message

    # The gate

    def objection(self, action: str, /) -> str | None:
        """Say why an action of the Charging Station may not be taken now; None when it may."""
        return objection(self.status, self._asked, action)

    def admit(self, request: Request[Any], /) -> None:
        """Let in what a request of ours asks for, from now on: it may come right behind the answer.

        Raises:
            LocalProtocolError: the registration was rejected, and nothing may be said to the Charging Station.
        """
        if self.status is RegistrationStatusEnumType.REJECTED:  # B03.FR.03
            raise LocalProtocolError("expected an accepted Charging Station, found one whose registration was rejected")
        if (action := asked_for(request)) is not None:
            self._asked |= {action}  # B02.FR.02

    # Resets

    async def reset(self, kind: ResetEnumType, /, *, evse_id: int | None = None) -> Reset:
        """Reset the Charging Station or one EVSE (B11, B12, B13).

        Args:
            kind: at once, when idle, or at once with transactions resumed afterwards.
            evse_id: which EVSE, from 1; the whole Charging Station when absent.

        Returns:
            What was answered, and what waits for the boot that follows.

        Raises:
            LocalProtocolError: the EVSE is 0, or the Charging Station was rejected.
            OcppError: the request has failed, as :meth:`Role.call` says.
        """
        if evse_id is not None and evse_id < 1:
            raise LocalProtocolError(f"expected an EVSE from 1, found {evse_id}")
        response = await self.role.call(ResetRequest(type=kind, evse_id=evse_id))
        reset = Reset(response, evse_id)
        if reset.leads_to_boot:
            self._resets += (reset,)
        return reset

    async def message_limits(self) -> MessageLimits:
        """How much the Charging Station takes in one request; what is not known yet, :meth:`get_variables` adds."""
        return await self._known_limits()

    # Reports

    async def get_base_report(self, report_base: ReportBaseEnumType, /) -> Report:
        """Ask for a predefined report, and wait for all of it (B07). Its rows are stored.

        Raises:
            LocalProtocolError: the Charging Station was rejected.
            OcppError: the request has failed, as :meth:`Role.call` says.
        """
        return await self._receive(lambda number: GetBaseReportRequest(request_id=number, report_base=report_base))

    async def get_report(
        self,
        component_variables: Sequence[ComponentVariableType] = (),
        /,
        *,
        criteria: Sequence[ComponentCriterionEnumType] = (),
    ) -> Report:
        """Ask for a report on some of the device model, and wait for all of it (B08). Its rows are stored.

        What does not fit into one request is asked for in several, until one of them is refused.

        Args:
            component_variables: components and variables; all when empty.
            criteria: states, at least one of which a component must be in; any when empty.

        Raises:
            LocalProtocolError: one is too large to be sent, or the Charging Station was rejected.
            OcppError: a request has failed, as :meth:`Role.call` says.
        """

        def request(part: Sequence[ComponentVariableType], number: int) -> GetReportRequest:
            return GetReportRequest(
                request_id=number,
                component_variable=list(part) or None,
                component_criteria=list(criteria) or None,
            )

        parts: Sequence[Sequence[ComponentVariableType]] = [()]
        if component_variables:
            frame = request(component_variables[:1], _MAX_INTEGER)
            limits = await self._known_limits()
            parts = split(component_variables, "GetReport", limits, frame=frame)  # B08.FR.06
        reports: list[Report] = []
        for part in parts:
            report = await self._receive(partial(request, part))
            reports.append(report)
            if report.status not in _GOES_ON:
                break
        return _joined(reports)

    # Handlers

    async def on_boot_notification_request(self, request: BootNotificationRequest) -> BootNotificationResponse:
        """Register the Charging Station, or not (B01, B02, B03)."""
        self._boots += 1
        number, station, settings = self._boots, self.role, self.role.csms.settings
        described = request.charging_station
        if settings.compares_serial_number and is_somebody_else(station.link, station.identity, described):
            # B01.FR.11, B01.FR.12
            return self._turn_away()
        decision = settings.register(station, request)
        registration = await decision if isawaitable(decision) else decision
        now = station.now()
        is_new = self.boot is None or self.boot.charging_station != request.charging_station
        if number > self._decided:  # answers leave in the order of the calls, so the latest one is what counts
            self._decided = number
            await station.csms.store.put_station(
                StationRecord(identity=station.identity, status=registration.status, boot=Received.of(request, now))
            )
        if number == self._decided:
            self.status, self.boot, self._asked = registration.status, request, _NOTHING
        self._wants_inventory |= is_new
        station.csms.publish(
            StationBooted(station=station, at=now, boot=request, status=registration.status, is_new=is_new)
        )
        self._note_boot(request, now)
        if self._wants_inventory and registration.status is RegistrationStatusEnumType.ACCEPTED:
            self._take_inventory()
        return BootNotificationResponse(  # B01.FR.02
            current_time=now,
            interval=self._interval(registration),
            status=registration.status,
            status_info=registration.status_info,
        )

    def on_notify_report_request(self, request: NotifyReportRequest) -> NotifyReportResponse:
        """Take a part of a report; one that nobody has asked for is answered, and left out."""
        assembly = (self._assemblies or {}).get(request.request_id)
        if assembly is not None:
            assembly.add(request)
        return _TAKEN

    # Private

    def _turn_away(self) -> BootNotificationResponse:
        """Refuse a Charging Station that has the certificate of another one, and close the connection (B01.FR.12)."""
        logger.warning("serial number is not that of the certificate identity=%s", self.role.identity)
        self.role.accompany(_close_after(asyncio.current_task(), self.role.link))
        return BootNotificationResponse(
            current_time=self.role.now(),
            interval=self.role.csms.settings.retry_interval_s,
            status=RegistrationStatusEnumType.REJECTED,
        )

    def _note_boot(self, boot: BootNotificationRequest, now: datetime) -> None:
        """Tell whoever waits for the boot after a reset."""
        if not self._resets or boot.reason is BootReasonEnumType.TRIGGERED:
            return
        resets, self._resets = self._resets, ()
        for reset in resets:
            reset.complete(boot)
        self.role.csms.publish(StationReset(station=self.role, at=now, boot=boot))

    def _interval(self, registration: Registration) -> int:
        if registration.interval_s is not None:
            return registration.interval_s
        settings = self.role.csms.settings
        is_accepted = registration.status is RegistrationStatusEnumType.ACCEPTED
        return settings.heartbeat_interval_s if is_accepted else settings.retry_interval_s

    def _take_inventory(self) -> None:
        """Ask for an inventory once the boot is answered (B07.FR.14)."""
        self._wants_inventory = False
        report_base = self.role.csms.settings.inventory
        if report_base is not None:
            self.role.accompany(self._inventory(report_base))

    async def _inventory(self, report_base: ReportBaseEnumType) -> None:
        try:
            report = await self.get_base_report(report_base)
        except OcppError as error:
            self._wants_inventory = True
            logger.info("no inventory identity=%s: %s", self.role.identity, error)
        else:
            self._wants_inventory = not report.is_complete

    async def _receive(self, make: Callable[[int], GetBaseReportRequest | GetReportRequest]) -> Report:
        """Ask for one report and wait for all of it, then store it and tell of it."""
        csms = self.role.csms
        settings, number = csms.settings, csms.next_request_id()
        assembly = Assembly(settings.report_rows, settings.report_patience_s)
        assemblies = self._assemblies = self._assemblies if self._assemblies is not None else {}
        assemblies[number] = assembly  # before it is asked for: parts may come right behind the answer
        try:
            response: GetBaseReportResponse | GetReportResponse = await self.role.call(make(number))
            if response.status is not GenericDeviceModelStatusEnumType.ACCEPTED:
                return Report(response.status)  # B08.FR.15: nothing follows
            await assembly.wait()
        finally:
            del assemblies[number]
        report = Report(response.status, assembly.rows(), assembly.is_complete)
        now = self.role.now()
        if report.rows:
            await csms.store.record_variables(self.role.identity, report.rows, now)
        (await self._known_limits()).learn_report(report.rows)
        csms.publish(ReportReceived(station=self.role, at=now, report=report))
        return report


#: Greatest integer on the wire (Part 2, 2.1.4).
_MAX_INTEGER: Final = 2**31 - 1


async def _close_after(answering: asyncio.Task[Any] | None, link: Link | None) -> None:
    """Close a connection once the answer that is being made has left."""
    if answering is not None:
        await asyncio.wait([answering])
    if link is not None:
        await link.close(1008, "not the serial number of the certificate")


_NOTHING: Final[frozenset[str]] = frozenset()
_TAKEN: Final = NotifyReportResponse()

_EMPTY: Final = GenericDeviceModelStatusEnumType.EMPTY_RESULT_SET

#: With these, it is worth asking for the rest of a report.
_GOES_ON: Final = (GenericDeviceModelStatusEnumType.ACCEPTED, _EMPTY)


def _joined(reports: Sequence[Report]) -> Report:
    """The parts of a report that was asked for in several requests, as one."""
    status = reports[-1].status
    if status is _EMPTY and any(report.status is not _EMPTY for report in reports):
        status = GenericDeviceModelStatusEnumType.ACCEPTED
    rows = tuple(row for report in reports for row in report.rows)
    return Report(status, rows, all(report.is_complete for report in reports) and status in _GOES_ON)
