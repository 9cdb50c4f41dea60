"""What is kept of a queue that is full, and when messages are tried again: whatever the numbers (E12.FR.05, E13)."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, seed, settings
from hypothesis import strategies as st

from ocpp21.errors import CallError, ErrorCode
from ocpp21.messages import TransactionEventEnumType, TransactionEventRequest, TriggerReasonEnumType
from ocpp21.station.delivery import Delivery, Retry
from ocpp21.station.memory import MemoryStore
from ocpp21.station.queue import Discarded, MessageQueue
from ocpp21.testing.transactions import transaction_event
from ocpp21.testing.virtual_time import run
from ocpp21.wire import Request

ENDED, STARTED, UPDATED = TransactionEventEnumType
KEPT = {
    TriggerReasonEnumType.LIMIT_SET,
    TriggerReasonEnumType.COST_LIMIT_REACHED,
    TriggerReasonEnumType.ENERGY_LIMIT_REACHED,
    TriggerReasonEnumType.TIME_LIMIT_REACHED,
    TriggerReasonEnumType.SOC_LIMIT_REACHED,
}

triggers = st.lists(
    st.sampled_from([*KEPT, *[TriggerReasonEnumType.METER_VALUE_PERIODIC] * 12]), min_size=2, max_size=60
)


async def everything(queue: MessageQueue) -> list[TransactionEventRequest]:
    found: list[TransactionEventRequest] = []
    while (waiting := await queue.next()) is not None:
        assert isinstance(waiting.request, TransactionEventRequest)
        found.append(waiting.request)
        await queue.done(waiting.key)
    return found


@seed(22)
@settings(max_examples=150, deadline=None)
@given(triggers=triggers, limit=st.integers(min_value=3, max_value=40), is_ended=st.booleans())
def test_thinning(triggers: list[TriggerReasonEnumType], limit: int, is_ended: bool) -> None:
    async def use() -> None:
        discarded: list[Discarded] = []
        queue = await MessageQueue.open(MemoryStore(), limit=limit, report=discarded.append)
        events = [transaction_event(0, STARTED)]
        events += [
            transaction_event(number, UPDATED, trigger_reason=trigger) for number, trigger in enumerate(triggers, 1)
        ]
        events += [transaction_event(len(events), ENDED)] if is_ended else []
        for event in events:
            await queue.put(event)
        left = await everything(queue)
        numbers = [event.seq_no for event in left]
        assert numbers == sorted(set(numbers)) and len(left) + len(discarded) == len(events)
        assert queue.thinned == len(discarded)
        must = {event.seq_no for event in events if event.event_type != UPDATED or event.trigger_reason in KEPT}
        assert must <= set(numbers)  # E12.FR.04
        inner = [event.seq_no for event in events if event.seq_no not in must]
        if inner:
            assert inner[0] in numbers and inner[-1] in numbers  # E12.FR.05, J02.FR.13
        assert len(left) <= max(limit, len(must) + 2)
        if len(events) <= limit:
            assert not discarded

    run(use())


@seed(23)
@settings(max_examples=150, deadline=None)
@given(
    attempts=st.integers(min_value=1, max_value=6),
    interval_s=st.integers(min_value=0, max_value=300),
    failures=st.lists(st.integers(min_value=0, max_value=8), min_size=1, max_size=5),
)
def test_retries(attempts: int, interval_s: int, failures: list[int]) -> None:
    """Each message fails so many times: it is sent again after one, two, three... intervals, or given up."""

    async def use() -> None:
        queue = await MessageQueue.open(MemoryStore())
        delivery = Delivery(queue, retry=lambda request: Retry(attempts, interval_s))
        await queue.put(*(transaction_event(number) for number in range(len(failures))))
        sent: list[tuple[int, float]] = []

        async def call(request: Request[Any]) -> None:
            assert isinstance(request, TransactionEventRequest)
            sent.append((request.seq_no, asyncio.get_running_loop().time()))
            if sum(number == request.seq_no for number, _ in sent) <= failures[request.seq_no]:
                raise CallError(ErrorCode.INTERNAL_ERROR)

        delivery.went_online()
        await delivery.drain(call)
        expected, at = [], 0.0
        for number, count in enumerate(failures):
            for attempt in range(min(count + 1, attempts)):
                at += interval_s * attempt  # E13.FR.03
                expected.append((number, at))
        assert sent == expected  # E13.FR.02, E13.FR.04
        assert queue.given_up == sum(count >= attempts for count in failures) and not len(queue)

    run(use())
