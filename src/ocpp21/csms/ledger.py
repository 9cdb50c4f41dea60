"""What the events of a transaction say of it: pure computation, without a store, a clock or messages to send.

A :class:`Transaction` sums up the events that have arrived. Events are told apart, and put in order, by their seqNo;
they may arrive late and in any order, since a Charging Station keeps them while it is offline (E04, E11, E12). Whatever
the order, the same events give the same transaction: :func:`apply` adds one, :func:`replay` all of them.

:func:`objection` says what must not be added. In the order of the seqNos, Started comes first and Ended last; each is
there once; nothing follows Ended. A transaction is complete when Started, Ended and every seqNo between have arrived.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from datetime import datetime
from decimal import Decimal
from typing import Final, Generic, TypeVar

import msgspec
from msgspec.structs import force_setattr as _set

from ocpp21.csms.readings import NO_METER, Meter, Reading, read_meter, start_rank, stop_rank
from ocpp21.messages.datatypes import TransactionLimitType
from ocpp21.messages.enumerations import TransactionEventEnumType
from ocpp21.messages.transactions import TransactionEventRequest

__all__ = ["Seen", "Token", "Transaction", "apply", "gaps", "objection", "replay"]

T = TypeVar("T")

# An enumeration takes its time to find a member.
_STARTED: Final = TransactionEventEnumType.STARTED
_ENDED: Final = TransactionEventEnumType.ENDED

#: Greatest integer on the wire (Part 2, 2.1.4).
_MAX_INTEGER: Final = 2**31 - 1


class Seen(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """A value, and where it was reported.

    Attributes:
        seq_no: of the event.
        value: what it said.
    """

    seq_no: int
    value: T


class Token(msgspec.Struct, frozen=True, gc=False):
    """An IdToken as an event named it; its additional information is in the event.

    Attributes:
        id_token: the identifier; case does not matter.
        type: kind of identifier.
    """

    id_token: str
    type: str


class Transaction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
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
    if event.event_type == _STARTED:
        if started is not None:
            return f"expected Started once, with seqNo {started.seq_no}, found it again with {seq_no}"
        if seq_no > transaction.first_seq_no:
            return f"expected Started before seqNo {transaction.first_seq_no}, found it with {seq_no}"
    if event.event_type == _ENDED:
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
    seq_no, info, evse = event.seq_no, event.transaction_info, event.evse
    meter = meter or read_meter(event)
    token = None if event.id_token is None else Token(event.id_token.id_token, str(event.id_token.type))
    after_it = copy(transaction)  # nobody else has it yet, so it may be written to
    _set(after_it, "event_count", transaction.event_count + 1)
    _set(after_it, "first_seq_no", min(transaction.first_seq_no, seq_no) if transaction.event_count else seq_no)
    _set(after_it, "last_seq_no", max(transaction.last_seq_no, seq_no))
    latest = (
        ("charging_state", None if info.charging_state is None else str(info.charging_state)),
        ("evse_id", evse and evse.id),
        ("connector_id", evse and evse.connector_id),
        ("stopped_by", token),
        ("remote_start_id", info.remote_start_id),
        ("reservation_id", event.reservation_id),
        ("tariff_id", info.tariff_id),
        ("time_spent_charging", info.time_spent_charging),
        ("limit", info.transaction_limit),
        ("soc", meter.soc),
        ("last_register", meter.register),
    )
    for name, value in latest:
        if value is not None and ((seen := getattr(transaction, name)) is None or seen.seq_no <= seq_no):
            _set(after_it, name, Seen(seq_no, value))
    if token is not None and ((first := transaction.started_by) is None or seq_no < first.seq_no):
        _set(after_it, "started_by", Seen(seq_no, token))
    if event.event_type == _STARTED:
        _set(after_it, "started_at", Seen(seq_no, event.timestamp))
    is_ended = event.event_type == _ENDED
    if is_ended:
        _set(after_it, "ended_at", Seen(seq_no, event.timestamp))
        _set(after_it, "stopped_reason", str(info.stopped_reason or "Local"))  # E06.FR.09: absent means Local
    if event.offline:
        _set(after_it, "was_offline", True)
    if meter is not NO_METER:
        if transaction.last_register is not None and seq_no > transaction.last_register.seq_no:
            before, after = transaction.last_register.value, None
        _add_energy(after_it, meter, is_ended=is_ended, is_odd=_falls(before, meter.register, after))
    return after_it


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


def _add_energy(transaction: Transaction, meter: Meter, /, *, is_ended: bool, is_odd: bool) -> None:
    """Add the energy that an event reports.

    Args:
        transaction: that is being written.
        meter: what the event says.
        is_ended: it is Ended.
        is_odd: its register does not fit those before and after it.
    """
    start, stop = transaction.meter_start, transaction.meter_stop
    if meter.start is not None and (start is None or start_rank(meter.start) < start_rank(start)):
        _set(transaction, "meter_start", meter.start)
    if meter.stop is not None and (stop is None or stop_rank(meter.stop) > stop_rank(stop)):
        _set(transaction, "meter_stop", meter.stop)
    if is_ended:
        _set(transaction, "ended_interval_wh", sum(meter.intervals, Decimal(0)))
        _set(transaction, "ended_interval_count", len(meter.intervals))
    elif meter.intervals:
        _set(transaction, "interval_wh", sum(meter.intervals, transaction.interval_wh))
    if meter.went_backwards or is_odd:
        _set(transaction, "went_backwards", True)
    if meter.was_implausible:
        _set(transaction, "was_implausible", True)
