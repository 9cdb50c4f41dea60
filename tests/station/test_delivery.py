"""Delivery by E13, in virtual time; and nothing is lost at whatever point the station is killed."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest

from ocpp21.csms.memory import MemoryStore as CsmsStore
from ocpp21.csms.store import Outcome
from ocpp21.errors import CallError, CallTimeout, ErrorCode, LocalProtocolError, QueueFull, SessionClosed
from ocpp21.messages.enumerations import TransactionEventEnumType
from ocpp21.messages.transactions import TransactionEventRequest
from ocpp21.station.delivery import Delivery, Retry
from ocpp21.station.memory import MemoryStore
from ocpp21.station.queue import Discarded, MessageQueue
from ocpp21.station.store import Change, Table
from ocpp21.testing.transactions import transaction_event
from ocpp21.wire import Request

REFUSED = CallError(ErrorCode.INTERNAL_ERROR)


class Instant(selectors.SelectSelector):
    """Waits no time: what the loop would wait for is over at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        found = super().select(0)
        if not found and timeout is None:
            raise AssertionError("nothing will ever happen")
        self.now += 0.0 if found else timeout or 0.0
        return found


class Loop(asyncio.SelectorEventLoop):
    """An event loop in virtual time."""

    def __init__(self) -> None:
        self.instant = Instant()
        super().__init__(self.instant)

    def time(self) -> float:
        return self.instant.now


