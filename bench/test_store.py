"""The stores: how long a station with much to deliver takes to start, and how many events a CSMS makes durable."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from ocpp21.csms.sqlite import SqliteStore as CsmsStore
from ocpp21.messages.datatypes import IdTokenType, SampledValueType
from ocpp21.station.queue import MessageQueue
from ocpp21.station.sqlite import SqliteStore
from ocpp21.station.store import Put
from ocpp21.testing.transactions import transaction_event

#: Events that wait, their size, and how long opening the store and the queue may take.
EVENTS, SIZE, LIMIT_S = 100_000, 600, 1.0

VALUE = b'{"padding":"' + b"x" * (SIZE - 14) + b'"}'


def event(seq_no):
    """An event of about 600 bytes, with ten values."""
    samples = [SampledValueType(value=1000.5 + seq_no) for _ in range(10)]
    return transaction_event(seq_no, samples=samples, id_token=IdTokenType(id_token="A" * 20, type="ISO14443"))


async def per_second(work: Callable[[int], Awaitable[object]], writers: int, each: int) -> float:
    """How often work is done in a second, by so many at a time."""

    async def write(writer: int) -> None:
        for number in range(each):
            await work(writer * each + number)

    begin = time.perf_counter()
    await asyncio.gather(*(write(writer) for writer in range(writers)))
    return writers * each / (time.perf_counter() - begin)


def test_opening_with_many_queued_events(tmp_path, request: pytest.FixtureRequest):
    async def main():
        store = await SqliteStore.open(tmp_path / "station.db")
        queue = await MessageQueue.open(store)
        await queue.put(*(event(number) for number in range(EVENTS)))
        (row,) = await store.read("message_queue", limit=1)
        await store.close()
        took = []
        for _ in range(3):
            begin = time.perf_counter()
            store = await SqliteStore.open(tmp_path / "station.db")
            opened = time.perf_counter()
            queue = await MessageQueue.open(store)
            took.append((time.perf_counter() - begin, opened - begin))
            assert len(queue) == EVENTS
            await store.close()
        whole, opening = min(took)
        print(f"\n{EVENTS:,} events of {len(row[1])} bytes: {whole:.2f} s, of which the file {opening:.2f} s")
        if request.config.getoption("--assert-targets"):
            assert whole <= LIMIT_S

    asyncio.run(main())


@pytest.mark.parametrize("writers", [1, 100])
def test_durable_commits(tmp_path, writers):
    async def main():
        store = await SqliteStore.open(tmp_path / "station.db")
        rate = await per_second(
            lambda number: store.commit(Put("t", f"{number:09}", VALUE)), writers, 10_000 // writers
        )
        print(f"\n{writers} at a time: {rate:,.0f} durable commits of {SIZE} bytes per second")
        await store.close()

    asyncio.run(main())


@pytest.mark.parametrize("stations", [1, 100])
def test_events_recorded(tmp_path, stations):
    async def main():
        store = await CsmsStore.open(tmp_path / "csms.db")
        at = datetime.now(UTC)
        each = 5_000 // stations
        events = [event(number) for number in range(each)]
        rate = await per_second(
            lambda number: store.record_event(f"CS{number // each}", events[number % each], at), stations, each
        )
        print(f"\n{stations} stations: {rate:,.0f} TransactionEvents recorded per second")
        await store.close()

    asyncio.run(main())
