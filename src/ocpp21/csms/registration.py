"""Whether a Charging Station may talk: its registration, and the gate that follows from it (B01, B02, B03).

The registration belongs to the Charging Station, not to its connection: who was accepted stays so when it reconnects,
until it boots again. Before it is ``Accepted``, only what it was asked for is taken from it; when it is ``Rejected``,
nothing is, and nothing is said to it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, Protocol

import msgspec

from ocpp21.messages import (
    ChargingStationType,
    GetBaseReportRequest,
    GetReportRequest,
    MessageTriggerEnumType,
    RegistrationStatusEnumType,
    StatusInfoType,
    TriggerMessageRequest,
)
from ocpp21.wire import Request

__all__ = ["Registration", "asked_for", "is_somebody_else", "objection"]


class Registration(msgspec.Struct, frozen=True):
    """How a boot is answered.

    Attributes:
        status: ``Accepted``, ``Pending`` (the Charging Station is to be configured first) or ``Rejected``.
        interval_s: seconds between heartbeats when ``Accepted``, otherwise until the next boot notification; 0 leaves
            it to the Charging Station (B02.FR.07). That of the settings by default.
        status_info: more about the status.
    """

    status: RegistrationStatusEnumType = RegistrationStatusEnumType.ACCEPTED
    interval_s: int | None = None
    status_info: StatusInfoType | None = None


_TRIGGERED: Final[Mapping[MessageTriggerEnumType, str]] = {
    MessageTriggerEnumType.LOG_STATUS_NOTIFICATION: "LogStatusNotification",
    MessageTriggerEnumType.FIRMWARE_STATUS_NOTIFICATION: "FirmwareStatusNotification",
    MessageTriggerEnumType.HEARTBEAT: "Heartbeat",
    MessageTriggerEnumType.METER_VALUES: "MeterValues",
    MessageTriggerEnumType.SIGN_CHARGING_STATION_CERTIFICATE: "SignCertificate",
    MessageTriggerEnumType.SIGN_V2G_CERTIFICATE: "SignCertificate",
    MessageTriggerEnumType.SIGN_V2G20_CERTIFICATE: "SignCertificate",
    MessageTriggerEnumType.SIGN_COMBINED_CERTIFICATE: "SignCertificate",
    MessageTriggerEnumType.STATUS_NOTIFICATION: "StatusNotification",
    MessageTriggerEnumType.TRANSACTION_EVENT: "TransactionEvent",
    MessageTriggerEnumType.PUBLISH_FIRMWARE_STATUS_NOTIFICATION: "PublishFirmwareStatusNotification",
}


class _Certificate(Protocol):
    """What is read of a client certificate."""

    @property
    def common_names(self) -> tuple[str, ...]: ...


def is_somebody_else(link: object, identity: str, station: ChargingStationType, /) -> bool:
    """Whether a Charging Station has connected with the certificate of another one, by its serial number (B01.FR.11).

    Args:
        link: the connection; one without client certificate cannot tell.
        identity: of the Charging Station. A certificate that names it, as some operators make them, is its own.
        station: as it describes itself. Without a serial number it is not the one that the certificate names.
    """
    certificate: _Certificate | None = getattr(link, "certificate", None)
    if certificate is None:
        return False
    names = {name.casefold() for name in certificate.common_names}
    return names.isdisjoint({(station.serial_number or "").casefold(), identity.casefold()})


def asked_for(request: Request[Any], /) -> str | None:
    """The action that a request asks the Charging Station to send later, before it is accepted (B02.FR.02)."""
    if isinstance(request, TriggerMessageRequest):
        return _TRIGGERED.get(request.requested_message)
    return "NotifyReport" if isinstance(request, GetBaseReportRequest | GetReportRequest) else None


def objection(status: RegistrationStatusEnumType, asked: Collection[str], action: str, /) -> str | None:
    """Say why an action of the Charging Station may not be taken; None when it may.

    Args:
        status: of its registration.
        asked: actions it was asked for since its last boot.
        action: that it wants to be taken.
    """
    if status is RegistrationStatusEnumType.ACCEPTED or action == "BootNotification":
        return None
    if status is RegistrationStatusEnumType.REJECTED:
        return "expected BootNotification, the registration was rejected"  # B03.FR.07
    if action in asked:
        return None
    return "expected BootNotification or what was asked for, not registered yet"  # B01.FR.10, B02.FR.09
