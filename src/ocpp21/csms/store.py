"""What a CSMS keeps of its Charging Stations, by aggregate.

Everything is under the identity of the session it came in on: an id of a transaction, an EVSE or a variable means
nothing without it, so no station can touch what another one has reported. What a station has said is kept as it was
said, with the time it came in (:class:`Received`), also when lenient mode had to tolerate it.

:meth:`Store.record_event` is the hot path, and the heart: the ledger applies each (identity, transactionId, seqNo)
once, whatever the Charging Station sends again, late, or in whatever order (see :mod:`ocpp21.csms.ledger`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

import msgspec

from ocpp21 import codec
from ocpp21.csms.ledger import Transaction
from ocpp21.messages.availability import StatusNotificationRequest
from ocpp21.messages.datatypes import AuthorizationData, IdTokenInfoType, ReportDataType
from ocpp21.messages.enumerations import RegistrationStatusEnumType
from ocpp21.messages.metering import MeterValuesRequest
from ocpp21.messages.provisioning import BootNotificationRequest
from ocpp21.messages.security import SecurityEventNotificationRequest
from ocpp21.messages.transactions import TransactionEventRequest
from ocpp21.wire import Datatype

__all__ = ["LocalListRecord", "Outcome", "Received", "Recorded", "Station", "Store", "TokenRecord"]

MessageT = TypeVar("MessageT", bound=Datatype)


def raw_of(message: Datatype, /) -> msgspec.Raw:
    """A message as JSON, as it is: lenient mode may have let it in."""
    return msgspec.Raw(codec.encoder.encode(message))


class Received(msgspec.Struct, Generic[MessageT], frozen=True):
    """Something a Charging Station has said.

    Attributes:
        received_at: when it came in.
        type: name of the message or datatype.
        raw: the message as JSON.
        number: place in a log, from 1; 0 for what is not in a log.
    """

    received_at: datetime
    type: str
    raw: msgspec.Raw
    number: int = 0

    @classmethod
    def of(cls, message: MessageT, received_at: datetime, /, *, number: int = 0) -> Received[MessageT]:
        """Keep a message that has come in."""
        return cls(received_at, type(message).__name__, raw_of(message), number)

    @property
    def message(self) -> MessageT:
        """The message, decoded anew each time; what lenient mode had let in, it lets in again."""
        found: MessageT = codec.decode(self.type, self.raw, lenient=True)
        return found


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """A Charging Station that is known.

    Attributes:
        identity: of its sessions.
        status: registration status that it was last given (B01, B02, B03).
        boot: its latest BootNotificationRequest; None before the first.
    """

    identity: str
    status: RegistrationStatusEnumType
    boot: Received[BootNotificationRequest] | None = None


class TokenRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An IdToken that the CSMS knows; identifier and type are compared without regard to case.

    Attributes:
        id_token: the identifier.
        type: kind of identifier.
        info: what to answer about it: status, expiry, group, and more.
        evses: EVSEs where it may charge, by the identity of the Charging Station in any case, an empty tuple being all
            of its EVSEs; None is everywhere.
        connector_types: types of connectors that it may charge with; None is all.
    """

    id_token: str
    type: str
    info: IdTokenInfoType
    evses: dict[str, tuple[int, ...]] | None = None
    connector_types: tuple[str, ...] | None = None


class LocalListRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The Local Authorization List that a Charging Station has accepted (D01).

    Attributes:
        identity: of the Charging Station.
        version: that the list was given; 0 before the first.
        entries: the tokens, each once, all with idTokenInfo.
    """

    identity: str
    version: int = 0
    entries: tuple[AuthorizationData, ...] = ()


class Outcome(StrEnum):
    """What has become of a TransactionEvent. All of them are to be answered (J02.FR.19)."""

    #: Applied, and durable.
    NEW = "New"
    #: It had been applied before; nothing has changed.
    DUPLICATE = "Duplicate"
    #: It contradicts what was applied before; nothing has changed.
    CONFLICT = "Conflict"


class Recorded(msgspec.Struct, frozen=True):
    """Result of :meth:`Store.record_event`.

    Attributes:
        outcome: what has become of the event.
        transaction: as it is now; None when a first event was in conflict.
        reason: of a conflict: what was expected, and what was found.
    """

    outcome: Outcome
    transaction: Transaction | None
    reason: str = ""


class Store(Protocol):
    """The durable state of a CSMS. Whoever implements it runs ``ocpp21.testing.store_contract``.

    What is recorded is durable on return, also when whoever waits for it is cancelled. Every method raises StoreError
    when the store cannot be read or written, or is closed; StoreFull when there is no room. Then nothing has changed.
    """

    async def station(self, identity: str, /) -> Station | None:
        """What is known of a Charging Station, or None."""
        ...

    async def stations(self, *, after: str | None = None, limit: int | None = None) -> list[Station]:
        """The Charging Stations, in the order of their identities.

        Args:
            after: only identities greater than this one.
            limit: most stations.
        """
        ...

    async def put_station(self, station: Station, /) -> None:
        """Remember a Charging Station, or what has changed of it."""
        ...

    async def record_status(self, identity: str, request: StatusNotificationRequest, received_at: datetime, /) -> None:
        """Remember the status of a connector, in place of the one before (G01)."""
        ...

    async def statuses(self, identity: str, /) -> list[Received[StatusNotificationRequest]]:
        """The latest status of every connector, in the order of EVSEs and connectors."""
        ...

    async def record_variables(
        self, identity: str, reports: Sequence[ReportDataType], received_at: datetime, /
    ) -> None:
        """Remember reported variables, each in place of what was reported of it before (B07, B08)."""
        ...

    async def variables(self, identity: str, /) -> list[Received[ReportDataType]]:
        """All variables that were reported."""
        ...

    async def record_event(self, identity: str, request: TransactionEventRequest, received_at: datetime, /) -> Recorded:
        """Apply an event to its transaction, once.

        Args:
            identity: of the session it came in on.
            request: the event.
            received_at: when it came in.
        """
        ...

    async def transaction(self, identity: str, transaction_id: str, /) -> Transaction | None:
        """A transaction as far as its events have arrived, or None; case of the id does not matter."""
        ...

    async def transactions(
        self, identity: str, /, *, after: str | None = None, limit: int | None = None
    ) -> list[Transaction]:
        """The transactions of a Charging Station, in the order of their ids in lower case.

        Args:
            identity: of the Charging Station.
            after: only ids greater than this one.
            limit: most transactions.
        """
        ...

    async def ongoing(self, identity: str | None = None, /) -> list[Transaction]:
        """The transactions of a Charging Station, or of all, of which Ended has not arrived."""
        ...

    async def events(self, identity: str, transaction_id: str, /) -> list[Received[TransactionEventRequest]]:
        """The events that were applied to a transaction, in the order of their seqNos."""
        ...

    async def gaps(self, identity: str, transaction_id: str, /) -> list[range]:
        """The seqNos that are missing between the least and the greatest that have arrived."""
        ...

    async def token(self, id_token: str, type: str, /) -> TokenRecord | None:
        """An IdToken that is known, or None."""
        ...

    async def tokens(self, *, after: tuple[str, str] | None = None, limit: int | None = None) -> list[TokenRecord]:
        """The IdTokens that are known, in the order of identifier and type in lower case.

        Args:
            after: identifier and type; only tokens after this one.
            limit: most tokens.
        """
        ...

    async def put_token(self, token: TokenRecord, /) -> None:
        """Remember an IdToken, or what has changed of it.

        Raises:
            LocalProtocolError: its info could not be sent to a Charging Station.
        """
        ...

    async def delete_token(self, id_token: str, type: str, /) -> None:
        """Forget an IdToken; nothing happens when it is not known."""
        ...

    async def local_list(self, identity: str, /) -> LocalListRecord | None:
        """The Local Authorization List of a Charging Station, or None."""
        ...

    async def put_local_list(self, local_list: LocalListRecord, /) -> None:
        """Remember a Local Authorization List, in place of the one before."""
        ...

    async def record_security_event(
        self, identity: str, request: SecurityEventNotificationRequest, received_at: datetime, /
    ) -> None:
        """Add to the log of security events (A04)."""
        ...

    async def security_events(
        self, identity: str, /, *, after: int = 0, limit: int | None = None
    ) -> list[Received[SecurityEventNotificationRequest]]:
        """The security events of a Charging Station, in the order in which they came in.

        Args:
            identity: of the Charging Station.
            after: only those with a greater number.
            limit: most events.
        """
        ...

    async def record_meter_values(self, identity: str, request: MeterValuesRequest, received_at: datetime, /) -> None:
        """Add to the log of meter values outside of transactions (J01)."""
        ...

    async def meter_values(
        self, identity: str, /, *, after: int = 0, limit: int | None = None
    ) -> list[Received[MeterValuesRequest]]:
        """The meter values of a Charging Station, in the order in which they came in.

        Args:
            identity: of the Charging Station.
            after: only those with a greater number.
            limit: most messages.
        """
        ...

    async def close(self) -> None:
        """Wait for all that was asked for, and let go of the store. Closing again does nothing."""
        ...
