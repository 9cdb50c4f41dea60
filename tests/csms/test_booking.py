"""How events are entered: the next one of a transaction is added without a look at what is there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

import pytest

from ocpp21.csms.aggregates import TableStore
from ocpp21.csms.ledger import replay
from ocpp21.csms.store import Outcome
from ocpp21.database import Change, MemoryTables
from ocpp21.database.tables import Writing
from ocpp21.errors import StoreError
from ocpp21.messages import TransactionEventEnumType, TransactionEventRequest
from ocpp21.testing.transactions import transaction_event

T = TypeVar("T")

AT = datetime(2025, 6, 1, tzinfo=UTC)

STARTED = TransactionEventEnumType.STARTED
UPDATED = TransactionEventEnumType.UPDATED
ENDED = TransactionEventEnumType.ENDED


class WatchedTables(MemoryTables):
    """Tables that count the work that looks at them before it writes; they refuse changes when they are full."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0
        self.is_full = False

    async def write(self, work: Writing[T], /) -> T:
        self.looks += 1
        return await super().write(work)

    async def change(self, changes: Sequence[Change], /) -> None:
        if self.is_full:
            raise StoreError("full")
        await super().change(changes)


class Books:
    """A store, and what was entered."""

    def __init__(self) -> None:
        self.tables = WatchedTables()
        self.store = TableStore(self.tables)
        self.entered: dict[str, list[TransactionEventRequest]] = {}

    async def enter(self, seq_no: int, type: TransactionEventEnumType, transaction_id: str = "t") -> Outcome:
        event = transaction_event(seq_no, type, transaction_id=transaction_id)
        recorded = await self.store.record_event("A", event, AT)
        if recorded.outcome is Outcome.NEW:
            self.entered.setdefault(transaction_id, []).append(event)
        return recorded.outcome

    async def check(self) -> None:
        for transaction_id, events in self.entered.items():
            assert await self.store.transaction("A", transaction_id) == replay("A", transaction_id, events)


def test_only_the_first_the_late_and_the_repeated_event_look() -> None:
    async def main() -> None:
        books = Books()
        looks = []
        for seq_no, type in (
            (0, STARTED),
            (1, UPDATED),
            (2, UPDATED),
            (5, UPDATED),
            (4, UPDATED),
            (4, UPDATED),
            (6, ENDED),
        ):
            await books.enter(seq_no, type)
            looks.append(books.tables.looks)
        assert looks == [1, 1, 1, 1, 2, 3, 3]
        await books.check()
        assert await books.enter(7, UPDATED) is Outcome.CONFLICT  # what has ended is looked up
        assert books.tables.looks == 4

    asyncio.run(main())


def test_a_contradiction_changes_nothing() -> None:
    async def main() -> None:
        books = Books()
        await books.enter(0, STARTED)
        assert await books.enter(1, STARTED) is Outcome.CONFLICT
        assert await books.enter(1, UPDATED) is Outcome.NEW
        assert books.tables.looks == 1
        await books.check()

    asyncio.run(main())


def test_after_an_error_what_is_there_counts() -> None:
    async def main() -> None:
        books = Books()
        await books.enter(0, STARTED)
        books.tables.is_full = True
        with pytest.raises(StoreError, match="full"):
            await books.enter(1, UPDATED)
        books.tables.is_full = False
        assert await books.enter(1, UPDATED) is Outcome.NEW
        assert books.tables.looks == 2
        await books.check()

    asyncio.run(main())


def test_more_transactions_than_are_kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocpp21.csms.booking._MOST_SUMS", 3)

    async def main() -> None:
        books = Books()
        for seq_no, type in ((0, STARTED), (1, UPDATED), (2, UPDATED)):
            for transaction_id in "abcde":
                assert await books.enter(seq_no, type, transaction_id) is Outcome.NEW
        assert books.tables.looks == 15  # each was forgotten before its turn came again
        for seq_no, type in ((0, STARTED), (1, UPDATED), (2, ENDED)):
            for transaction_id in "xyz":
                assert await books.enter(seq_no, type, transaction_id) is Outcome.NEW
        assert books.tables.looks == 18
        await books.check()

    asyncio.run(main())
