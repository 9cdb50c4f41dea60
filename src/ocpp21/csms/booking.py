"""TransactionEvents entered into the tables: the event itself, and the sum of its transaction, in one commit.

Most events are the next one of a transaction whose sum is in memory: they are added without reading anything. All
others read what is there first: those that begin a transaction, come late, or come again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from ocpp21.csms import ledger
from ocpp21.csms.keys import key_of
from ocpp21.csms.ledger import Transaction
from ocpp21.csms.readings import read_meter
from ocpp21.csms.store import Outcome, Received, Recorded, raw_of
from ocpp21.database import Change, Delete, Entry, Put, Rows, Tables
from ocpp21.messages.transactions import TransactionEventRequest

__all__ = ["EVENTS", "ONGOING", "TRANSACTIONS", "Ledger", "path_of"]

#: Tables: the sums, by path; those among them without Ended; and series of events, by path and seqNo.
TRANSACTIONS: Final = "transaction"
ONGOING: Final = "ongoing_transaction"
EVENTS: Final = "transaction_event"

#: Sums that are kept in memory, of about 2 KiB each.
_MOST_SUMS: Final = 10_000


class _AppliedEvent(Received[TransactionEventRequest], frozen=True):
    """The record of an event: with its register in Wh, so that a late event finds those beside it without decoding."""

    register: Decimal | None = None


class _Register(msgspec.Struct, frozen=True):
    """What is read of the record of an event beside a late one."""

    register: Decimal | None = None


_encode: Final = msgspec.json.Encoder().encode
_transaction: Final = msgspec.json.Decoder(Transaction).decode
_register: Final = msgspec.json.Decoder(_Register).decode
_event: Final = msgspec.json.Decoder(Received[TransactionEventRequest]).decode


def path_of(identity: str, transaction_id: str, /) -> str:
    """Where a transaction is. Ids are identifierStrings: case does not matter (Part 2, 2.1.4)."""
    return key_of(identity, transaction_id.lower())


class Ledger:
    """Enters events into tables that nobody else enters any into.

    Args:
        tables: where they are.
    """

    def __init__(self, tables: Tables, /) -> None:
        self._tables: Final = tables
        self._sums: Final = _Sums()

    async def record(self, identity: str, request: TransactionEventRequest, received_at: datetime, /) -> Recorded:
        """Apply an event, as :meth:`Store.record_event` says."""
        path = path_of(identity, request.transaction_info.transaction_id)
        turn = _Turn()
        transaction = self._sums.take(path, turn)
        recorded: Recorded | None = None
        try:
            if transaction is not None and request.seq_no > transaction.last_seq_no:
                changes, recorded = _added(path, identity, transaction, request, received_at)
                if changes:
                    await self._tables.change(changes)
            else:
                recorded = await self._tables.write(lambda rows: _entered(rows, path, identity, request, received_at))
        except BaseException:
            self._sums.give_back(path, turn, None)
            raise
        self._sums.give_back(path, turn, recorded.transaction)
        return recorded


class _Turn:
    """Whoever enters an event of a transaction."""

    __slots__ = ()


class _Sums:
    """The sums of transactions that go on, as the tables have them, those that were used last.

    Whoever enters an event takes the sum, and gives back the new one once it is durable. In between others find none,
    and read the tables, where all is entered in order. Only whoever was the last to take it may give it back: the sum
    of anybody before lacks what came since; and nobody does after an error, or when it is not known what became of it.
    """

    def __init__(self) -> None:
        self._sums: Final[dict[str, Transaction | _Turn]] = {}  # the least recently used one first

    def take(self, path: str, turn: _Turn) -> Transaction | None:
        """Take a sum away, if it is there."""
        found = self._sums.pop(path, None)
        self._sums[path] = turn
        if len(self._sums) > _MOST_SUMS:
            del self._sums[next(iter(self._sums))]
        return found if isinstance(found, Transaction) else None

    def give_back(self, path: str, turn: _Turn, transaction: Transaction | None) -> None:
        """Put the sum in its place; None when it is not known."""
        if self._sums.get(path) is not turn:
            return
        if transaction is None or transaction.is_ended:
            del self._sums[path]
        else:
            self._sums[path] = transaction


def _entered(
    rows: Rows, path: str, identity: str, request: TransactionEventRequest, received_at: datetime
) -> tuple[Sequence[Change], Recorded]:
    """Apply an event to its transaction, unless it was applied before or contradicts what was."""
    value = rows.get(TRANSACTIONS, path)
    transaction = None if value is None else _transaction(value)
    if transaction is None or not 0 <= request.seq_no <= transaction.last_seq_no:
        return _added(path, identity, transaction, request, received_at)
    earlier = rows.entry(EVENTS, path, request.seq_no)
    if earlier is None:
        neighbours = _neighbours(rows, path, request.seq_no)
        return _added(path, identity, transaction, request, received_at, neighbours)
    if _said(_event(earlier).message) == _said(request):
        return (), Recorded(Outcome.DUPLICATE, transaction)
    reason = f"expected the same event again with seqNo {request.seq_no}, found another one"
    return (), Recorded(Outcome.CONFLICT, transaction, reason)


def _added(
    path: str,
    identity: str,
    transaction: Transaction | None,
    request: TransactionEventRequest,
    received_at: datetime,
    neighbours: tuple[Decimal | None, Decimal | None] = (None, None),
) -> tuple[Sequence[Change], Recorded]:
    """Apply an event that was not applied before, unless it contradicts what was.

    Args:
        path: of the transaction.
        identity: of the Charging Station.
        transaction: the sum so far; None before the first event.
        request: the event.
        received_at: when it came in.
        neighbours: of an event that is late: the registers before and after it, in Wh.
    """
    objection = ledger.objection(transaction, request)
    if objection is not None:
        return (), Recorded(Outcome.CONFLICT, transaction, objection)
    meter = read_meter(request)
    event = _AppliedEvent(received_at, type(request).__name__, raw_of(request), register=meter.register)
    before = transaction or Transaction(identity=identity, transaction_id=request.transaction_info.transaction_id)
    after = ledger.apply(before, request, meter=meter, before=neighbours[0], after=neighbours[1])
    changes: list[Change] = [
        Entry(EVENTS, path, request.seq_no, _encode(event)),
        Put(TRANSACTIONS, path, _encode(after)),
    ]
    if after.is_ended:
        changes.append(Delete(ONGOING, path))
    elif transaction is None:
        changes.append(Put(ONGOING, path, b"{}"))
    return changes, Recorded(Outcome.NEW, after)


def _said(request: TransactionEventRequest) -> TransactionEventRequest:
    """An event without what changes when it is sent again: it is marked offline by then (E11.FR.07)."""
    return msgspec.structs.replace(request, offline=None)


def _neighbours(rows: Rows, path: str, seq_no: int) -> tuple[Decimal | None, Decimal | None]:
    """The registers of the events nearest before and after a seqNo that have one."""
    return (
        _first_register(rows.entries(EVENTS, path, before=seq_no, reverse=True)),
        _first_register(rows.entries(EVENTS, path, after=seq_no)),
    )


def _first_register(events: Iterable[tuple[int, bytes]]) -> Decimal | None:
    return next((wh for _, value in events if (wh := _register(value).register) is not None), None)
