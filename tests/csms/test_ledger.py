"""The ledger: the same events give the same transaction in whatever order, and the energy is that of the meter."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from ocpp21.csms.ledger import Seen, Token, Transaction, apply, gaps, objection, replay
from ocpp21.csms.readings import read_meter
from ocpp21.messages.datatypes import (
    EVSEType,
    IdTokenType,
    MeterValueType,
    SampledValueType,
    TransactionType,
    UnitOfMeasureType,
)
from ocpp21.messages.enumerations import (
    ChargingStateEnumType,
    LocationEnumType,
    MeasurandEnumType,
    PhaseEnumType,
    ReadingContextEnumType,
    ReasonEnumType,
    TransactionEventEnumType,
)
from ocpp21.messages.transactions import TransactionEventRequest
from ocpp21.testing.transactions import Made, arrivals, transaction_event

STARTED = TransactionEventEnumType.STARTED
UPDATED = TransactionEventEnumType.UPDATED
ENDED = TransactionEventEnumType.ENDED
BEGIN = ReadingContextEnumType.TRANSACTION_BEGIN
END = ReadingContextEnumType.TRANSACTION_END
INTERVAL = MeasurandEnumType.ENERGY_ACTIVE_IMPORT_INTERVAL
AT = datetime(2025, 6, 1, tzinfo=UTC)


def sample(value: float, **fields: Any) -> SampledValueType:
    return SampledValueType(value=value, **fields)


def event(
    seq_no: int, *samples: SampledValueType, type: TransactionEventEnumType = UPDATED, **fields: Any
) -> TransactionEventRequest:
    return transaction_event(seq_no, type, samples=samples, **fields)


def series(
    seq_no: int, *moments: tuple[int, SampledValueType], type: TransactionEventEnumType = ENDED
) -> TransactionEventRequest:
    """An event with samples of several moments, in seconds."""
    values = [MeterValueType(timestamp=AT + timedelta(seconds=at), sampled_value=[each]) for at, each in moments]
    return msgspec.structs.replace(transaction_event(seq_no, type), meter_value=values)


def energy(*events: TransactionEventRequest) -> Decimal | None:
    return replay("CS", "transaction", events).energy_wh


def ledger(events: list[TransactionEventRequest]) -> Transaction:
    """What a store does, written as plainly as may be: each event once, late ones between their neighbours."""
    transaction = Transaction(identity="CS", transaction_id="transaction")
    applied: dict[int, TransactionEventRequest] = {}
    for each in events:
        if each.seq_no in applied:
            continue
        registers = {seq_no: read_meter(applied[seq_no]).register for seq_no in sorted(applied)}
        known = {seq_no: wh for seq_no, wh in registers.items() if wh is not None}
        before = next((known[seq_no] for seq_no in reversed(known) if seq_no < each.seq_no), None)
        after = next((known[seq_no] for seq_no in known if seq_no > each.seq_no), None)
        transaction = apply(transaction, each, before=before, after=after)
        applied[each.seq_no] = each
    return transaction


@pytest.mark.parametrize("number", range(250))
def test_schedules(number: int) -> None:
    print(f"seed {number}")
    dice = random.Random(number)
    made = Made(dice, "transaction")
    found = ledger(list(arrivals(dice, made.events)))
    assert msgspec.structs.replace(found, was_offline=False) == replay("CS", "transaction", made.events)
    assert (found.energy_wh, found.is_complete, found.missing_count) == (made.energy_wh, True, 0)
    assert not found.went_backwards and not found.was_implausible


UNITS = st.none() | st.builds(
    UnitOfMeasureType,
    unit=st.sampled_from(["Wh", "kWh", "varh", None]),
    multiplier=st.sampled_from([None, 0, 3, -3, 99]),
)
SAMPLES = st.builds(
    SampledValueType,
    value=st.floats(-10, 1e5, allow_nan=False) | st.floats(allow_nan=False, allow_infinity=False),
    measurand=st.sampled_from([None, MeasurandEnumType.ENERGY_ACTIVE_IMPORT_REGISTER, INTERVAL, MeasurandEnumType.SOC]),
    context=st.sampled_from([None, BEGIN, END, ReadingContextEnumType.SAMPLE_CLOCK]),
    phase=st.sampled_from([None, None, None, PhaseEnumType.L1]),
    location=st.sampled_from([None, None, LocationEnumType.OUTLET, LocationEnumType.INLET]),
    unit_of_measure=UNITS,
)
MOMENTS = st.builds(
    MeterValueType,
    timestamp=st.integers(0, 100).map(lambda s: AT + timedelta(seconds=s)),
    sampled_value=st.lists(SAMPLES, min_size=1, max_size=3),
)
EVENTS = st.builds(
    TransactionEventRequest,
    event_type=st.just(UPDATED),
    timestamp=st.just(AT),
    trigger_reason=st.just("Trigger"),
    seq_no=st.integers(1, 40),
    offline=st.sampled_from([None, True, False]),
    reservation_id=st.none() | st.integers(0, 5),
    evse=st.none() | st.builds(EVSEType, id=st.integers(0, 3), connector_id=st.none() | st.integers(1, 2)),
    id_token=st.none() | st.builds(IdTokenType, id_token=st.sampled_from("ab"), type=st.just("Central")),
    transaction_info=st.builds(
        TransactionType,
        transaction_id=st.just("transaction"),
        charging_state=st.none() | st.sampled_from(list(ChargingStateEnumType)),
        time_spent_charging=st.none() | st.integers(0, 9),
        remote_start_id=st.none() | st.integers(0, 9),
        tariff_id=st.none() | st.sampled_from("xy"),
        stopped_reason=st.none() | st.sampled_from(list(ReasonEnumType)),
    ),
    meter_value=st.none() | st.lists(MOMENTS, min_size=1, max_size=3),
)


@seed(21)
@given(st.lists(EVENTS, max_size=8, unique_by=lambda each: each.seq_no), st.booleans(), st.booleans(), st.randoms())
def test_one_by_one_in_any_order_is_the_same_as_all_at_once(
    events: list[TransactionEventRequest], is_started: bool, is_ended: bool, dice: random.Random
) -> None:
    if is_started:
        events.append(event(0, sample(5, context=BEGIN), type=STARTED))
    if is_ended:
        ending = max((each.seq_no for each in events), default=0) + 1
        events.append(series(ending, (0, sample(1, measurand=INTERVAL)), (9, sample(7)), (9, sample(8, context=END))))
    shuffled = dice.sample(events, len(events))
    found = ledger(shuffled)
    assert found == replay("CS", "transaction", events)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Transaction) == found
    assert found.missing_count == sum(map(len, gaps(each.seq_no for each in events)))
    assert found.is_complete == (is_started and is_ended and not found.missing_count)


def test_nothing_yet() -> None:
    found = replay("CS", "t", [])
    assert found == Transaction(identity="CS", transaction_id="t")
    assert (found.is_ended, found.is_complete, found.missing_count, found.energy_wh) == (False, False, 0, None)


def test_the_facts_of_a_transaction() -> None:
    events = [
        event(4, type=STARTED, id_token=IdTokenType(id_token="A", type="ISO14443"), evse=EVSEType(id=2)),
        event(5, evse=EVSEType(id=2, connector_id=1), offline=True),
        event(7, type=ENDED, id_token=IdTokenType(id_token="B", type="ISO14443")),
    ]
    found = replay("CS", "t", events)
    assert found.started_at == Seen(4, events[0].timestamp)
    assert found.ended_at == Seen(7, events[2].timestamp)
    assert (found.started_by, found.stopped_by) == (Seen(4, Token("A", "ISO14443")), Seen(7, Token("B", "ISO14443")))
    assert (found.evse_id, found.connector_id) == (Seen(5, 2), Seen(5, 1))
    assert found.charging_state == Seen(7, "Charging")
    assert (found.stopped_reason, found.was_offline) == ("Local", True)
    assert (found.missing_count, found.is_ended, found.is_complete) == (1, True, False)
    info = TransactionType(transaction_id="t", stopped_reason=ReasonEnumType.REMOTE)
    assert replay("CS", "t", [msgspec.structs.replace(events[2], transaction_info=info)]).stopped_reason == "Remote"


@pytest.mark.parametrize(
    ("seq_nos", "ranges"),
    [
        ([], []),
        ([5], []),
        ([1, 0, 2], []),
        ([0, 3, 4, 9], [range(1, 3), range(5, 9)]),
        ([0, 2**31 - 1], [range(1, 2**31 - 1)]),
    ],
    ids=str,
)
def test_gaps(seq_nos: list[int], ranges: list[range]) -> None:
    assert gaps(seq_nos) == ranges


@pytest.mark.parametrize(
    ("before", "wrong", "reason"),
    [
        ([], event(2**31), "expected a seqNo from 0 to 2147483647, found 2147483648"),
        ([], msgspec.structs.replace(event(0), seq_no=10**5000), "expected a seqNo from 0 to 2147483647, found one of"),
        ([], event(-1), "expected a seqNo from 0 to 2147483647, found -1"),
        ([event(3, type=ENDED)], event(4), "expected nothing after Ended with seqNo 3, found Updated with 4"),
        ([event(3, type=ENDED)], event(2, type=ENDED), "expected Ended once, with seqNo 3, found it again with 2"),
        ([event(3, type=STARTED)], event(2), "expected nothing before Started with seqNo 3, found Updated with 2"),
        (
            [event(3, type=STARTED)],
            event(4, type=STARTED),
            "expected Started once, with seqNo 3, found it again",
        ),
        ([event(3)], event(4, type=STARTED), "expected Started before seqNo 3, found it with 4"),
        ([event(3)], event(2, type=ENDED), "expected Ended after seqNo 3, found it with 2"),
    ],
)
def test_objections(before: list[TransactionEventRequest], wrong: TransactionEventRequest, reason: str) -> None:
    found = objection(replay("CS", "t", before) if before else None, wrong)
    assert found is not None and found.startswith(reason)


@pytest.mark.parametrize(
    ("before", "late"),
    [
        ([], event(0)),
        ([event(1)], event(0, type=STARTED)),
        ([event(1)], event(2, type=ENDED)),
        ([event(0, type=STARTED), event(3, type=ENDED)], event(2)),
    ],
)
def test_no_objection(before: list[TransactionEventRequest], late: TransactionEventRequest) -> None:
    assert objection(replay("CS", "t", before) if before else None, late) is None


KWH = UnitOfMeasureType(unit="kWh")


@pytest.mark.parametrize(
    ("events", "wh"),
    [
        pytest.param([event(0)], None, id="no meter"),
        pytest.param([event(0, sample(10))], "0", id="one reading"),
        pytest.param([event(0, sample(0.1)), event(1, sample(0.3))], "0.2", id="no binary fractions"),
        pytest.param([event(0, sample(1.5, unit_of_measure=KWH)), event(1, sample(1600))], "100", id="units"),
        pytest.param(
            [event(0, sample(1)), event(1, sample(2, unit_of_measure=UnitOfMeasureType(multiplier=3)))],
            "1999",
            id="multiplier of Wh",
        ),
        pytest.param(
            [event(0, sample(1)), event(1, sample(2, unit_of_measure=UnitOfMeasureType(unit="BTU")))],
            "0",
            id="another unit is no energy",
        ),
        pytest.param(
            [event(0, sample(5)), event(1, sample(10, context=BEGIN)), event(2, sample(30))],
            "20",
            id="begin by context",
        ),
        pytest.param(
            [event(0, sample(5)), event(1, sample(10, context=END)), event(2, sample(30))], "5", id="end by context"
        ),
        pytest.param([series(3, (0, sample(5)), (20, sample(9)), (10, sample(7)))], "4", id="series by timestamp"),
        pytest.param(
            [
                event(0, sample(5, context=BEGIN)),
                series(3, (0, sample(5, context=BEGIN)), (5, sample(6)), (9, sample(8, context=END))),
            ],
            "3",
            id="all readings once more in Ended",
        ),
        pytest.param(
            [event(0, sample(5), sample(7, phase=PhaseEnumType.L1), sample(8, location=LocationEnumType.EV))],
            "0",
            id="phases and other places do not count",
        ),
        pytest.param(
            [event(0, sample(5, measurand=INTERVAL)), event(1, sample(6, measurand=INTERVAL))], "11", id="intervals"
        ),
        pytest.param([event(0, sample(0, measurand=INTERVAL))], None, id="an interval of nothing"),
        pytest.param(
            [event(0, sample(5, measurand=INTERVAL)), event(1, sample(6, measurand=INTERVAL), type=ENDED)],
            "11",
            id="the last interval in Ended",
        ),
        pytest.param(
            [
                event(0, sample(5, measurand=INTERVAL)),
                series(1, (1, sample(5, measurand=INTERVAL)), (2, sample(7, measurand=INTERVAL))),
            ],
            "12",
            id="a series of intervals in Ended",
        ),
        pytest.param(
            [event(0, sample(5, measurand=INTERVAL), sample(100)), event(1, sample(103))],
            "3",
            id="register before intervals",
        ),
    ],
)
def test_energy(events: list[TransactionEventRequest], wh: str | None) -> None:
    assert energy(*events) == (None if wh is None else Decimal(wh))


@pytest.mark.attack("A24")
@pytest.mark.parametrize(
    ("registers", "falls"),
    [((1, 2, 3), False), ((2, 2), False), ((2, 1), True), ((1, 5, 4, 9), True), ((), False)],
    ids=str,
)
def test_a_meter_that_goes_backwards(registers: tuple[float, ...], falls: bool) -> None:
    events = [event(number, sample(wh)) for number, wh in enumerate(registers)]
    assert replay("CS", "t", events).went_backwards is falls
    if registers:
        assert replay("CS", "t", [series(0, *enumerate(map(sample, registers)))]).went_backwards is falls


@pytest.mark.attack("A24")
@pytest.mark.parametrize(
    "wrong",
    [
        sample(-1),
        sample(1e308),
        sample(1e16),
        sample(1, unit_of_measure=UnitOfMeasureType(multiplier=10**9)),
        sample(1, unit_of_measure=UnitOfMeasureType(multiplier=-(10**9))),
        sample(-5, measurand=INTERVAL),
    ],
    ids=str,
)
def test_what_no_meter_shows_is_left_out(wrong: SampledValueType) -> None:
    found = replay("CS", "t", [event(0, sample(1)), event(1, wrong), event(2, sample(3))])
    assert (found.energy_wh, found.was_implausible) == (Decimal(2), True)


def test_nothing_times_anything_is_nothing() -> None:
    zero = sample(0, unit_of_measure=UnitOfMeasureType(multiplier=10**9))
    found = replay("CS", "t", [event(0, zero), event(1, sample(3))])
    assert (found.energy_wh, found.was_implausible) == (Decimal(3), False)


def test_fractions_are_counted_down_to_a_billionth() -> None:
    assert energy(event(0, sample(0)), event(1, sample(1.23456789012e-3))) == Decimal("0.001234568")
