"""What must hold whatever has happened, seen from outside: on the wire, in the stores, and at the outlets."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import msgspec
from laboratory import IDENTITY, Frame, Laboratory

from ocpp21.csms import Transaction
from ocpp21.csms.store import Store
from ocpp21.messages import TransactionEventRequest
from ocpp21.station.queued import QueuedMessage

#: What the register of a simulated meter shows, in Wh; two readings make a difference.
RESOLUTION_WH = Decimal("0.001")


async def check_transactions(store: Store, identity: str = IDENTITY) -> list[Transaction]:
    """Each transaction of the ledger is whole: Started first, Ended last and once, every seqNo between once (I2, I3).

    Returns:
        The transactions.
    """
    transactions = await store.transactions(identity)
    for transaction in transactions:
        events = [received.message for received in await store.events(identity, transaction.transaction_id)]
        kinds = [str(event.event_type) for event in events]
        assert [event.seq_no for event in events] == list(range(len(events))), kinds
        assert kinds == ["Started", *["Updated"] * (len(kinds) - 2), "Ended"], kinds
        assert transaction.is_complete and transaction.event_count == len(events)
        assert not transaction.went_backwards and not transaction.was_implausible
    return list(transactions)


def check_energy(transactions: Iterable[Transaction], delivered_wh: Decimal, evse_id: int | None = None) -> None:
    """The energy of the ledger is that which was delivered, to the resolution of the meter."""
    of_evse = [each for each in transactions if evse_id is None or (each.evse_id and each.evse_id.value == evse_id)]
    billed = sum((each.energy_wh or Decimal(0) for each in of_evse), Decimal(0))
    error = abs(billed - delivered_wh)
    assert error <= RESOLUTION_WH * max(len(of_evse), 1), f"billed {billed} Wh, delivered {delivered_wh} Wh"


def persisted(records: dict[str, bytes]) -> set[tuple[str, int]]:
    """The TransactionEvents among the records of a message queue: transactionId and seqNo."""
    found = set()
    for value in records.values():
        message = msgspec.json.decode(value, type=QueuedMessage)
        if message.type == TransactionEventRequest.__name__:
            request: dict[str, Any] = msgspec.json.decode(message.request)
            found.add((request["transactionInfo"]["transactionId"], request["seqNo"]))
    return found


async def applied(store: Store, identity: str = IDENTITY) -> set[tuple[str, int]]:
    """The events in the ledger: transactionId and seqNo."""
    return {
        (transaction.transaction_id, received.message.seq_no)
        for transaction in await store.transactions(identity)
        for received in await store.events(identity, transaction.transaction_id)
    }


def check_frames(
    frames: Iterable[Frame], *, timeout_s: float = 30.0, excused: Callable[[Frame], bool] = lambda frame: False
) -> None:
    """Look at all that has passed: each end by itself.

    * Nobody has more than one CALL outstanding (I4), and no id serves twice (I7).
    * Every valid CALL is answered exactly once, unless its connection has ended; a SEND never is (I6).
    * Nothing that left was refused or found wrong by our own side (I13).

    Args:
        frames: all of them, in order.
        timeout_s: how long a call stays outstanding without an answer.
        excused: says of a CALL that came that it need not be answered.
    """
    ends: dict[tuple[int, str], list[Frame]] = defaultdict(list)
    for frame in frames:
        ends[frame.connection, frame.side].append(frame)
    ids: Counter[str] = Counter()
    for end in ends.values():
        outstanding: dict[str, float] = {}
        asked: Counter[str] = Counter()
        answered: Counter[str] = Counter()
        for frame in end:
            kind, message_id = msgspec.json.decode(frame.data)[:2]
            if frame.direction == "out":
                assert frame.verdict == "ok", frame
                if kind == 2:
                    ids[message_id] += 1
                    running = [at for at in outstanding.values() if at + timeout_s > frame.at]
                    assert not running, f"two calls at a time: {frame}"
                    outstanding = {message_id: frame.at}
                elif kind in (3, 4):
                    answered[message_id] += 1
            elif kind in (3, 4):
                outstanding.pop(message_id, None)
            elif kind == 2:
                asked[message_id] += 1
        assert answered <= asked, "more answers than calls"
        late = max(frame.at for frame in end) - 1  # the end of a connection may come before an answer
        for frame in end:
            if frame.direction == "in" and frame.data[1:2] == b"2" and frame.at < late and not excused(frame):
                message_id = msgspec.json.decode(frame.data)[1]
                assert answered[message_id] == asked[message_id], f"not answered once: {frame}"
    assert not [message_id for message_id, count in ids.items() if count > 1], "an id that served twice"


class Complaints(logging.Handler):
    """Keeps what the library and the event loop report of errors that nobody has foreseen."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.found.append(logging.Formatter().format(record))


@contextmanager
def no_complaints() -> Iterator[None]:
    """No task ends with an error, nor is one logged with its traceback (I12)."""
    complaints = Complaints()
    loggers = [logging.getLogger(name) for name in ("ocpp21", "asyncio")]
    for logger in loggers:
        logger.addHandler(complaints)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(complaints)
    assert not complaints.found, "\n".join(complaints.found)


async def settle(lab: Laboratory, most_s: float = 3600.0) -> None:
    """Wait until the station has nothing left to deliver.

    Raises:
        AssertionError: it does not come to that.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + most_s
    while len(lab.station.queue):
        assert loop.time() < until, f"{len(lab.station.queue)} messages are not delivered"
        await lab.quiet(1)
