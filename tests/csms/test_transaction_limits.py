"""What a CSMS says of limits, and in which answer."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ocpp21.csms.transaction_limits import WantedLimits, unsupported
from ocpp21.messages import TransactionEventEnumType, TransactionEventRequest, TransactionLimitType
from ocpp21.testing.transactions import transaction_event

ENDED = TransactionEventEnumType.ENDED
UPDATED = TransactionEventEnumType.UPDATED


def limit(**limits: Any) -> TransactionLimitType:
    return TransactionLimitType(**limits)


def event(
    seq_no: int, reported: TransactionLimitType | None = None, kind: TransactionEventEnumType = UPDATED
) -> TransactionEventRequest:
    made = transaction_event(seq_no, kind)
    info = msgspec.structs.replace(made.transaction_info, transaction_limit=reported)
    return msgspec.structs.replace(made, transaction_info=info)


def test_nothing_is_said_of_what_nobody_wants() -> None:
    assert WantedLimits().answer(event(1)) is None


def test_once_and_again_to_the_same_event() -> None:
    limits = WantedLimits()
    limits.set("Transaction", limit(max_energy=1.0, max_time=60))
    assert limits.answer(event(3)) == limit(max_energy=1.0, max_time=60)  # E16.FR.02
    assert limits.answer(event(4)) is None
    assert limits.answer(event(3)) == limit(max_energy=1.0, max_time=60)  # its answer was lost
    limits.set("TRANSACTION", limit(max_energy=1.0, max_time=90))
    assert limits.answer(event(5)) == limit(max_time=90)


@pytest.mark.parametrize(
    ("reported", "said"),
    [(500.0, None), (1000.0, None), (1001.0, limit(max_energy=1000.0))],  # E16.FR.07, E16.FR.08
)
def test_what_the_station_reports(reported: float, said: TransactionLimitType | None) -> None:
    limits = WantedLimits()
    limits.set("transaction", limit(max_energy=1000.0))
    assert limits.answer(event(1, limit(max_energy=reported))) == said
    assert limits.answer(event(2)) is None
    assert limits.answer(event(3, limit(max_energy=5000.0))) == limit(max_energy=1000.0)
    assert limits.answer(event(4, limit(max_soc=90))) is None


def test_a_transaction_that_has_ended_has_no_limits() -> None:
    limits = WantedLimits()
    limits.set("transaction", limit(max_energy=1000.0))
    assert limits.answer(event(9, kind=ENDED)) is None
    assert limits.answer(event(8)) is None


def test_what_is_not_supported() -> None:
    wanted = limit(max_cost=1.0, max_soc=80)
    assert unsupported(wanted, ("maxCost", "maxEnergy")) == ["maxSoC"]  # E16.FR.12
    assert unsupported(wanted, ("maxCost", "maxSoC")) == []
    assert unsupported(limit(), ()) == []
