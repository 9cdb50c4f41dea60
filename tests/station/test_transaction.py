"""What is remembered of a transaction, and its events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from ocpp21 import codec
from ocpp21.messages import (
    AuthorizationStatusEnumType,
    ChargingStateEnumType,
    EVSEType,
    IdTokenInfoType,
    IdTokenType,
    MeterValueType,
    ReasonEnumType,
    SampledValueType,
    TransactionEventEnumType,
    TransactionEventRequest,
    TriggerReasonEnumType,
)
from ocpp21.station.transaction import MAX_ENDED_VALUES, AuthorizedToken, Transaction, make_event

AT = datetime(2026, 1, 1, tzinfo=UTC)
TOKEN = IdTokenType(id_token="04AB", type="ISO14443")
GROUP = IdTokenType(id_token="Family", type="Central")
ENDED, STARTED, UPDATED = TransactionEventEnumType


def transaction(**fields: Any) -> Transaction:
    return Transaction(transaction_id="t1", started_at=AT, **fields)


def event(of: Transaction, kind: TransactionEventEnumType = UPDATED, **fields: Any) -> TransactionEventRequest:
    fields.setdefault("is_offline", False)
    made = make_event(of, kind, TriggerReasonEnumType.CABLE_PLUGGED_IN, AT, **fields)
    codec.encode(made)
    return made


def value(amount: float) -> MeterValueType:
    return MeterValueType(timestamp=AT, sampled_value=[SampledValueType(value=amount)])


def test_tokens_are_the_same_by_text_and_type() -> None:
    holder = AuthorizedToken(TOKEN, GROUP)
    assert holder.is_same(IdTokenType(id_token="04ab", type="ISO14443"))
    assert not holder.is_same(IdTokenType(id_token="04AB", type="Central"))
    assert not holder.is_same(IdTokenType(id_token="04AC", type="ISO14443"))
    assert holder.is_same_group(IdTokenType(id_token="FAMILY", type="Central"))
    assert not holder.is_same_group(None) and not AuthorizedToken(TOKEN).is_same_group(GROUP)
    assert not holder.is_same_group(IdTokenType(id_token="Others", type="Central"))


def test_the_group_comes_with_the_authorization() -> None:
    info = IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED, group_id_token=GROUP)
    assert AuthorizedToken.of(TOKEN, info) == AuthorizedToken(TOKEN, GROUP)
    assert AuthorizedToken.of(TOKEN, None) == AuthorizedToken(TOKEN)


def test_events_count_from_zero() -> None:
    of = transaction()
    assert [event(of).seq_no for _ in range(3)] == [0, 1, 2] and of.seq_no == 3


def test_the_evse_is_named_once_with_its_connector() -> None:
    of = transaction(evse_id=2, connector_id=1)
    assert [event(of).evse for _ in range(2)] == [EVSEType(id=2, connector_id=1), None]


def test_an_evse_that_is_known_before_the_connector() -> None:
    of = transaction(evse_id=2)
    assert event(of, STARTED).evse == EVSEType(id=2)
    assert event(of).evse is None
    of.connector_id = 3
    assert [event(of).evse for _ in range(2)] == [EVSEType(id=2, connector_id=3), None]
    assert event(transaction()).evse is None


def test_the_evse_is_named_again_when_that_is_asked_for() -> None:
    of = transaction(evse_id=2, connector_id=1)
    place = EVSEType(id=2, connector_id=1)
    assert [event(of, names_evse=is_asked_for).evse for is_asked_for in (True, True, False)] == [place, place, None]
    of = transaction(evse_id=2, seq_no=5)  # the cable is out
    assert event(of, names_evse=True).evse == EVSEType(id=2)
    of.connector_id = 1
    assert [event(of).evse for _ in range(2)] == [place, None]  # E01.FR.16: and told of when it is in
    assert event(transaction(), names_evse=True).evse is None


def test_the_remote_start_is_named_once() -> None:
    of = transaction(remote_start_id=7)
    assert [event(of).transaction_info.remote_start_id for _ in range(2)] == [7, None]


def test_what_else_an_event_carries() -> None:
    of = transaction(charging_state=ChargingStateEnumType.CHARGING)
    made = event(
        of,
        ENDED,
        is_offline=True,
        id_token=TOKEN,
        meter_values=[value(1.0)],
        phases=3,
        cable_max_current_a=32.0,
        stopped_reason=ReasonEnumType.LOCAL,
    )
    assert made.offline is True and made.id_token == TOKEN and made.meter_value == [value(1.0)]
    assert (made.number_of_phases_used, made.cable_max_current) == (3, 32)
    assert made.transaction_info.stopped_reason == ReasonEnumType.LOCAL
    assert made.transaction_info.charging_state == ChargingStateEnumType.CHARGING
    plain = event(of)
    assert plain.offline is None and plain.meter_value is None and plain.cable_max_current is None


def test_collected_values_are_thinned_from_within() -> None:
    of = transaction()
    of.collect(None)
    for amount in range(MAX_ENDED_VALUES + 1):
        of.collect(value(float(amount)))
    amounts = [kept.sampled_value[0].value for kept in of.ended_values]
    assert len(amounts) < MAX_ENDED_VALUES * 0.6
    assert amounts[0] == 0.0 and amounts[-1] == float(MAX_ENDED_VALUES)
    assert amounts == sorted(amounts)


def test_the_record_survives() -> None:
    of = transaction(authorization=AuthorizedToken(TOKEN, GROUP), ended_values=[value(1.0)])
    assert msgspec.json.decode(msgspec.json.encode(of), type=Transaction) == of
