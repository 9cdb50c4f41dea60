"""What the events of a transaction say of it: pure computation, without a store, a clock or messages to send.

A :class:`Transaction` sums up the events that have arrived. Events are told apart, and put in order, by their seqNo;
they may arrive late and in any order, since a Charging Station keeps them while it is offline (E04, E11, E12). Whatever
the order, the same events give the same transaction: :func:`apply` adds one, :func:`replay` all of them.

:func:`objection` says what must not be added. In the order of the seqNos, Started comes first and Ended last; each is
there once; nothing follows Ended. A transaction is complete when Started, Ended and every seqNo between have arrived.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Final, Generic, TypeVar

import msgspec

from ocpp21.csms.readings import Meter, Reading, read_meter, start_rank, stop_rank
from ocpp21.messages.datatypes import TransactionLimitType
from ocpp21.messages.enumerations import TransactionEventEnumType
from ocpp21.messages.transactions import TransactionEventRequest

__all__ = ["Seen", "Token", "Transaction", "apply", "gaps", "objection", "replay"]

T = TypeVar("T")

#: Greatest integer on the wire (Part 2, 2.1.4).
_MAX_INTEGER: Final = 2**31 - 1


class Seen(msgspec.Struct, Generic[T], frozen=True):
    """A value, and where it was reported.

    Attributes:
        seq_no: of the event.
        value: what it said.
    """

    seq_no: int
    value: T


class Token(msgspec.Struct, frozen=True):
    """An IdToken as an event named it; its additional information is in the event.

    Attributes:
        id_token: the identifier; case does not matter.
        type: kind of identifier.
    """

    id_token: str
    type: str


class Transaction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A transaction, as far as its events have arrived. Names of enumeration values are text: peers invent some.

    Attributes:
        identity: of the Charging Station whose session reported it; ids of transactions mean nothing without it.
        transaction_id: as the Charging Station made it.
        event_count: number of events that were applied.
        first_seq_no: least seqNo of them.
        last_seq_no: greatest seqNo of them.
        started_at: time and seqNo of Started, once it has arrived.
        ended_at: time and seqNo of Ended, once it has arrived.
        stopped_reason: value of ReasonEnumType; ``Local`` when Ended gave none (E06.FR.09); None before Ended.
        charging_state: latest value of ChargingStateEnumType.
        evse_id: latest EVSE.
        connector_id: latest connector.
        started_by: first IdToken.
        stopped_by: latest IdToken; the same as the first one when there was only one.
        remote_start_id: latest id of a remote start.
        reservation_id: latest id of a reservation.
        tariff_id: latest id of a tariff.
        time_spent_charging: latest time that energy flowed, in s.
        limit: latest limits in force (E16).
        soc: latest state of charge of the EV, in percent.
        was_offline: at least one of the events had happened offline.
        meter_start: register at the beginning.
        meter_stop: latest register.
        last_register: latest register of the latest event that had one, in Wh.
        interval_wh: intervals added up, without those of Ended, in Wh.
        ended_interval_wh: intervals of Ended added up, in Wh.
        ended_interval_count: number of them.
        went_backwards: the register was seen to fall; the energy is not to be trusted.
        was_implausible: a reading was left out, since no meter shows such a value.
    """

    identity: str
    transaction_id: str
    event_count: int = 0
    first_seq_no: int = 0
    last_seq_no: int = 0
    started_at: Seen[datetime] | None = None
    ended_at: Seen[datetime] | None = None
    stopped_reason: str | None = None
    charging_state: Seen[str] | None = None
    evse_id: Seen[int] | None = None
    connector_id: Seen[int] | None = None
    started_by: Seen[Token] | None = None
    stopped_by: Seen[Token] | None = None
    remote_start_id: Seen[int] | None = None
    reservation_id: Seen[int] | None = None
    tariff_id: Seen[str] | None = None
    time_spent_charging: Seen[int] | None = None
    limit: Seen[TransactionLimitType] | None = None
    soc: Seen[Decimal] | None = None
    was_offline: bool = False
    meter_start: Reading | None = None
    meter_stop: Reading | None = None
    last_register: Seen[Decimal] | None = None
    interval_wh: Decimal = Decimal(0)
    ended_interval_wh: Decimal = Decimal(0)
    ended_interval_count: int = 0
    went_backwards: bool = False
    was_implausible: bool = False

    @property
    def is_ended(self) -> bool:
        """Whether Ended has arrived."""
        return self.ended_at is not None

    @property
    def missing_count(self) -> int:
        """The number of seqNos between the least and the greatest that have not arrived."""
        return self.last_seq_no - self.first_seq_no + 1 - self.event_count if self.event_count else 0

    @property
    def is_complete(self) -> bool:
        """Whether Started, Ended and all between have arrived."""
        return self.started_at is not None and self.ended_at is not None and not self.missing_count

    @property
    def energy_wh(self) -> Decimal | None:
        """Energy so far, in Wh; None when no event said anything of it. Negative only when the meter went backwards."""
        if self.meter_start is not None and self.meter_stop is not None:
            return self.meter_stop.wh - self.meter_start.wh
        if self.ended_interval_count > 1:
            return self.ended_interval_wh
        intervals = self.interval_wh + self.ended_interval_wh
        return intervals if intervals or self.ended_interval_count else None


