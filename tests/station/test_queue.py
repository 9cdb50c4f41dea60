"""The queue of a station: durable, in order, and never more than the rules allow thrown away."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ocpp21.errors import LocalProtocolError, StoreError, StoreFull
from ocpp21.messages.availability import HeartbeatRequest
from ocpp21.messages.datatypes import TransactionType
from ocpp21.messages.enumerations import TransactionEventEnumType, TriggerReasonEnumType
from ocpp21.messages.security import SecurityEventNotificationRequest
from ocpp21.messages.transactions import TransactionEventRequest
from ocpp21.station.memory import MemoryStore
from ocpp21.station.queue import Discarded, MessageQueue
from ocpp21.station.sqlite import SqliteStore
from ocpp21.station.store import Change, Put, Store, Table
from ocpp21.testing.transactions import transaction_event
from ocpp21.wire import Request

STARTED = TransactionEventEnumType.STARTED
UPDATED = TransactionEventEnumType.UPDATED
ENDED = TransactionEventEnumType.ENDED


class Frail(MemoryStore):
    """A store that fails as often as it is told to."""

    failures = 0
    error: type[StoreError] = StoreFull

    async def commit(self, *changes: Change) -> None:
        if self.failures:
            self.failures -= 1
            raise self.error("expected room")
        await super().commit(*changes)


class State(msgspec.Struct):
    name: str


STATES = Table("state", State)


def run(use: Callable[[Any], Coroutine[Any, Any, None]], store: Store | None = None) -> None:
    asyncio.run(use(store or Frail()))


def security(number: int) -> SecurityEventNotificationRequest:
    return SecurityEventNotificationRequest(type=f"E{number}", timestamp=datetime(2025, 1, 1, tzinfo=UTC))


async def emptied(queue: MessageQueue) -> list[Request[Any]]:
    """All messages, in order, each as good as delivered."""
    found = []
    while (waiting := await queue.next()) is not None:
        found.append(waiting.request)
        await queue.done(waiting.key)
    return found


def seq_nos(requests: Iterable[Request[Any]]) -> list[int]:
    return [request.seq_no for request in requests if isinstance(request, TransactionEventRequest)]


def test_first_in_first_out_over_restarts(tmp_path: Path) -> None:
    async def use() -> None:
        store = await SqliteStore.open(tmp_path / "x.db")
        queue = await MessageQueue.open(store)
        for number in range(0, 50, 2):
            await queue.put(transaction_event(number), transaction_event(number + 1))
        await store.close()
        store = await SqliteStore.open(tmp_path / "x.db")
        queue = await MessageQueue.open(store)
        assert len(queue) == 50
        for number in range(50, 70):
            await queue.put(transaction_event(number))
        found = await emptied(queue)
        assert seq_nos(found) == list(range(70))
        assert [request.offline for request in found] == [True] * 50 + [None] * 20  # type: ignore[attr-defined]
        assert (len(queue), await queue.next()) == (0, None)
        assert await store.count("message_queue") == 0
        await store.close()

    asyncio.run(use())


def test_numbers_are_never_used_again() -> None:
    async def use(store: Frail) -> None:
        queue = await MessageQueue.open(store)
        await queue.put(transaction_event(0), transaction_event(1))
        await emptied(queue)
        queue = await MessageQueue.open(store)
        await queue.put(transaction_event(2))
        assert [key for key, _ in await store.read("message_queue")] == ["000000000000003"]

    run(use)


def test_a_message_and_the_state_it_reports_share_a_commit() -> None:
    async def use(store: Frail) -> None:
        queue = await MessageQueue.open(store)
        await queue.put(transaction_event(0), also=[STATES.put("a", State("started"))])
        assert await STATES.load(store) == {"a": State("started")}
        store.failures = 1
        with pytest.raises(StoreFull):
            await queue.put(transaction_event(1), also=[STATES.put("a", State("ended"))])
        assert (len(queue), await STATES.load(store)) == (1, {"a": State("started")})
        with pytest.raises(LocalProtocolError):
            await queue.put(transaction_event(-1), also=[STATES.put("a", State("ended"))])
        assert await store.count("message_queue") == 1
        assert seq_nos(await emptied(queue)) == [0]

    run(use)


def test_two_queues_in_one_store() -> None:
    async def use(store: Frail) -> None:
        queues = [await MessageQueue.open(store, name=name) for name in ("a", "b")]
        for number, queue in enumerate(queues):
            await queue.put(transaction_event(number))
        queues = [await MessageQueue.open(store, name=name) for name in ("a", "b")]
        assert [seq_nos(await emptied(queue)) for queue in queues] == [[0], [1]]

    run(use)


def test_whether_messages_of_a_transaction_wait() -> None:
    async def use(store: Frail) -> None:
        queue = await MessageQueue.open(store)
        await queue.put(HeartbeatRequest())
        assert (queue.has_messages(), queue.has_messages("a")) == (False, False)
        await queue.put(*(transaction_event(number, transaction_id="a") for number in range(2)))
        again = await MessageQueue.open(store)
        for each in (queue, again):
            assert (each.has_messages(), each.has_messages("a"), each.has_messages("b")) == (True, True, False)
        for _ in range(3):
            assert queue.has_messages("a")
            waiting = await queue.next()
            assert waiting is not None
            await queue.done(waiting.key)
        assert (queue.has_messages(), queue.has_messages("a")) == (False, False)

    run(use)


@pytest.mark.use_case("E11")
def test_waiting_messages_are_marked_when_the_connection_ends() -> None:
    """E11.FR.07; what comes after the connection is back is not (and what waits stays marked)."""

    async def use(store: Frail) -> None:
        queue = await MessageQueue.open(store)
        await queue.put(transaction_event(0), HeartbeatRequest(), transaction_event(1))
        await queue.mark_offline()
        await queue.mark_offline()
        await queue.put(transaction_event(2))
        waiting = await queue.next()
        assert waiting is not None and waiting.request == transaction_event(0, offline=True)
        found = await emptied(queue)
        assert found == [
            transaction_event(0, offline=True),
            HeartbeatRequest(),
            transaction_event(1, offline=True),
            transaction_event(2),
        ]

    run(use)


@pytest.mark.use_case("E11")
def test_inner_updates_go_first_and_what_counts_stays() -> None:
    """Cap 4, eight events, one of them LimitSet: Started, LimitSet, Ended and the oldest and newest value are kept."""

    async def use(store: Frail) -> None:
        told: list[Discarded] = []
        queue = await MessageQueue.open(store, limit=4, report=told.append)
        for number in range(8):
            kind = {0: STARTED, 7: ENDED}.get(number, UPDATED)
            reason = TriggerReasonEnumType.LIMIT_SET if number == 4 else TriggerReasonEnumType.METER_VALUE_PERIODIC
            await queue.put(transaction_event(number, kind, trigger_reason=reason))
        assert queue.thinned == len(told) == 3
        assert {each.reason for each in told} == {"thinned"}
        assert (await MessageQueue.open(store)).thinned == 3
        assert seq_nos(await emptied(queue)) == [0, 1, 4, 6, 7]

    run(use)


@pytest.mark.use_case("E12")
def test_the_first_third_and_fifth_inner_update_go() -> None:
    async def use(store: Frail) -> None:
        queue = await MessageQueue.open(store, limit=10)
        await queue.put(*(transaction_event(number) for number in range(10)))
        await queue.put(transaction_event(10, ENDED))
        assert seq_nos(await emptied(queue)) == [0, 2, 4, 6, 8, 9, 10]

    run(use)


def test_messages_of_no_transaction_go_before_all_others() -> None:
    async def use(store: Frail) -> None:
        queue = await MessageQueue.open(store, limit=6)
        await queue.put(*(transaction_event(number) for number in range(3)), *map(security, range(3)))
        await queue.put(transaction_event(3))
        found = await emptied(queue)
        assert [each.type for each in found if isinstance(each, SecurityEventNotificationRequest)] == ["E1"]
        assert seq_nos(found) == [0, 1, 2, 3]

    run(use)


def test_the_message_that_is_being_delivered_stays() -> None:
    async def use(store: Frail) -> None:
        queue = await MessageQueue.open(store, limit=3)
        await queue.put(*map(security, range(3)))
        waiting = await queue.next()
        assert waiting is not None and waiting.request == security(0)
        await queue.put(security(3))
        found = await emptied(queue)
        assert found == [security(0), security(2), security(3)]

    run(use)


def test_a_full_store_makes_room_before_it_refuses() -> None:
    async def use(store: Frail) -> None:
        queue = await MessageQueue.open(store)
        await queue.put(*(transaction_event(number) for number in range(4)))
        store.failures = 1
        await queue.put(transaction_event(4))
        store.failures = 2
        with pytest.raises(StoreFull):
            await queue.put(transaction_event(5))
        assert queue.thinned == 2
        store.failures, store.error = 1, StoreError
        with pytest.raises(StoreError):
            await queue.put(transaction_event(6))
        assert seq_nos(await emptied(queue)) == [0, 2, 4]

    run(use)


def test_a_store_over_its_limit_that_is_full_too() -> None:
    async def use(store: Frail) -> None:
        queue = await MessageQueue.open(store, limit=4)
        await queue.put(*(transaction_event(number) for number in range(4)))
        store.failures = 1
        with pytest.raises(StoreFull):
            await queue.put(transaction_event(4))
        assert (queue.thinned, len(queue)) == (0, 4)

    run(use)


def test_what_a_full_store_refuses_is_saved_later(caplog: pytest.LogCaptureFixture) -> None:
    """Delivery goes on; at worst a message is delivered again after a restart."""

    async def use(store: Frail) -> None:
        queue = await MessageQueue.open(store)
        await queue.put(*(transaction_event(number) for number in range(3)))
        store.failures = 4
        waiting = await queue.next()
        assert waiting is not None
        assert await queue.failed(waiting.key) == 1
        await queue.give_up(waiting.key)
        assert [each.seq_no for each in await emptied(queue)] == [1, 2]  # type: ignore[attr-defined]
        assert await store.count("message_queue") == 3
        await queue.put(transaction_event(3))
        assert (queue.given_up, len(queue)) == (1, 1)
        queue = await MessageQueue.open(store)
        assert (queue.given_up, seq_nos(await emptied(queue))) == (1, [3])

    with caplog.at_level(logging.WARNING, "ocpp21.station"):
        run(use)
    assert "queue not saved table=message_queue changes=" in caplog.text


def test_what_this_program_cannot_read_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def use(store: Frail) -> None:
        queue = await MessageQueue.open(store)
        await queue.put(*(transaction_event(number) for number in range(4)))
        rows = await store.read("message_queue")
        await store.commit(
            Put("message_queue", rows[0][0], b'{"type": 3}'),
            Put("message_queue", rows[1][0], b'{"type": "FutureRequest", "request": {}}'),
            Put(
                "message_queue",
                rows[2][0],
                b'{"type": "TransactionEventRequest", "request": {"a": 1}}',
            ),
        )
        queue = await MessageQueue.open(store)
        assert len(queue) == 3
        assert seq_nos(await emptied(queue)) == [3]
        assert (len(queue), queue.has_messages(), await store.count("message_queue")) == (0, False, 3)

    with caplog.at_level(logging.WARNING, "ocpp21.station"):
        run(use)
    assert "record left out table=message_queue key=000000000000001" in caplog.text
    assert "message left out table=message_queue key=000000000000002" in caplog.text
    assert "message left out table=message_queue key=000000000000003" in caplog.text


def test_a_page_of_unreadable_messages_hides_nothing() -> None:
    async def use(store: Frail) -> None:
        queue = await MessageQueue.open(store)
        await queue.put(*(transaction_event(number) for number in range(70)))
        for key, _ in (await store.read("message_queue"))[:65]:
            await store.commit(Put("message_queue", key, b"[]"))
        assert seq_nos(await emptied(await MessageQueue.open(store))) == list(range(65, 70))

    run(use)


def test_rows_that_somebody_else_has_deleted_are_forgotten() -> None:
    async def use(store: Frail) -> None:
        queue = await MessageQueue.open(store)
        await queue.put(transaction_event(0))
        for key, _ in await store.read("message_queue"):
            await store.commit(Table("message_queue", State).delete(key))
        assert (await queue.next(), len(queue), queue.has_messages()) == (None, 0, False)

    run(use)


def test_only_the_next_message_can_be_done() -> None:
    async def use(store: Frail) -> None:
        queue = await MessageQueue.open(store)
        await queue.put(transaction_event(0))
        for work in (queue.done("1"), queue.give_up("1"), queue.failed("1")):
            with pytest.raises(LocalProtocolError, match="expected the key of the message that is next, None, found 1"):
                await work

    run(use)


def test_a_put_that_nobody_waits_for_is_whole(tmp_path: Path) -> None:
    async def use() -> None:
        store = await SqliteStore.open(tmp_path / "x.db")
        queue = await MessageQueue.open(store)
        for steps in range(15):
            work = asyncio.ensure_future(queue.put(transaction_event(steps), also=[STATES.put(f"{steps}", State("s"))]))
            for _ in range(steps):
                await asyncio.sleep(0)
            work.cancel()
            await asyncio.wait([work])
        found = seq_nos(await emptied(queue))
        assert found == sorted(map(int, await STATES.load(store)))
        assert set(found) >= set(range(1, 15))
        await store.close()

    asyncio.run(use())


def test_thinning_over_many_random_queues() -> None:
    """Whatever comes, Started, Ended and limits stay, in order, and each loss is counted."""
    seed = 21
    print(f"seed {seed}")
    dice = random.Random(seed)

    async def use(store: Frail) -> None:
        for number in range(200):
            queue = await MessageQueue.open(store, limit=dice.randrange(1, 20), name=f"q{number}")
            kept, count = [], dice.randrange(1, 40)
            for place in range(count):
                kind = dice.choice((STARTED, UPDATED, UPDATED, UPDATED, ENDED))
                is_limit = dice.random() < 0.3
                reason = TriggerReasonEnumType.TIME_LIMIT_REACHED if is_limit else TriggerReasonEnumType.TRIGGER
                if kind != UPDATED or is_limit:
                    kept.append(place)
                await queue.put(transaction_event(place, kind, trigger_reason=reason))
            found = seq_nos(await emptied(queue))
            assert found == sorted(found) and set(kept) <= set(found)
            assert len(found) + queue.thinned == count

    run(use)


def test_the_id_of_the_transaction_is_what_counts() -> None:
    async def use(store: Frail) -> None:
        queue = await MessageQueue.open(store)
        info = TransactionType(transaction_id="other")
        await queue.put(msgspec.structs.replace(transaction_event(0), transaction_info=info))
        assert queue.has_messages("other")

    run(use)
