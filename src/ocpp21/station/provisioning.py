"""Provisioning (block B) of the Charging Station: registration at the CSMS, the device model, and resets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ocpp21 import codec
from ocpp21.block import Block
from ocpp21.device_model import Change, Variable, pages
from ocpp21.errors import CallError, CallTimeout, ErrorCode, OcppError, RemoteProtocolError, SessionClosed, StoreError
from ocpp21.messages import (
    BootNotificationRequest,
    BootReasonEnumType,
    ChargingStationType,
    GenericDeviceModelStatusEnumType,
    GetBaseReportRequest,
    GetBaseReportResponse,
    GetReportRequest,
    GetReportResponse,
    GetVariablesRequest,
    GetVariablesResponse,
    NotifyReportRequest,
    RegistrationStatusEnumType,
    ReportDataType,
    ResetEnumType,
    ResetRequest,
    ResetResponse,
    ResetStatusEnumType,
    SetNetworkProfileRequest,
    SetNetworkProfileResponse,
    SetNetworkProfileStatusEnumType,
    SetVariableResultType,
    SetVariablesRequest,
    SetVariablesResponse,
    SetVariableStatusEnumType,
    StatusInfoType,
)
from ocpp21.messages.values import ReasonCodes, SecurityEvents
from ocpp21.station.afterwards import afterwards
from ocpp21.station.boot_reason import remember_reason, take_reason
from ocpp21.station.clock import set_clock
from ocpp21.station.network_profiles import NetworkProfiles
from ocpp21.station.registration import Registration
from ocpp21.station.resetting import Resetting
from ocpp21.station.settings import puts, restore
from ocpp21.wire import Action, Message, Request

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["Provisioning"]

ResultT = TypeVar("ResultT")

logger: Final = logging.getLogger("ocpp21.station")

_NOT_STORED: Final = StatusInfoType(reason_code=ReasonCodes.OUT_OF_STORAGE)

#: Starts that the station, its owner or the CSMS has wanted; the others are starts of the device.
_RESETS: Final = {
    BootReasonEnumType.APPLICATION_RESET,
    BootReasonEnumType.FIRMWARE_UPDATE,
    BootReasonEnumType.LOCAL_RESET,
    BootReasonEnumType.REMOTE_RESET,
    BootReasonEnumType.SCHEDULED_RESET,
    BootReasonEnumType.WATCHDOG,
}


class Provisioning(Block["ChargingStation"]):
    """Provisioning, Part 2, block B.

    Attributes:
        network_profiles: the slots by which the station connects (B09, B10).
        resetting: what is reset, and when (B11 to B13).
    """

    def __init__(self, role: ChargingStation, /) -> None:
        super().__init__(role)
        self.network_profiles: Final = NetworkProfiles(role.device_model)
        self.resetting: Final = Resetting(role)
        self._registration: Final = Registration()
        self._reason = BootReasonEnumType.UNKNOWN  # why the station has started
        self._registered_as: ChargingStationType | None = None  # what the CSMS knows of it
        self._online: Final = asyncio.Event()  # accepted and connected
        self._offline_since: float | None = None  # time of the loop; None until the first connection has ended
        self._boot: asyncio.Task[None] | None = None  # sends BootNotificationRequests until one is accepted
        self._report: asyncio.Task[None] | None = None  # sends a report; there is one at a time
        self._setting: Final = asyncio.Lock()  # held from the check of new values until they are in force
        role.device_model.ocpp_comm_ctrlr.offline_threshold.honour()
        role.device_model.tx_ctrlr.tx_before_accepted_enabled.honour()
        clock = role.device_model.clock_ctrlr
        clock.time_source.honour()
        clock.time_adjustment_reporting_threshold.honour()
        if clock.date_time.exists:
            clock.date_time.provide(role.now)

    async def start(self) -> None:
        """Take up the settings, and find out why the station has started."""
        for ignored in await restore(self.role.device_model, self.role.store):
            logger.warning("stored setting left out: %s", ignored.reason)
        self._registration.begin()
        self._reason = await take_reason(self.role.store, self.role.hardware.boot_reason)
        is_reset = self._reason in _RESETS
        event = SecurityEvents.RESET_OR_REBOOT if is_reset else SecurityEvents.STARTUP_OF_THE_DEVICE
        try:
            await self.role.security.report_event(event, tech_info=self._reason)
        except StoreError as error:
            logger.error("start not reported", exc_info=error)

    def attached(self) -> None:
        """Register if that is due, or take up where the last connection has ended."""
        if self.is_accepted and self._registered_as != self.role.hardware.facts.charging_station:
            self._registration.begin()  # Part 4, 5.4
        if not self.is_accepted:
            self._begin_boot()
            return
        self._online.set()
        outage_s = asyncio.get_running_loop().time() - (self._offline_since or 0.0)
        if outage_s > self.role.device_model.ocpp_comm_ctrlr.offline_threshold.get(0):
            self.role.availability.report_all()  # B04.FR.01
        else:
            self.role.availability.report_changed()  # B04.FR.02
        self.role.accompany(self.role.availability.beat())

    def detached(self) -> None:
        """Wait for the next connection; the registration stays as it is (Part 4, 5.4)."""
        self._online.clear()
        self._offline_since = asyncio.get_running_loop().time()
        self._end_boot()

    # Verbs

    @property
    def status(self) -> RegistrationStatusEnumType | None:
        """What the CSMS has answered last; None when it has not, since the station has started."""
        return self._registration.status

    @property
    def is_accepted(self) -> bool:
        """Whether the CSMS has accepted the station; it stays so while there is no connection."""
        return self._registration.is_accepted

    @property
    def is_online(self) -> bool:
        """Whether the station is accepted and connected."""
        return self._online.is_set()

    @property
    def allows_transactions(self) -> bool:
        """Whether transactions may be started: the station is accepted, or need not be (TxBeforeAcceptedEnabled)."""
        # B02.FR.03, B03.FR.01
        return self.is_accepted or self.role.device_model.tx_ctrlr.tx_before_accepted_enabled.get(False)

    async def accepted(self) -> None:
        """Wait until the station is accepted and connected; returns at once when it is."""
        while not self._online.is_set():
            await self._online.wait()

    async def boot(self, reason: BootReasonEnumType, /) -> RegistrationStatusEnumType:
        """Send one BootNotificationRequest and act upon the answer; for TriggerMessage, with reason ``Triggered``.

        Raises:
            SessionClosed: there is no connection, or it has ended.
            CallError, CallTimeout, RemoteProtocolError: there was no answer that can be used.
        """
        loop = asyncio.get_running_loop()
        station = self.role.hardware.facts.charging_station
        asked_at = loop.time()
        try:
            response = await self.role.call(BootNotificationRequest(charging_station=station, reason=reason))
        except (CallError, CallTimeout, RemoteProtocolError):
            self._registration.unanswered(loop.time())
            raise
        self._registration.answered(response, loop.time())
        await set_clock(self.role, response.current_time, loop.time() - asked_at)  # B01.FR.06
        if self.is_accepted:
            self._registered_as = station
            if response.interval > 0:
                self.role.availability.set_heartbeat_interval(response.interval)  # B01.FR.04, G02.FR.01
            if self.role.is_connected:
                self._online.set()
                self.role.availability.report_all()  # B01.FR.05
        return response.status

    def may_send(self, kind: type[Message], /) -> bool:
        """Whether the registration allows messages of this class to be sent now (B01.FR.08, B02.FR.02, B03.FR.02)."""
        return self._registration.may_send(kind)

    def gate(self, action: Action, /) -> str | None:
        """Say why a message of the CSMS may not be taken now, or None (B03.FR.08); see :meth:`Role.gate`."""
        return self._registration.refusal()

    def register_anew(self) -> None:
        """Let the next connection begin with a BootNotification: it leads to another CSMS (B10.FR.10)."""
        if self.is_accepted:
            self._reason = BootReasonEnumType.UNKNOWN  # why the station has started was told before
        self._registration.begin()
        self._online.clear()

    async def remember_reason(self, reason: BootReasonEnumType, /) -> None:
        """Keep the reason of a reboot that is about to happen, for the next BootNotification (B01.FR.09).

        Raises:
            StoreError: it could not be kept.
        """
        await remember_reason(self.role.store, reason)

    def reset(
        self, kind: ResetEnumType, reason: BootReasonEnumType, /, *, evse_id: int | None = None
    ) -> ResetStatusEnumType:
        """Reset the station or one EVSE for a reason of its own, as a ResetRequest would; returns at once.

        Args:
            kind: at once, when idle, or at once with transactions resumed.
            reason: ``LocalReset``, ``FirmwareUpdate``, ``ApplicationReset``; the next BootNotification tells it.
            evse_id: which EVSE; the whole station when absent.

        Returns:
            What would be answered; ``Rejected`` changes nothing.
        """
        return self.resetting.ask(kind, evse_id, reason).status

    # Handlers

    async def on_get_base_report_request(self, request: GetBaseReportRequest) -> GetBaseReportResponse:
        """Answer, and report on the device model afterwards (B07)."""
        if not self._can_report():
            return GetBaseReportResponse(status=GenericDeviceModelStatusEnumType.REJECTED)  # B07.FR.13
        self._begin_report(request.request_id, self.role.device_model.base_report(request.report_base))
        return GetBaseReportResponse(status=GenericDeviceModelStatusEnumType.ACCEPTED)  # B07.FR.01, B07.FR.12

    async def on_get_report_request(self, request: GetReportRequest) -> GetReportResponse:
        """Answer, and report on what was asked for afterwards (B08)."""
        self._check_size("GetReport", request.component_variable or (), request)  # B08.FR.17, B08.FR.18
        if not self._can_report():
            return GetReportResponse(status=GenericDeviceModelStatusEnumType.REJECTED)  # B08.FR.16
        data = self.role.device_model.report(request.component_criteria, request.component_variable)
        if not data:
            return GetReportResponse(status=GenericDeviceModelStatusEnumType.EMPTY_RESULT_SET)  # B08.FR.15
        self._begin_report(request.request_id, data)
        return GetReportResponse(status=GenericDeviceModelStatusEnumType.ACCEPTED)  # B08.FR.01

    def on_get_variables_request(self, request: GetVariablesRequest) -> GetVariablesResponse:
        """Tell the values of variables (B06)."""
        self._check_size("GetVariables", request.get_variable_data, request)  # B06.FR.16, B06.FR.17
        results = self.role.device_model.get_variables(request.get_variable_data)
        return GetVariablesResponse(get_variable_result=results)

    async def on_reset_request(self, request: ResetRequest) -> ResetResponse:
        """Answer, and reset the station or an EVSE afterwards (B11, B12)."""
        return self.resetting.answer(request)

    async def on_set_network_profile_request(self, request: SetNetworkProfileRequest) -> SetNetworkProfileResponse:
        """Store a profile of a network (B09)."""
        return await self._to_the_end(partial(self._store_profile, request))

    async def on_set_variables_request(self, request: SetVariablesRequest) -> SetVariablesResponse:
        """Set variables, each by itself (B05)."""
        self._check_size("SetVariables", request.set_variable_data, request)
        results = await self._to_the_end(partial(self._check_store_apply, request))
        return SetVariablesResponse(set_variable_result=results)

    # Registration

    def _begin_boot(self) -> None:
        self._end_boot()
        self._boot = self.role.accompany(self._register())

    def _end_boot(self) -> None:
        if self._boot is not None:
            self._boot.cancel()
            self._boot = None

    async def _register(self) -> None:
        """Ask for the registration until it is accepted, or the connection ends."""
        loop = asyncio.get_running_loop()
        while not self.is_online:
            wait_s = self._registration.retry_at - loop.time()
            if wait_s > 0:
                # B02.FR.06: the connection stays.
                # A BootNotification that the CSMS has asked for may change the time of the next one, or the state.
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._online.wait()
                continue
            try:
                await self.boot(self._reason)  # B01.FR.01, B01.FR.03, B01.FR.09
            except SessionClosed:
                return
            except (CallError, CallTimeout, RemoteProtocolError) as error:
                logger.warning("boot notification not answered: %s", error)

    # Device model

    def _can_report(self) -> bool:
        """Whether a report can be sent: the registration allows it, and none is being sent."""
        is_busy = self._report is not None and not self._report.done()
        return not is_busy and self.may_send(NotifyReportRequest)

    def _begin_report(self, request_id: int, data: Sequence[ReportDataType]) -> None:
        self._report = afterwards(self.role, partial(self._notify, request_id, data))

    async def _notify(self, request_id: int, data: Sequence[ReportDataType]) -> None:
        # B07.FR.03, B07.FR.04, B07.FR.10, B08.FR.03, B08.FR.04, B08.FR.14
        for part in pages(data, request_id=request_id, generated_at=self.role.now()):
            try:
                await self.role.call(part)
            except OcppError as error:
                logger.warning("report %d ends at part %d: %s", request_id, part.seq_no, error)
                return

    def _check_size(self, name: str, items: Sequence[object], request: Request[Any]) -> None:
        """See that a request keeps to the limits that the station has told.

        Raises:
            CallError: it does not.
        """
        limits = self.role.device_model.device_data_ctrlr
        most: Variable[int] = limits.items_per_message[name]
        if len(items) > (most.get() or len(items)):
            problem = f"expected at most {most.value} items in a {name}Request, found {len(items)}"
            raise CallError(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, problem)
        largest = limits.bytes_per_message[name].get()
        if largest is not None and (size := len(codec.encode(request))) > largest:
            problem = f"expected at most {largest} bytes in a {name}Request, found {size}"
            raise CallError(ErrorCode.FORMAT_VIOLATION, problem)

    async def _to_the_end(self, work: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Set something, one at a time: What is stored takes effect, also when the connection ends meanwhile."""
        done: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()
        self.role.accompany(self._set(work, done))
        return await done

    async def _set(self, work: Callable[[], Awaitable[ResultT]], done: asyncio.Future[ResultT]) -> None:
        try:
            async with self._setting:
                result = await work()
        except Exception as error:
            if not done.done():
                done.set_exception(error)
        else:
            if not done.done():
                done.set_result(result)

    async def _store_profile(self, request: SetNetworkProfileRequest) -> SetNetworkProfileResponse:
        """Check a profile, store it, and put it into its slot; it takes effect with the next connection by it (B09)."""
        info = self.network_profiles.why_not(request)
        if info is not None:
            return SetNetworkProfileResponse(status=SetNetworkProfileStatusEnumType.REJECTED, status_info=info)
        changes = self.network_profiles.changes(request.configuration_slot, request.connection_data)
        try:
            await self.role.store.commit(*puts({change.key: change.new for change in changes}))
        except StoreError as error:
            logger.error("network profile not stored", exc_info=error)
            # B09.FR.03
            return SetNetworkProfileResponse(status=SetNetworkProfileStatusEnumType.FAILED, status_info=_NOT_STORED)
        self._apply(changes)
        return SetNetworkProfileResponse(status=SetNetworkProfileStatusEnumType.ACCEPTED)  # B09.FR.01

    async def _check_store_apply(self, request: SetVariablesRequest) -> list[SetVariableResultType]:
        checked = self.role.device_model.check_set(request.set_variable_data)
        cleared = self.network_profiles.cleared(checked.changes)
        try:
            await self.role.store.commit(
                *puts(checked.to_store()),
                *puts({change.key: change.new for change in cleared}),
                *self.role.security.note_settings(checked.changes),
            )
        except StoreError as error:
            logger.error("settings not stored", exc_info=error)
            return [_not_stored(result) for result in checked.results]  # B05.FR.09
        self._apply([*checked.changes, *cleared])
        return checked.results  # B05.FR.10, B09.FR.24

    def _apply(self, changes: Sequence[Change]) -> None:
        try:
            self.role.device_model.apply(changes)
        except ExceptionGroup as error:
            logger.error("a change of the device model was not followed", exc_info=error)


def _not_stored(result: SetVariableResultType) -> SetVariableResultType:
    """The result of an element when the store has failed."""
    if result.attribute_status not in (SetVariableStatusEnumType.ACCEPTED, SetVariableStatusEnumType.REBOOT_REQUIRED):
        return result
    return SetVariableResultType(
        attribute_type=result.attribute_type,
        attribute_status=SetVariableStatusEnumType.REJECTED,
        attribute_status_info=_NOT_STORED,
        component=result.component,
        variable=result.variable,
    )