def objection(transaction: Transaction | None, event: TransactionEventRequest, /) -> str | None:
    """Say why an event, whose seqNo has not arrived yet, must not be applied; None when it may.

    Args:
        transaction: what the events before say; None when there are none.
        event: the one that has arrived.
    """
    seq_no = event.seq_no
    if not 0 <= seq_no <= _MAX_INTEGER:
        # Python does not write integers of thousands of digits.
        found = seq_no if seq_no.bit_length() < 100 else f"one of {seq_no.bit_length()} bits"
        return f"expected a seqNo from 0 to {_MAX_INTEGER}, found {found}"
    if transaction is None:
        return None
    started, ended = transaction.started_at, transaction.ended_at
    if ended is not None and seq_no > ended.seq_no:
        return f"expected nothing after Ended with seqNo {ended.seq_no}, found {event.event_type} with {seq_no}"
    if started is not None and seq_no < started.seq_no:
        return f"expected nothing before Started with seqNo {started.seq_no}, found {event.event_type} with {seq_no}"
    if event.event_type == TransactionEventEnumType.STARTED:
        if started is not None:
            return f"expected Started once, with seqNo {started.seq_no}, found it again with {seq_no}"
        if seq_no > transaction.first_seq_no:
            return f"expected Started before seqNo {transaction.first_seq_no}, found it with {seq_no}"
    if event.event_type == TransactionEventEnumType.ENDED:
        if ended is not None:
            return f"expected Ended once, with seqNo {ended.seq_no}, found it again with {seq_no}"
        if seq_no < transaction.last_seq_no:
            return f"expected Ended after seqNo {transaction.last_seq_no}, found it with {seq_no}"
    return None


