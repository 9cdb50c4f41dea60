"""The ledger of a CSMS read back from its file, and compared with what was really delivered."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple

from ocpp21.csms import SqliteStore, Transaction

__all__ = ["Account", "Entry", "read_ledger", "reconcile"]

#: What the meter shows, in Wh; a transaction has two readings, each cut to it.
_RESOLUTION_WH: Final = Decimal("0.001")


class Entry(NamedTuple):
    """A transaction in the ledger.

    Attributes:
        transaction: as its events say.
        offline_count: events that had happened offline.
    """

    transaction: Transaction
    offline_count: int


class Account(NamedTuple):
    """Truth and ledger.

    Attributes:
        entries: of the ledger.
        delivered_wh: the truth.
        ledger_wh: the sum of the entries.
        reason: why they do not agree; None when they do.
    """

    entries: Sequence[Entry]
    delivered_wh: Decimal
    ledger_wh: Decimal
    reason: str | None


async def read_ledger(file: Path, identity: str, transaction_ids: Sequence[str], /) -> list[Entry]:
    """Open the file, and read these transactions; one that is not there is left out.

    Raises:
        StoreError: the file cannot be read.
    """
    store = await SqliteStore.open(file)
    try:
        entries = []
        for transaction_id in transaction_ids:
            transaction = await store.transaction(identity, transaction_id)
            if transaction is not None:
                events = await store.events(identity, transaction_id)
                entries.append(Entry(transaction, sum(bool(event.message.offline) for event in events)))
        return entries
    finally:
        await store.close()


def reconcile(delivered_wh: Decimal, entries: Sequence[Entry], /) -> Account:
    """Compare.

    Args:
        delivered_wh: what has really left the outlet.
        entries: what the ledger says of it.
    """
    energies = [entry.transaction.energy_wh for entry in entries]
    ledger_wh = sum((wh for wh in energies if wh is not None), Decimal(0))
    return Account(entries, delivered_wh, ledger_wh, _objection(delivered_wh, ledger_wh, entries))


def _objection(delivered_wh: Decimal, ledger_wh: Decimal, entries: Sequence[Entry]) -> str | None:
    if not entries:
        return "expected a transaction in the ledger, found none"
    for transaction, _ in entries:
        if not transaction.is_complete:
            return f"expected all events of transaction {transaction.transaction_id}, found some missing"
        if transaction.went_backwards or transaction.was_implausible:
            return f"expected plausible readings in transaction {transaction.transaction_id}, found others"
    if delivered_wh <= 0 or abs(delivered_wh - ledger_wh) > _RESOLUTION_WH * len(entries):
        return f"the energy does not reconcile: {delivered_wh} Wh were delivered, the ledger says {ledger_wh} Wh"
    return None
