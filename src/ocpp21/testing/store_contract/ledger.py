"""What every store of a CSMS must do with transactions."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import ClassVar

import msgspec

from ocpp21 import codec
from ocpp21.csms.ledger import replay
from ocpp21.csms.store import Outcome, Recorded, Store
from ocpp21.messages.datatypes import (
    SampledValueType,
)
from ocpp21.messages.enumerations import (
    TransactionEventEnumType,
)
from ocpp21.messages.transactions import TransactionEventRequest
from ocpp21.testing.store_contract.lives import Acknowledge, in_turn, until_killed, with_store
from ocpp21.testing.transactions import Made, arrivals, transaction_event

__all__ = ["AT", "LedgerContract"]

#: When everything comes in.
AT = datetime(2025, 6, 1, tzinfo=UTC)
_STARTED = TransactionEventEnumType.STARTED
_UPDATED = TransactionEventEnumType.UPDATED
_ENDED = TransactionEventEnumType.ENDED


class LedgerContract:
    """Tests of the transactions in a :class:`ocpp21.csms.store.Store`, and of how it opens, closes and survives.

    Attributes:
        kills: how often it is killed.
        schedules: number of transactions whose events arrive late, again, and in any order.
        seed: of the dice.
    """

    kills: ClassVar[int] = 10
    schedules: ClassVar[int] = 200
    seed: ClassVar[int] = 21

    async def open(self, place: Path, before: Store | None) -> Store:
        """Open the store.

        Args:
            place: an empty directory, or the one it was in before.
            before: the store that was closed before, if any.
        """
        raise NotImplementedError

    def killed(self) -> Callable[[Path], Awaitable[Store]] | None:
        """What opens the store at a path, in a process that will be killed; None for a store that may forget."""
        return None

    def test_events_are_applied_once(self, tmp_path: Path) -> None:
        """Whether they are sent again at once, after a restart, or marked as offline by then (E11.FR.07)."""
        events = [_reading(0, 100, _STARTED), _reading(1, 150), _reading(2, 175.5, _ENDED)]

        async def use(store: Store) -> None:
            for event in events:
                assert (await store.record_event("A", event, AT)).outcome == Outcome.NEW
                again = await store.record_event("A", msgspec.structs.replace(event, offline=True), AT)
                assert again.outcome == Outcome.DUPLICATE
                assert again.transaction == await store.transaction("A", "transaction")

        async def look(store: Store) -> None:
            for event in events:
                assert (await store.record_event("A", event, AT)).outcome == Outcome.DUPLICATE
            assert [received.message for received in await store.events("A", "transaction")] == events
            found = await store.transaction("A", "transaction")
            assert found == replay("A", "transaction", events)
            assert found is not None and (str(found.energy_wh), found.is_complete) == ("75.5", True)

        asyncio.run(self.use(tmp_path, use, look))

    def test_late_events_fill_gaps(self, tmp_path: Path) -> None:
        """Whatever the order, the transaction is the same."""
        events = [_reading(n, n, {0: _STARTED, 9: _ENDED}.get(n, _UPDATED)) for n in range(10)]

        async def use(store: Store) -> None:
            for event in (events[9], events[4], events[5], events[0]):
                assert (await store.record_event("A", event, AT)).outcome == Outcome.NEW
            assert await store.gaps("A", "transaction") == [range(1, 4), range(6, 9)]
            for event in (events[2], events[7], events[8], events[3], events[6], events[1]):
                assert (await store.record_event("A", event, AT)).outcome == Outcome.NEW
            assert await store.gaps("A", "transaction") == []
            assert await store.transaction("A", "transaction") == replay("A", "transaction", events)

        asyncio.run(self.use(tmp_path, use))

    def test_a_late_reading_shows_that_the_meter_went_backwards(self, tmp_path: Path) -> None:
        """It is compared with the readings nearest to it, over events that have none."""

        async def use(store: Store) -> None:
            for name, late, falls in (("a", 15.0, False), ("b", 9.0, True), ("c", 21.0, True)):
                for event in (_reading(1, 10, _STARTED, name), _reading(5, 20, _UPDATED, name)):
                    await store.record_event("A", event, AT)
                await store.record_event("A", transaction_event(2, transaction_id=name), AT)
                await store.record_event("A", transaction_event(4, transaction_id=name), AT)
                found = (await store.record_event("A", _reading(3, late, _UPDATED, name), AT)).transaction
                assert found is not None and found.went_backwards is falls

        asyncio.run(self.use(tmp_path, use))

    def test_contradictions_change_nothing(self, tmp_path: Path) -> None:
        """Another event with the same seqNo, a second Started or Ended, one outside of both, an absurd seqNo."""
        wrong = (
            _reading(3, 11),
            transaction_event(4, _STARTED),
            transaction_event(4, _ENDED),
            transaction_event(1),
            transaction_event(7),
            transaction_event(2**31),
        )

        async def use(store: Store) -> None:
            for event in (_reading(2, 5, _STARTED), _reading(3, 10), _reading(6, 20, _ENDED)):
                await store.record_event("A", event, AT)
            before = await store.transaction("A", "transaction")
            for event in wrong:
                recorded = await store.record_event("A", event, AT)
                assert (recorded.outcome, recorded.transaction) == (Outcome.CONFLICT, before), event
                assert recorded.reason
            assert await store.transaction("A", "transaction") == before
            assert len(await store.events("A", "transaction")) == 3
            first = await store.record_event("A", transaction_event(2**31, transaction_id="new"), AT)
            assert (first.outcome, first.transaction) == (Outcome.CONFLICT, None)
            assert await store.transaction("A", "new") is None

        asyncio.run(self.use(tmp_path, use))

    def test_a_station_cannot_touch_what_another_one_reported(self, tmp_path: Path) -> None:
        """The same transactionId is another transaction there, and no identity can be made to run into another."""

        async def use(store: Store) -> None:
            identities = ["A", "A/t", "A%2Ft", "a", "AB", "", "/", "%"]
            ids = ["t", "t/1", "/", "", "%"]
            for identity in identities:
                for id in ids:
                    for event in (_reading(0, 1, _STARTED, id), _reading(1, 5, _ENDED, id)):
                        assert (await store.record_event(identity, event, AT)).outcome == Outcome.NEW
            for identity in identities:
                assert sorted(found.transaction_id for found in await store.transactions(identity)) == sorted(ids)
                for id in ids:
                    found = await store.transaction(identity, id)
                    assert found is not None and (found.identity, found.transaction_id) == (identity, id)
                    assert len(await store.events(identity, id)) == 2
            assert await store.transaction("B", "t") is None
            assert await store.events("B", "t") == []
            assert await store.gaps("B", "t") == []

        asyncio.run(self.use(tmp_path, use))

    def test_transactions_are_found(self, tmp_path: Path) -> None:
        """By id without regard to case, in pages, and as long as they go on."""

        async def use(store: Store) -> None:
            for identity in ("A", "B"):
                for id in ("t1", "T2", "t3"):
                    await store.record_event(identity, transaction_event(0, _STARTED, transaction_id=id), AT)
            await store.record_event("A", transaction_event(1, _ENDED, transaction_id="t2"), AT)
            found = await store.transaction("A", "t2")
            assert found is not None and (found.transaction_id, found.is_ended) == ("T2", True)
            assert [each.transaction_id for each in await store.transactions("A", after="t1", limit=1)] == ["T2"]
            assert [each.transaction_id for each in await store.ongoing("A")] == ["t1", "t3"]
            assert [(each.identity, each.transaction_id) for each in await store.ongoing()] == [
                ("A", "t1"),
                ("A", "t3"),
                ("B", "t1"),
                ("B", "T2"),
                ("B", "t3"),
            ]

        asyncio.run(self.use(tmp_path, use))

    def test_what_lenient_mode_let_in_comes_out_again(self, tmp_path: Path) -> None:
        """Unknown values of enumerations, and strings that are too long, are kept as they came."""
        payload = (
            b'{"eventType":"Updated","timestamp":"2025-06-01T00:00:00Z","triggerReason":"Whim","seqNo":3,'
            b'"transactionInfo":{"transactionId":"t","chargingState":"Dozing"},"idToken":{"idToken":"%s","type":"Ring"},'
            b'"customData":{"vendorId":"v","n":[1.5,{"a":null}]}}' % (b"x" * 300)
        )
        event = codec.decode(TransactionEventRequest, payload, lenient=True)

        async def use(store: Store) -> None:
            for outcome in (Outcome.NEW, Outcome.DUPLICATE):
                assert (await store.record_event("A", event, AT)).outcome == outcome
            (received,) = await store.events("A", "t")
            assert (received.message, received.received_at) == (event, AT)
            found = await store.transaction("A", "t")
            assert found == replay("A", "t", [event])

        asyncio.run(self.use(tmp_path, use))

    def test_schedules(self, tmp_path: Path) -> None:
        """Events late, again and in any order, of many stations at once: each applied once, the energy is the truth."""
        print(f"seed {self.seed}")

        async def use(store: Store) -> None:
            await asyncio.gather(*(self._schedule(store, number) for number in range(self.schedules)))

        asyncio.run(self.use(tmp_path, use))

    async def _schedule(self, store: Store, number: int) -> None:
        dice = random.Random(self.seed * 1_000_003 + number)
        made = Made(dice, "t")
        outcomes = [
            (await store.record_event(f"CS{number}", event, AT)).outcome for event in arrivals(dice, made.events)
        ]
        assert outcomes.count(Outcome.NEW) == len(made.events), number
        assert Outcome.CONFLICT not in outcomes, number
        found = await store.transaction(f"CS{number}", "t")
        assert found is not None and (found.energy_wh, found.is_complete) == (made.energy_wh, True), number
        assert not found.went_backwards, number

    def test_an_event_that_nobody_waits_for_is_applied_whole(self, tmp_path: Path) -> None:
        """Whoever waits is cancelled after every number of steps."""

        async def use(store: Store) -> None:
            for steps in range(12):
                work = asyncio.ensure_future(_record(store, steps))
                for _ in range(steps):
                    await asyncio.sleep(0)
                work.cancel()
                await asyncio.wait([work])

        async def look(store: Store) -> None:
            events = [received.message for received in await store.events("A", "transaction")]
            assert {event.seq_no for event in events} >= set(range(1, 12))
            assert await store.transaction("A", "transaction") == replay("A", "transaction", events)

        asyncio.run(self.use(tmp_path, use, look))

    def test_events_of_one_transaction_at_the_same_time(self, tmp_path: Path) -> None:
        """Many are recorded at once, some twice, some late, and some by whoever does not wait: none is lost."""
        print(f"seed {self.seed}")

        async def use(store: Store) -> None:
            await asyncio.gather(*(self._at_once(store, number) for number in range(self.schedules)))

        asyncio.run(self.use(tmp_path, use))

    async def _at_once(self, store: Store, number: int) -> None:
        dice = random.Random(self.seed * 1_000_003 + number)
        made = Made(dice, "t")
        identity, waiting = f"CS{number}", list(arrivals(dice, made.events))
        works: list[asyncio.Future[Recorded]] = []
        while waiting:
            for _ in range(min(len(waiting), dice.randrange(1, 4))):
                works.append(asyncio.ensure_future(store.record_event(identity, waiting.pop(0), AT)))
                for _ in range(dice.randrange(4)):
                    await asyncio.sleep(0)
            if dice.random() < 0.2:
                dice.choice(works).cancel()
            await asyncio.wait(works, return_when=dice.choice((asyncio.FIRST_COMPLETED, asyncio.ALL_COMPLETED)))
            works = [work for work in works if not work.done()]
        await asyncio.gather(*works, return_exceptions=True)
        for event in made.events:  # one that was cancelled before it began is sent again
            await store.record_event(identity, event, AT)
        found = await store.transaction(identity, "t")
        applied = [received.message for received in await store.events(identity, "t")]
        assert found == replay(identity, "t", applied), number
        assert (found.energy_wh, found.is_complete) == (made.energy_wh, True), number

    def test_what_was_acknowledged_survives_a_kill(self, tmp_path: Path) -> None:
        """A CSMS that records is killed at any moment, opened again, and compared with what it has acknowledged."""
        opened = self.killed()
        if opened is None:
            return
        dice = random.Random(self.seed)
        print(f"seed {self.seed}")
        acknowledged: set[str] = set()

        async def look(store: Store) -> None:
            for identity in {name.partition(" ")[0] for name in acknowledged}:
                events = [received.message for received in await store.events(identity, "transaction")]
                found = await store.transaction(identity, "transaction")
                assert found == replay(identity, "transaction", events)
                known = {f"{identity} {event.seq_no}" for event in events}
                assert known >= {name for name in acknowledged if name.startswith(f"{identity} ")}

        for number in range(self.kills):
            work = partial(_record_for_ever, opened, tmp_path / "store", number)
            acknowledged.update(until_killed(work, acknowledgements=dice.randrange(60)))
            asyncio.run(with_store(opened(tmp_path / "store"), look))
        assert acknowledged

    async def use(self, place: Path, *uses: Callable[[Store], Awaitable[None]]) -> None:
        """Open the store for each use anew."""
        await in_turn(self.open, place, uses)


def _reading(
    seq_no: int, wh: float, type: TransactionEventEnumType = _UPDATED, transaction_id: str = "transaction"
) -> TransactionEventRequest:
    return transaction_event(seq_no, type, transaction_id=transaction_id, samples=[SampledValueType(value=float(wh))])


async def _record(store: Store, seq_no: int) -> None:
    await store.record_event("A", _reading(seq_no, seq_no), AT)


async def _record_for_ever(
    opened: Callable[[Path], Awaitable[Store]], path: Path, number: int, acknowledge: Acknowledge
) -> None:
    """Record the events of several stations at a time, and say of each when it is durable."""
    store = await opened(path)

    async def record(identity: str) -> None:
        for seq_no in range(10**6):
            await store.record_event(identity, _reading(seq_no, seq_no), AT)
            acknowledge(f"{identity} {seq_no}")

    await asyncio.gather(*(record(f"CS{number}-{station}") for station in range(3)))