def run(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(main)


class Csms:
    """The other side: notes what comes and when, and answers as it is told."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.found: list[tuple[float, int, bool | None]] = []

    async def __call__(self, request: Request[Any]) -> None:
        assert isinstance(request, TransactionEventRequest)
        self.found.append((round(asyncio.get_running_loop().time(), 3), request.seq_no, request.offline))
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, CallTimeout):
            await asyncio.sleep(30)
        if answer is not None:
            raise answer


async def made(
    count: int, attempts: int | None = 3, interval_s: float = 1, report: Callable[[Discarded], object] | None = None
) -> tuple[MessageQueue, Delivery]:
    queue = await MessageQueue.open(MemoryStore(), report=report)
    await queue.put(*(transaction_event(number) for number in range(count)))
    delivery = Delivery(queue, retry=lambda request: Retry(attempts, interval_s))
    delivery.went_online()
    return queue, delivery


@pytest.mark.use_case("E13")
def test_attempts_and_pauses() -> None:
    """Sent at 0, 1 and 3 s, then given up, and the next one comes (E13.FR.02-.04)."""

    async def main() -> None:
        told: list[Discarded] = []
        queue, delivery = await made(2, report=told.append)
        csms = Csms(REFUSED, REFUSED, REFUSED)
        await delivery.drain(csms)
        assert csms.found == [(0, 0, None), (1, 0, None), (3, 0, None), (3, 1, None)]
        assert (queue.given_up, len(queue)) == (1, 0)
        assert [(each.reason, each.transaction_id) for each in told] == [("given up", "transaction")]

    run(main())


@pytest.mark.use_case("E13")
def test_the_last_attempt_may_succeed() -> None:
    async def main() -> None:
        queue, delivery = await made(1, interval_s=60)
        csms = Csms(REFUSED, CallTimeout("late"))
        await delivery.drain(csms)
        assert csms.found == [(0, 0, None), (60, 0, None), (60 + 30 + 120, 0, None)]
        assert queue.given_up == 0

    run(main())


@pytest.mark.use_case("E13")
def test_one_attempt_is_not_repeated() -> None:
    async def main() -> None:
        _, delivery = await made(2, attempts=1)
        csms = Csms(LocalProtocolError("not valid"))
        await delivery.drain(csms)
        assert csms.found == [(0, 0, None), (0, 1, None)]

    run(main())


def test_attempts_without_end() -> None:
    async def main() -> None:
        queue, delivery = await made(1, attempts=None)
        csms = Csms(*[REFUSED] * 20)
        await delivery.drain(csms)
        assert len(csms.found) == 21
        assert queue.given_up == 0

    run(main())


def test_no_room_to_call_is_no_attempt() -> None:
    async def main() -> None:
        queue, delivery = await made(1, attempts=1)
        csms = Csms(*[QueueFull("full")] * 5)
        await delivery.drain(csms)
        assert csms.found[-1] == (5, 0, None)
        assert queue.given_up == 0

    run(main())


@pytest.mark.use_case("E13")
def test_a_lost_connection_is_no_attempt() -> None:
    async def main() -> None:
        queue, delivery = await made(2, attempts=1)
        csms = Csms(SessionClosed("cut"))
        running = asyncio.ensure_future(delivery.run(csms))
        await asyncio.sleep(100)
        assert csms.found == [(0, 0, None)]
        await queue.put(transaction_event(2, offline=True))
        await asyncio.sleep(100)
        delivery.went_online()
        await queue.put(transaction_event(3))
        await asyncio.sleep(1)
        assert csms.found[1:] == [(200, 0, True), (200, 1, True), (200, 2, True), (200, 3, None)]
        await queue.put(transaction_event(4))
        await asyncio.sleep(1)
        assert csms.found[-1] == (201, 4, None)
        running.cancel()

    run(main())


@pytest.mark.use_case("E13")
def test_a_connection_lost_between_attempts() -> None:
    """Flagged offline, and sent after the connection is back."""

    async def main() -> None:
        _, delivery = await made(1, attempts=5, interval_s=10)
        csms = Csms(REFUSED)
        running = asyncio.ensure_future(delivery.run(csms))
        await asyncio.sleep(5)
        await delivery.went_offline()
        await asyncio.sleep(50)
        assert csms.found == [(0, 0, None)]
        delivery.went_online()
        await asyncio.sleep(0.5)
        assert csms.found == [(0, 0, None), (55, 0, True)]
        running.cancel()

    run(main())


def test_the_late_end_of_an_earlier_connection_stops_nothing() -> None:
    async def main() -> None:
        _, delivery = await made(1)

        async def call(request: Request[Any]) -> None:
            if len(seen) == 0:
                seen.append(request)
                await delivery.went_offline()
                delivery.went_online()
                raise SessionClosed("the first one")
            seen.append(request)

        seen: list[Request[Any]] = []
        running = asyncio.ensure_future(delivery.run(call))
        await asyncio.sleep(1)
        assert len(seen) == 2
        running.cancel()

    run(main())


def test_an_error_that_is_none_of_ours_ends_the_run_and_loses_nothing() -> None:
    async def main() -> None:
        queue, delivery = await made(1)
        csms = Csms(ZeroDivisionError())
        with pytest.raises(ZeroDivisionError):
            await delivery.run(csms)
        assert len(queue) == 1
        await delivery.drain(csms)
        assert len(csms.found) == 2

    run(main())


def test_delivery_cancelled_at_every_step() -> None:
    """Each message arrives, and what arrives again does so only because its deletion had not begun."""

    async def main() -> None:
        for steps in range(40):
            _, delivery = await made(3)
            csms = Csms(REFUSED)
            work = asyncio.ensure_future(delivery.drain(csms))
            for _ in range(steps):
                await asyncio.sleep(0)
            work.cancel()
            await asyncio.wait([work])
            await delivery.drain(csms)
            arrived = [seq_no for _, seq_no, _ in csms.found]
            assert sorted(set(arrived)) == [0, 1, 2] and arrived == sorted(arrived), steps

    run(main())


class Killed(BaseException):
    """The power is gone."""


class Fuse:
    """Kills the station at the n-th point."""

    def __init__(self, points: int) -> None:
        self.points = points

    def burn(self) -> None:
        self.points -= 1
        if self.points < 0:
            raise Killed


class Mortal(MemoryStore):
    """A store whose station is killed before a commit, or after it and before it hears of it."""

    fuse: Fuse

    async def commit(self, *changes: Change) -> None:
        self.fuse.burn()
        await super().commit(*changes)
        self.fuse.burn()


class Made(msgspec.Struct):
    """How far a transaction has come: the state that is committed with its events."""

    seq_no: int


MADE = Table("made", Made)


@pytest.mark.use_case("E12")
def test_a_station_killed_at_every_point_loses_nothing() -> None:
    """F01: at each persist, send, answer and delete; I1 delivered at least once, I2 applied exactly once, in order."""
    kinds = [TransactionEventEnumType.STARTED, *[TransactionEventEnumType.UPDATED] * 3, TransactionEventEnumType.ENDED]
    events = [transaction_event(number, kind) for number, kind in enumerate(kinds)]

    async def life(store: Mortal, csms: CsmsStore, outcomes: list[Outcome]) -> None:
        queue = await MessageQueue.open(store)
        delivery = Delivery(queue, retry=lambda request: Retry(None, 1))
        delivery.went_online()

        async def call(request: Request[Any]) -> None:
            assert isinstance(request, TransactionEventRequest)
            store.fuse.burn()
            recorded = await csms.record_event("CS", request, request.timestamp)
            outcomes.append(recorded.outcome)
            store.fuse.burn()

        last = (await MADE.load(store)).get("last", Made(-1))
        for event in events[last.seq_no + 1 :]:
            await queue.put(event, also=[MADE.put("last", Made(event.seq_no))])
            if event.seq_no % 2:
                await delivery.drain(call)
        await delivery.drain(call)

    async def main(points: int) -> bool:
        """Live with so many points to go, and then, if that was cut short, without an end."""
        csms, store = CsmsStore(), Mortal()
        outcomes: list[Outcome] = []
        store.fuse = Fuse(points)
        is_killed = False
        try:
            await asyncio.ensure_future(life(store, csms, outcomes))
        except Killed:
            is_killed = True
            store = Mortal(store)
            store.fuse = Fuse(10**6)
            await life(store, csms, outcomes)
        assert [each.message.seq_no for each in await csms.events("CS", "transaction")] == list(range(5))
        assert outcomes.count(Outcome.NEW) == 5 and Outcome.CONFLICT not in outcomes
        assert outcomes.count(Outcome.DUPLICATE) <= 1
        return is_killed

    points = 0
    while asyncio.run(main(points)):
        points += 1
    assert points == 2 * (5 + 5 + 5)  # before and after: queued, sent, forgotten
