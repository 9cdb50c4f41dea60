"""The store of a CSMS on tables of records: all that SQLite and memory share, which is all but the tables.

Keys are paths, ``identity/transaction/seqNo``: a station's records are next to one another, and no part can reach into
another, since a slash within a part is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

import msgspec

from ocpp21 import codec
from ocpp21.csms import ledger
from ocpp21.csms.ledger import Transaction
from ocpp21.csms.readings import read_meter
from ocpp21.csms.store import LocalListRecord, Outcome, Received, Recorded, Station, TokenRecord
from ocpp21.database import Change, Delete, Put, Rows, Tables
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
_TRANSACTIONS: Final = "transaction"
_ONGOING: Final = "ongoing_transaction"
_EVENTS: Final = "transaction_event"
_TOKENS: Final = "token"
_LOCAL_LISTS: Final = "local_list"
_SECURITY_EVENTS: Final = "security_event"
_METER_VALUES: Final = "meter_values"


class _AppliedEvent(Received[TransactionEventRequest], frozen=True):
    """The record of an event: with its register in Wh, so that a late event finds those beside it without decoding."""

    register: Decimal | None = None


class _Register(msgspec.Struct, frozen=True):
    """What is read of the record of an event beside a late one."""

    register: Decimal | None = None


_encode: Final = msgspec.json.Encoder().encode
_station: Final = msgspec.json.Decoder(Station).decode
_transaction: Final = msgspec.json.Decoder(Transaction).decode
_token: Final = msgspec.json.Decoder(TokenRecord).decode
_local_list: Final = msgspec.json.Decoder(LocalListRecord).decode
_register: Final = msgspec.json.Decoder(_Register).decode
_received: Final = msgspec.json.Decoder(Received[Any]).decode


class TableStore:
    """A :class:`~ocpp21.csms.store.Store` on tables of :mod:`ocpp21.database`.

    Args:
        tables: where the records are.
    """

    def __init__(self, tables: Tables, /) -> None:
        self._tables: Tables = tables

    async def close(self) -> None:
        """Let go of the store, as :meth:`Store.close` says."""
        await self._tables.close()

    # Charging Stations

    async def station(self, identity: str, /) -> Station | None:
        """Find a Charging Station, as :meth:`Store.station` says."""
        value = await self._get(_STATIONS, _key(identity))
        return None if value is None else _station(value)

    async def stations(self, *, after: str | None = None, limit: int | None = None) -> list[Station]:
        """List the Charging Stations, as :meth:`Store.stations` says."""
        return [_station(value) for value in await self._scan(_STATIONS, after=after and _key(after), limit=limit)]

    async def put_station(self, station: Station, /) -> None:
        """Remember a Charging Station, as :meth:`Store.put_station` says."""
        await self._put(Put(_STATIONS, _key(station.identity), _encode(station)))

    async def record_status(self, identity: str, request: StatusNotificationRequest, received_at: datetime, /) -> None:
        """Remember a status, as :meth:`Store.record_status` says."""
        key = _key(identity, _number(request.evse_id), _number(request.connector_id))
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
                Put(_VARIABLES, _key(identity, *_place(report)), _encode(Received.of(report, received_at)))
                for report in reports
            )
        )

    async def variables(self, identity: str, /) -> list[Received[ReportDataType]]:
        """List the variables, as :meth:`Store.variables` says."""
        return [_received(value) for value in await self._scan(_VARIABLES, identity)]

    # Transactions

    async def record_event(self, identity: str, request: TransactionEventRequest, received_at: datetime, /) -> Recorded:
        """Apply an event, as :meth:`Store.record_event` says."""
        return await self._tables.write(lambda rows: _record(rows, identity, request, received_at))

    async def transaction(self, identity: str, transaction_id: str, /) -> Transaction | None:
        """Find a transaction, as :meth:`Store.transaction` says."""
        value = await self._get(_TRANSACTIONS, _key(identity, transaction_id.lower()))
        return None if value is None else _transaction(value)

    async def transactions(
        self, identity: str, /, *, after: str | None = None, limit: int | None = None
    ) -> list[Transaction]:
        """List the transactions, as :meth:`Store.transactions` says."""
        start = None if after is None else _key(identity, after.lower())
        found = await self._scan(_TRANSACTIONS, identity, after=start, limit=limit)
        return [_transaction(value) for value in found]

    async def ongoing(self, identity: str | None = None, /) -> list[Transaction]:
        """List the transactions without Ended, as :meth:`Store.ongoing` says."""

        def work(rows: Rows) -> list[bytes | None]:
            keys = rows.scan(_ONGOING) if identity is None else _below(rows, _ONGOING, _key(identity))
            return [rows.get(_TRANSACTIONS, key) for key, _ in keys]

        return [_transaction(value) for value in await self._tables.read(work) if value is not None]

    async def events(self, identity: str, transaction_id: str, /) -> list[Received[TransactionEventRequest]]:
        """List the events, as :meth:`Store.events` says."""
        return [_received(value) for value in await self._scan(_EVENTS, identity, transaction_id.lower())]

    async def gaps(self, identity: str, transaction_id: str, /) -> list[range]:
        """List the seqNos that are missing, as :meth:`Store.gaps` says."""
        path = _key(identity, transaction_id.lower())
        seq_nos = await self._tables.read(
            lambda rows: [int(key.rpartition("/")[2]) for key, _ in _below(rows, _EVENTS, path)]
        )
        return ledger.gaps(seq_nos)

    # IdTokens

    async def token(self, id_token: str, type: str, /) -> TokenRecord | None:
        """Find an IdToken, as :meth:`Store.token` says."""
        value = await self._get(_TOKENS, _key(id_token.lower(), type.lower()))
        return None if value is None else _token(value)

    async def tokens(self, *, after: tuple[str, str] | None = None, limit: int | None = None) -> list[TokenRecord]:
        """List the IdTokens, as :meth:`Store.tokens` says."""
        start = None if after is None else _key(after[0].lower(), after[1].lower())
        return [_token(value) for value in await self._scan(_TOKENS, after=start, limit=limit)]

    async def put_token(self, token: TokenRecord, /) -> None:
        """Remember an IdToken, as :meth:`Store.put_token` says."""
        codec.encode(token.info)
        await self._put(Put(_TOKENS, _key(token.id_token.lower(), token.type.lower()), _encode(token)))

    async def delete_token(self, id_token: str, type: str, /) -> None:
        """Forget an IdToken, as :meth:`Store.delete_token` says."""
        await self._put(Delete(_TOKENS, _key(id_token.lower(), type.lower())))

    async def local_list(self, identity: str, /) -> LocalListRecord | None:
        """Find a Local Authorization List, as :meth:`Store.local_list` says."""
        value = await self._get(_LOCAL_LISTS, _key(identity))
        return None if value is None else _local_list(value)

    async def put_local_list(self, local_list: LocalListRecord, /) -> None:
        """Remember a Local Authorization List, as :meth:`Store.put_local_list` says."""
        await self._put(Put(_LOCAL_LISTS, _key(local_list.identity), _encode(local_list)))

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
            return [value for _, value in _below(rows, table, _key(*parts), after=after, limit=limit)]

        return await self._tables.read(work)

    async def _put(self, *changes: Change) -> None:
        await self._tables.write(lambda rows: (changes, None))

    async def _log(self, table: str, identity: str, after: int, limit: int | None) -> list[Received[Any]]:
        start = _key(identity, _number(after))
        return [_received(value) for value in await self._scan(table, identity, after=start, limit=limit)]


def _record(
    rows: Rows, identity: str, request: TransactionEventRequest, received_at: datetime
) -> tuple[list[Change], Recorded]:
    """Apply an event to its transaction, unless it was applied before or contradicts what was."""
    # Ids are identifierStrings: case does not matter (Part 2, 2.1.4).
    path = _key(identity, request.transaction_info.transaction_id.lower())
    value = rows.get(_TRANSACTIONS, path)
    transaction = None if value is None else _transaction(value)
    is_late = transaction is not None and request.seq_no <= transaction.last_seq_no
    if is_late and (earlier := rows.get(_EVENTS, f"{path}/{_number(request.seq_no)}")) is not None:
        if _said(_received(earlier).message) == _said(request):
            return [], Recorded(Outcome.DUPLICATE, transaction)
        reason = f"expected the same event again with seqNo {request.seq_no}, found another one"
        return [], Recorded(Outcome.CONFLICT, transaction, reason)
    if (reason_against := ledger.objection(transaction, request)) is not None:
        return [], Recorded(Outcome.CONFLICT, transaction, reason_against)
    key = f"{path}/{_number(request.seq_no)}"
    meter = read_meter(request)
    raw = msgspec.Raw(_encode(request))
    event = _AppliedEvent(received_at, type(request).__name__, raw, register=meter.register)
    changes: list[Change] = [Put(_EVENTS, key, _encode(event))]
    if transaction is None:
        transaction_id = request.transaction_info.transaction_id
        applied = ledger.apply(Transaction(identity=identity, transaction_id=transaction_id), request, meter=meter)
        changes.append(Put(_ONGOING, path, b"{}"))
    else:
        before, after = _neighbours(rows, path, key) if is_late else (None, None)
        applied = ledger.apply(transaction, request, meter=meter, before=before, after=after)
    changes.append(Put(_TRANSACTIONS, path, _encode(applied)))
    if applied.is_ended:
        changes.append(Delete(_ONGOING, path))
    return changes, Recorded(Outcome.NEW, applied)


def _said(request: TransactionEventRequest) -> TransactionEventRequest:
    """An event without what changes when it is sent again: it is marked offline by then (E11.FR.07)."""
    return msgspec.structs.replace(request, offline=None)


def _neighbours(rows: Rows, path: str, key: str) -> tuple[Decimal | None, ...]:
    """The registers of the events nearest before and after a key that have one."""
    before = _below(rows, _EVENTS, path, before=key, reverse=True)
    after = _below(rows, _EVENTS, path, after=key)
    return tuple(
        next((wh for _, value in side if (wh := _register(value).register) is not None), None)
        for side in (before, after)
    )


def _append(
    rows: Rows, table: str, identity: str, message: Datatype, received_at: datetime
) -> tuple[list[Change], None]:
    """Add to a log: the number of the last entry is in its key."""
    last = next((key for key, _ in _below(rows, table, _key(identity), reverse=True, limit=1)), "/0")
    number = int(last.rpartition("/")[2]) + 1
    received = Received.of(message, received_at, number=number)
    return [Put(table, _key(identity, _number(number)), _encode(received))], None


def _below(
    rows: Rows,
    table: str,
    path: str,
    *,
    after: str | None = None,
    before: str | None = None,
    reverse: bool = False,
    limit: int | None = None,
) -> Iterator[tuple[str, bytes]]:
    """The records under a path; ``0`` is the character after the slash."""
    return rows.scan(table, after=after or f"{path}/", before=before or f"{path}0", reverse=reverse, limit=limit)


def _key(*parts: str) -> str:
    """A path of parts; none can be empty, and none holds a slash."""
    return "/".join(part.replace("%", "%25").replace("/", "%2F") or "%" for part in parts)


def _number(number: int) -> str:
    """A number as text that sorts like it, up to the greatest integer on the wire."""
    return f"{number:010}"


def _place(report: ReportDataType) -> tuple[str, ...]:
    """Where a variable is: names without regard to case, then EVSE and connector."""
    component, variable = report.component, report.variable
    evse: EVSEType | None = component.evse
    numbers = () if evse is None else (evse.id, evse.connector_id or 0)
    names = (component.name, component.instance or "", variable.name, variable.instance or "")
    return (*(name.lower() for name in names), ".".join(map(_number, numbers)))
