"""The store of a CSMS on tables of records: all that SQLite and memory share, which is all but the tables.

Keys are paths (:mod:`ocpp21.csms.keys`); what grows without end is in series: the events of each transaction
(:mod:`ocpp21.csms.booking`), and logs.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from ocpp21 import codec
from ocpp21.csms.booking import EVENTS, ONGOING, TRANSACTIONS, Ledger, path_of
from ocpp21.csms.keys import below, key_of, number_of
from ocpp21.csms.ledger import Transaction, gaps
from ocpp21.csms.store import LocalListRecord, Received, Recorded, Station, TokenRecord
from ocpp21.database import Change, Delete, Entry, Put, Rows, Tables
from ocpp21.messages.availability import StatusNotificationRequest
from ocpp21.messages.datatypes import EVSEType, ReportDataType
from ocpp21.messages.metering import MeterValuesRequest
from ocpp21.messages.security import SecurityEventNotificationRequest
from ocpp21.messages.transactions import TransactionEventRequest
from ocpp21.wire import Datatype

__all__ = ["TableStore"]

T = TypeVar("T")
MessageT = TypeVar("MessageT", bound=Datatype)

# Names of the tables; the records are those of ocpp21.csms.store.
_STATIONS: Final = "station"
_STATUSES: Final = "connector_status"
_VARIABLES: Final = "variable"
_TOKENS: Final = "token"
_LOCAL_LISTS: Final = "local_list"
_SECURITY_EVENTS: Final = "security_event"
_METER_VALUES: Final = "meter_values"


_encode: Final = msgspec.json.Encoder().encode
_station: Final = msgspec.json.Decoder(Station).decode
_transaction: Final = msgspec.json.Decoder(Transaction).decode
_token: Final = msgspec.json.Decoder(TokenRecord).decode
_local_list: Final = msgspec.json.Decoder(LocalListRecord).decode
_received: Final = msgspec.json.Decoder(Received[Any]).decode


class TableStore:
    """A :class:`~ocpp21.csms.store.Store` on tables of :mod:`ocpp21.database`.

    Args:
        tables: where the records are.
    """

    def __init__(self, tables: Tables, /) -> None:
        self._tables: Tables = tables
        self._ledger: Final = Ledger(tables)

    async def close(self) -> None:
        """Let go of the store, as :meth:`Store.close` says."""
        await self._tables.close()

    # Charging Stations

    async def station(self, identity: str, /) -> Station | None:
        """Find a Charging Station, as :meth:`Store.station` says."""
        value = await self._get(_STATIONS, key_of(identity))
        return None if value is None else _station(value)

    async def stations(self, *, after: str | None = None, limit: int | None = None) -> list[Station]:
        """List the Charging Stations, as :meth:`Store.stations` says."""
        return [_station(value) for value in await self._scan(_STATIONS, after=after and key_of(after), limit=limit)]

    async def put_station(self, station: Station, /) -> None:
        """Remember a Charging Station, as :meth:`Store.put_station` says."""
        await self._put(Put(_STATIONS, key_of(station.identity), _encode(station)))

    async def record_status(self, identity: str, request: StatusNotificationRequest, received_at: datetime, /) -> None:
        """Remember a status, as :meth:`Store.record_status` says."""
        key = key_of(identity, number_of(request.evse_id), number_of(request.connector_id))
        await self._put(Put(_STATUSES, key, _encode(Received.of(request, received_at))))

    async def statuses(self, identity: str, /) -> list[Received[StatusNotificationRequest]]:
        """List the statuses, as :meth:`Store.statuses` says."""
        return [_received(value) for value in await self._scan(_STATUSES, identity)]

    async def record_variables(
        self, identity: str, reports: Sequence[ReportDataType], received_at: datetime, /
    ) -> None:
        """Remember variables, as :meth:`Store.record_variables` says."""
        await self._put(
            *(
                Put(_VARIABLES, key_of(identity, *_place(report)), _encode(Received.of(report, received_at)))
                for report in reports
            )
        )

    async def variables(self, identity: str, /) -> list[Received[ReportDataType]]:
        """List the variables, as :meth:`Store.variables` says."""
        return [_received(value) for value in await self._scan(_VARIABLES, identity)]

    # Transactions

    def record_event(
        self, identity: str, request: TransactionEventRequest, received_at: datetime, /
    ) -> Coroutine[Any, Any, Recorded]:
        """Apply an event, as :meth:`Store.record_event` says."""
        return self._ledger.record(identity, request, received_at)

    async def transaction(self, identity: str, transaction_id: str, /) -> Transaction | None:
        """Find a transaction, as :meth:`Store.transaction` says."""
        value = await self._get(TRANSACTIONS, path_of(identity, transaction_id))
        return None if value is None else _transaction(value)

    async def transactions(
        self, identity: str, /, *, after: str | None = None, limit: int | None = None
    ) -> list[Transaction]:
        """List the transactions, as :meth:`Store.transactions` says."""
        start = None if after is None else path_of(identity, after)
        found = await self._scan(TRANSACTIONS, identity, after=start, limit=limit)
        return [_transaction(value) for value in found]

    async def ongoing(self, identity: str | None = None, /) -> list[Transaction]:
        """List the transactions without Ended, as :meth:`Store.ongoing` says."""

        def work(rows: Rows) -> list[bytes | None]:
            keys = rows.scan(ONGOING) if identity is None else below(rows, ONGOING, key_of(identity))
            return [rows.get(TRANSACTIONS, key) for key, _ in keys]

        return [_transaction(value) for value in await self._tables.read(work) if value is not None]

    async def events(self, identity: str, transaction_id: str, /) -> list[Received[TransactionEventRequest]]:
        """List the events, as :meth:`Store.events` says."""
        path = path_of(identity, transaction_id)
        return [_received(value) for _, value in await self._entries(EVENTS, path)]

    async def gaps(self, identity: str, transaction_id: str, /) -> list[range]:
        """List the seqNos that are missing, as :meth:`Store.gaps` says."""
        path = path_of(identity, transaction_id)
        return gaps(number for number, _ in await self._entries(EVENTS, path))

    # IdTokens

    async def token(self, id_token: str, type: str, /) -> TokenRecord | None:
        """Find an IdToken, as :meth:`Store.token` says."""
        value = await self._get(_TOKENS, key_of(id_token.lower(), type.lower()))
        return None if value is None else _token(value)

    async def tokens(self, *, after: tuple[str, str] | None = None, limit: int | None = None) -> list[TokenRecord]:
        """List the IdTokens, as :meth:`Store.tokens` says."""
        start = None if after is None else key_of(after[0].lower(), after[1].lower())
        return [_token(value) for value in await self._scan(_TOKENS, after=start, limit=limit)]

    async def put_token(self, token: TokenRecord, /) -> None:
        """Remember an IdToken, as :meth:`Store.put_token` says."""
        codec.encode(token.info)
        await self._put(Put(_TOKENS, key_of(token.id_token.lower(), token.type.lower()), _encode(token)))

    async def delete_token(self, id_token: str, type: str, /) -> None:
        """Forget an IdToken, as :meth:`Store.delete_token` says."""
        await self._put(Delete(_TOKENS, key_of(id_token.lower(), type.lower())))

    async def local_list(self, identity: str, /) -> LocalListRecord | None:
        """Find a Local Authorization List, as :meth:`Store.local_list` says."""
        value = await self._get(_LOCAL_LISTS, key_of(identity))
        return None if value is None else _local_list(value)

    async def put_local_list(self, local_list: LocalListRecord, /) -> None:
        """Remember a Local Authorization List, as :meth:`Store.put_local_list` says."""
        await self._put(Put(_LOCAL_LISTS, key_of(local_list.identity), _encode(local_list)))

    # Logs

    async def record_security_event(
        self, identity: str, request: SecurityEventNotificationRequest, received_at: datetime, /
    ) -> None:
        """Add a security event, as :meth:`Store.record_security_event` says."""
        await self._tables.write(lambda rows: _append(rows, _SECURITY_EVENTS, identity, request, received_at))

    async def security_events(
        self, identity: str, /, *, after: int = 0, limit: int | None = None
    ) -> list[Received[SecurityEventNotificationRequest]]:
        """List security events, as :meth:`Store.security_events` says."""
        return await self._log(_SECURITY_EVENTS, identity, after, limit)

    async def record_meter_values(self, identity: str, request: MeterValuesRequest, received_at: datetime, /) -> None:
        """Add meter values, as :meth:`Store.record_meter_values` says."""
        await self._tables.write(lambda rows: _append(rows, _METER_VALUES, identity, request, received_at))

    async def meter_values(
        self, identity: str, /, *, after: int = 0, limit: int | None = None
    ) -> list[Received[MeterValuesRequest]]:
        """List meter values, as :meth:`Store.meter_values` says."""
        return await self._log(_METER_VALUES, identity, after, limit)

    async def _get(self, table: str, key: str) -> bytes | None:
        return await self._tables.read(lambda rows: rows.get(table, key))

    async def _scan(self, table: str, *parts: str, after: str | None = None, limit: int | None = None) -> list[bytes]:
        """The records whose keys begin with these parts."""

        def work(rows: Rows) -> list[bytes]:
            if not parts:
                return [value for _, value in rows.scan(table, after=after, limit=limit)]
            return [value for _, value in below(rows, table, key_of(*parts), after=after, limit=limit)]

        return await self._tables.read(work)

    async def _put(self, *changes: Change) -> None:
        await self._tables.change(changes)

    async def _entries(
        self, table: str, path: str, *, after: int | None = None, limit: int | None = None
    ) -> list[tuple[int, bytes]]:
        return await self._tables.read(lambda rows: list(rows.entries(table, path, after=after, limit=limit)))

    async def _log(self, table: str, identity: str, after: int, limit: int | None) -> list[Received[Any]]:
        found = await self._entries(table, key_of(identity), after=after, limit=limit)
        return [_received(value) for _, value in found]


def _append(
    rows: Rows, table: str, identity: str, message: Datatype, received_at: datetime
) -> tuple[list[Change], None]:
    """Add to a log, which is a series that begins with 1."""
    path = key_of(identity)
    number = next((last for last, _ in rows.entries(table, path, reverse=True, limit=1)), 0) + 1
    return [Entry(table, path, number, _encode(Received.of(message, received_at, number=number)))], None


def _place(report: ReportDataType) -> tuple[str, ...]:
    """Where a variable is: names without regard to case, then EVSE and connector."""
    component, variable = report.component, report.variable
    evse: EVSEType | None = component.evse
    numbers = () if evse is None else (evse.id, evse.connector_id or 0)
    names = (component.name, component.instance or "", variable.name, variable.instance or "")
    return (*(name.lower() for name in names), ".".join(map(number_of, numbers)))
