"""The messages that the CSMS can ask for, and what is to be said about them (Part 2, F06).

A :data:`Trigger` is asked before the request is answered: it says why the message will not be sent, or gives what sends
it afterwards. So whatever was promised is known to be possible.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ocpp21.messages import (
    BootReasonEnumType,
    EVSEType,
    FirmwareStatusEnumType,
    FirmwareStatusNotificationRequest,
    LogStatusNotificationRequest,
    MessageTriggerEnumType,
    MeterValuesRequest,
    StatusInfoType,
    UploadLogStatusEnumType,
)
from ocpp21.messages.values import ReasonCodes

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["TRIGGERS", "Sending", "Trigger"]

#: Sends a message that was promised.
Sending: TypeAlias = Callable[[], Coroutine[Any, Any, object]]

#: Prepares a message of a station, of one EVSE or connector or of all when None; or says why it will not be sent.
Trigger: TypeAlias = "Callable[[ChargingStation, EVSEType | None], Awaitable[Sending | StatusInfoType]]"


async def boot_notification(station: ChargingStation, evse: EVSEType | None, /) -> Sending | StatusInfoType:
    """BootNotification, while the station is not accepted."""
    if station.provisioning.is_accepted:
        return _refused(ReasonCodes.NO_ERROR, "the station is accepted")  # F06.FR.17
    return partial(station.provisioning.boot, BootReasonEnumType.TRIGGERED)


async def firmware_status_notification(station: ChargingStation, evse: EVSEType | None, /) -> Sending | StatusInfoType:
    """FirmwareStatusNotification; where nothing updates firmware, nothing is going on."""
    return partial(station.call, FirmwareStatusNotificationRequest(status=FirmwareStatusEnumType.IDLE))  # F06.FR.16


async def heartbeat(station: ChargingStation, evse: EVSEType | None, /) -> Sending | StatusInfoType:
    """Heartbeat, of any EVSE: there is but one (F06.FR.03)."""
    return station.availability.beat


async def log_status_notification(station: ChargingStation, evse: EVSEType | None, /) -> Sending | StatusInfoType:
    """LogStatusNotification; where nothing uploads logs, nothing is going on."""
    return partial(station.call, LogStatusNotificationRequest(status=UploadLogStatusEnumType.IDLE))  # F06.FR.15


async def meter_values(station: ChargingStation, evse: EVSEType | None, /) -> Sending | StatusInfoType:
    """MeterValues of an EVSE, or of all and of the main meter; read now, so that none are promised in vain."""
    evse_ids = [0, *station.evses] if evse is None else [evse.id]  # F06.FR.11
    at, requests = station.now(), []  # F06.FR.09
    for evse_id in evse_ids:
        if evse_id and evse_id not in station.evses:
            return _refused(ReasonCodes.UNKNOWN_EVSE)
        values = station.metering.triggered_clock_values(await station.metering.read(evse_id, at))
        if values:
            requests.append(MeterValuesRequest(evse_id=evse_id, meter_value=values))
    if not requests:
        return _refused(ReasonCodes.UNSPECIFIED, "no meter answers")

    async def send() -> None:
        for request in requests:
            await station.call(request)

    return send


async def status_notification(station: ChargingStation, evse: EVSEType | None, /) -> Sending | StatusInfoType:
    """StatusNotification of a connector; where none is named of all that may be meant, or of none."""
    connector_id = None if evse is None else evse.connector_id
    if connector_id is None and not station.remote_control.reports_all_connectors:
        return _refused(ReasonCodes.MISSING_PARAM)  # F06.FR.12
    if evse is not None and evse.id not in station.evses:
        return _refused(ReasonCodes.UNKNOWN_EVSE)
    if evse is not None and connector_id is not None and connector_id not in station.evses[evse.id].connectors:
        return _refused(ReasonCodes.UNKNOWN_CONNECTOR_ID)
    meant = [
        (connector.evse_id, connector.connector_id)
        for connector in station.evses.connectors
        if (evse is None or evse.id == connector.evse_id) and connector_id in (None, connector.connector_id)
    ]

    async def send() -> None:
        for place in meant:
            await station.availability.notify(*place)

    return send


async def transaction_event(station: ChargingStation, evse: EVSEType | None, /) -> Sending | StatusInfoType:
    """TransactionEvent of each transaction that is ongoing, or of that of an EVSE."""
    if not station.provisioning.is_accepted:
        return _refused(ReasonCodes.CS_NOT_ACCEPTED)
    if evse is not None and evse.id not in station.evses:
        return _refused(ReasonCodes.UNKNOWN_EVSE)
    controls = station.transactions.controls if evse is None else [station.transactions.control(evse.id)]
    running = [control for control in controls if control.transaction is not None]
    if not running:
        return _refused(ReasonCodes.TX_NOT_FOUND)

    async def send() -> None:
        for control in running:
            await control.step(partial(control.telling.report, station.now()))

    return send


def _refused(reason_code: str, info: str | None = None) -> StatusInfoType:
    return StatusInfoType(reason_code=reason_code, additional_info=info)


#: What every station can be asked for. Others are NotImplemented, until a block offers them (F06.FR.08).
TRIGGERS: Final[Mapping[MessageTriggerEnumType, Trigger]] = {
    MessageTriggerEnumType.BOOT_NOTIFICATION: boot_notification,
    MessageTriggerEnumType.FIRMWARE_STATUS_NOTIFICATION: firmware_status_notification,
    MessageTriggerEnumType.HEARTBEAT: heartbeat,
    MessageTriggerEnumType.LOG_STATUS_NOTIFICATION: log_status_notification,
    MessageTriggerEnumType.METER_VALUES: meter_values,
    MessageTriggerEnumType.STATUS_NOTIFICATION: status_notification,
    MessageTriggerEnumType.TRANSACTION_EVENT: transaction_event,
}
