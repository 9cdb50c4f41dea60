"""What a CSMS tells of its Charging Stations: each event is something that has happened, and is stored by now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from ocpp21.csms.ledger import Transaction
from ocpp21.csms.reports import Report
from ocpp21.csms.store import LocalListRecord
from ocpp21.measured import MeasuredValue, measured
from ocpp21.messages import (
    AuthorizeRequest,
    AuthorizeResponse,
    BootNotificationRequest,
    ConnectorStatusEnumType,
    EventDataType,
    FirmwareStatusNotificationRequest,
    LogStatusNotificationRequest,
    MeterValuesRequest,
    MeterValueType,
    RegistrationStatusEnumType,
    SecurityEventNotificationRequest,
    StatusNotificationRequest,
    TransactionEventRequest,
)

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = [
    "AuthorizationAnswered",
    "ConnectorStatusChanged",
    "EventNotified",
    "FirmwareStatusReceived",
    "LocalListUpdated",
    "LogStatusReceived",
    "MeterValuesReceived",
    "ReportReceived",
    "SecurityEventReceived",
    "StationBooted",
    "StationConnected",
    "StationDisconnected",
    "StationEvent",
    "StationReset",
    "TransactionEnded",
    "TransactionEventIgnored",
    "TransactionEventReceived",
    "TransactionResumed",
    "TransactionStarted",
    "TransactionUpdated",
]


class StationEvent(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Something has happened at a Charging Station.

    Attributes:
        station: where.
        at: when the CSMS learnt of it, by its wall clock.
    """

    station: Station
    at: datetime


class StationConnected(StationEvent, frozen=True, kw_only=True, eq=False):
    """There is a connection; a Charging Station that was connected already has replaced it."""


class StationDisconnected(StationEvent, frozen=True, kw_only=True, eq=False):
    """The connection has ended."""


class StationBooted(StationEvent, frozen=True, kw_only=True, eq=False):
    """The Charging Station has asked to be registered (B01 to B03).

    Attributes:
        boot: what it says of itself.
        status: what it is told.
        is_new: it has never been here before, or its description has changed.
    """

    boot: BootNotificationRequest
    status: RegistrationStatusEnumType
    is_new: bool


class StationReset(StationEvent, frozen=True, kw_only=True, eq=False):
    """The Charging Station has booted after a reset that it was asked for (B11 to B13).

    Attributes:
        boot: what it says of itself, and why it has booted.
    """

    boot: BootNotificationRequest


class ConnectorStatusChanged(StationEvent, frozen=True, kw_only=True, eq=False):
    """A connector has another status than was known (G01).

    Attributes:
        report: on the connector, as of StatusNotification, whichever message it came by.
        previous: the status before; None when none was known.
    """

    report: StatusNotificationRequest
    previous: ConnectorStatusEnumType | None


class EventNotified(StationEvent, frozen=True, kw_only=True, eq=False):
    """A monitor has fired, or something hardwired has happened: a lock has failed, say (N07, G05).

    Attributes:
        event: what, of which component and variable, and whether that is over (``cleared``). States of connectors are
            among them; they are also told of as :class:`ConnectorStatusChanged`.
    """

    event: EventDataType


class LogStatusReceived(StationEvent, frozen=True, kw_only=True, eq=False):
    """The Charging Station tells how the upload of a log is going (N01); ``Idle`` when there is none (F06.FR.15).

    Attributes:
        request: how it is going.
    """

    request: LogStatusNotificationRequest


class FirmwareStatusReceived(StationEvent, frozen=True, kw_only=True, eq=False):
    """The Charging Station tells how its firmware update is going (L01); ``Idle`` when there is none (F06.FR.16).

    Attributes:
        request: how it is going.
    """

    request: FirmwareStatusNotificationRequest


class TransactionEventReceived(StationEvent, frozen=True, kw_only=True, eq=False):
    """An event was added to a transaction; each is told of once, however often it comes.

    Only one that came again just when its connection ended may be told of again.

    Attributes:
        request: the event.
        transaction: all that is known of the transaction by now.
    """

    request: TransactionEventRequest
    transaction: Transaction

    @property
    def values(self) -> list[MeasuredValue]:
        """The meter values of the event, with defaults, multipliers and units applied."""
        return _completed(self.request.meter_value or ())


class TransactionStarted(TransactionEventReceived, frozen=True, kw_only=True, eq=False):
    """A transaction has started; events of it may have come before, since they come in any order."""


class TransactionUpdated(TransactionEventReceived, frozen=True, kw_only=True, eq=False):
    """A transaction has changed, or values were measured."""


class TransactionResumed(TransactionUpdated, frozen=True, kw_only=True, eq=False):
    """A transaction goes on after a reset or a power cut (B13, E17): its TxProfile may have to be set again."""


class TransactionEnded(TransactionEventReceived, frozen=True, kw_only=True, eq=False):
    """A transaction has ended; events of it may still come (``transaction.is_complete``)."""


class TransactionEventIgnored(StationEvent, frozen=True, kw_only=True, eq=False):
    """An event contradicts what is known of its transaction: it was answered, and changed nothing.

    Attributes:
        request: the event.
        reason: what was expected, and what was found.
    """

    request: TransactionEventRequest
    reason: str


class AuthorizationAnswered(StationEvent, frozen=True, kw_only=True, eq=False):
    """The Charging Station has asked about an IdToken (C01). It may be a code: it belongs into no log (C04).

    Attributes:
        request: what was asked.
        response: what it is told.
    """

    request: AuthorizeRequest
    response: AuthorizeResponse


class LocalListUpdated(StationEvent, frozen=True, kw_only=True, eq=False):
    """The Charging Station has accepted a part of an update of its Local Authorization List (D01).

    Attributes:
        local_list: as it is now.
    """

    local_list: LocalListRecord


class MeterValuesReceived(StationEvent, frozen=True, kw_only=True, eq=False):
    """Values were measured outside of a transaction (J01).

    Attributes:
        request: the values.
    """

    request: MeterValuesRequest

    @property
    def values(self) -> list[MeasuredValue]:
        """The values of the request, with defaults, multipliers and units applied."""
        return _completed(self.request.meter_value)


class ReportReceived(StationEvent, frozen=True, kw_only=True, eq=False):
    """A report on the device model has come, or was given up (B07, B08).

    Attributes:
        report: all of its parts that came.
    """

    report: Report


class SecurityEventReceived(StationEvent, frozen=True, kw_only=True, eq=False):
    """The Charging Station reports a security event (A04).

    Attributes:
        request: the event.
        is_critical: the standard calls its type critical (Part 2, Appendices).
    """

    request: SecurityEventNotificationRequest
    is_critical: bool


def _completed(moments: Sequence[MeterValueType]) -> list[MeasuredValue]:
    return [value for moment in moments for value in measured(moment)]