def apply(
    transaction: Transaction,
    event: TransactionEventRequest,
    /,
    *,
    meter: Meter | None = None,
    before: Decimal | None = None,
    after: Decimal | None = None,
) -> Transaction:
    """Add an event, to which there is no :func:`objection`, and which was not added before.

    Args:
        transaction: what the events before say; one without events to begin with.
        event: the one to add.
        meter: what the event says of energy, if it has been read.
        before: for an event that is late: register of the event nearest before it that has one, in Wh.
        after: for an event that is late: register of the event nearest after it that has one, in Wh.
    """
    seq_no, info = event.seq_no, event.transaction_info
    is_first = not transaction.event_count
    is_ended = event.event_type == TransactionEventEnumType.ENDED
    meter = meter or read_meter(event)
    if transaction.last_register is not None and seq_no > transaction.last_register.seq_no:
        before, after = transaction.last_register.value, None
    evse = event.evse
    token = None if event.id_token is None else Token(event.id_token.id_token, str(event.id_token.type))
    intervals = sum(meter.intervals, Decimal(0))
    return msgspec.structs.replace(
        transaction,
        event_count=transaction.event_count + 1,
        first_seq_no=seq_no if is_first else min(transaction.first_seq_no, seq_no),
        last_seq_no=seq_no if is_first else max(transaction.last_seq_no, seq_no),
        started_at=(
            Seen(seq_no, event.timestamp)
            if event.event_type == TransactionEventEnumType.STARTED
            else transaction.started_at
        ),
        ended_at=Seen(seq_no, event.timestamp) if is_ended else transaction.ended_at,
        # E06.FR.09: absent means Local.
        stopped_reason=str(info.stopped_reason or "Local") if is_ended else transaction.stopped_reason,
        charging_state=_latest(transaction.charging_state, seq_no, _text(info.charging_state)),
        evse_id=_latest(transaction.evse_id, seq_no, evse and evse.id),
        connector_id=_latest(transaction.connector_id, seq_no, evse and evse.connector_id),
        started_by=_earliest(transaction.started_by, seq_no, token),
        stopped_by=_latest(transaction.stopped_by, seq_no, token),
        remote_start_id=_latest(transaction.remote_start_id, seq_no, info.remote_start_id),
        reservation_id=_latest(transaction.reservation_id, seq_no, event.reservation_id),
        tariff_id=_latest(transaction.tariff_id, seq_no, info.tariff_id),
        time_spent_charging=_latest(transaction.time_spent_charging, seq_no, info.time_spent_charging),
        limit=_latest(transaction.limit, seq_no, info.transaction_limit),
        soc=_latest(transaction.soc, seq_no, meter.soc),
        was_offline=transaction.was_offline or bool(event.offline),
        meter_start=min(filter(None, (transaction.meter_start, meter.start)), key=start_rank, default=None),
        meter_stop=max(filter(None, (transaction.meter_stop, meter.stop)), key=stop_rank, default=None),
        last_register=_latest(transaction.last_register, seq_no, meter.register),
        interval_wh=transaction.interval_wh if is_ended else transaction.interval_wh + intervals,
        ended_interval_wh=intervals if is_ended else transaction.ended_interval_wh,
        ended_interval_count=len(meter.intervals) if is_ended else transaction.ended_interval_count,
        went_backwards=transaction.went_backwards or meter.went_backwards or _falls(before, meter.register, after),
        was_implausible=transaction.was_implausible or meter.was_implausible,
    )


def replay(identity: str, transaction_id: str, events: Iterable[TransactionEventRequest], /) -> Transaction:
    """Sum up events from the first to the last: each seqNo once, in any order, and without contradictions."""
    transaction = Transaction(identity=identity, transaction_id=transaction_id)
    for event in sorted(events, key=lambda event: event.seq_no):
        transaction = apply(transaction, event)
    return transaction


def gaps(seq_nos: Iterable[int], /) -> list[range]:
    """The seqNos that are missing between the least and the greatest, in order, as ranges."""
    found: list[range] = []
    previous: int | None = None
    for seq_no in sorted(seq_nos):
        if previous is not None and seq_no > previous + 1:
            found.append(range(previous + 1, seq_no))
        previous = seq_no
    return found


def _falls(before: Decimal | None, register: Decimal | None, after: Decimal | None) -> bool:
    if register is None:
        return False
    return (before is not None and register < before) or (after is not None and after < register)


def _text(value: str | None) -> str | None:
    """An enumeration value as plain text, as which it comes back from a store."""
    return None if value is None else str(value)


def _latest(seen: Seen[T] | None, seq_no: int, value: T | None) -> Seen[T] | None:
    if value is None or (seen is not None and seen.seq_no > seq_no):
        return seen
    return Seen(seq_no, value)


def _earliest(seen: Seen[T] | None, seq_no: int, value: T | None) -> Seen[T] | None:
    if value is None or (seen is not None and seen.seq_no < seq_no):
        return seen
    return Seen(seq_no, value)
