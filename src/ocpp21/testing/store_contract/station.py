"""What every store of a Charging Station must do."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import ClassVar

from ocpp21.station.store import Change, Delete, Put, Store
from ocpp21.testing.store_contract.lives import Acknowledge, in_turn, refused, until_killed, with_store

__all__ = ["StationStoreContract"]


class StationStoreContract:
    """Tests of a :class:`ocpp21.station.store.Store`.

    Attributes:
        kills: how often it is killed.
        seed: of the dice.
    """

    kills: ClassVar[int] = 10
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

    def test_unknown_tables_are_empty(self, tmp_path: Path) -> None:
        """Nothing has to be created first."""

        async def use(store: Store) -> None:
            assert await store.read("nothing") == []
            assert await store.count("nothing") == 0
            await store.commit(Delete("nothing", "nobody"))
            await store.commit()

        asyncio.run(self._use(tmp_path, use))

    def test_records_come_in_the_order_of_their_keys(self, tmp_path: Path) -> None:
        """By code points, in pages, each table for itself."""
        keys = sorted(["", "0", "00", "10", "9", "A", "a", "a b", "Ä", "ä", "\uffff", "\U0001f50c", "z'\"%/"])

        async def use(store: Store) -> None:
            shuffled = random.Random(self.seed).sample(keys, len(keys))
            await store.commit(*(Put("t", key, f'"{place}"'.encode()) for place, key in enumerate(shuffled)))
            await store.commit(Put("s", "b", b"{}"), Put("u", "b", b"{}"))
            assert [key for key, _ in await store.read("t")] == keys
            assert dict(await store.read("t")) == {key: f'"{place}"'.encode() for place, key in enumerate(shuffled)}
            for place, key in enumerate(keys):
                assert [found for found, _ in await store.read("t", after=key)] == keys[place + 1 :]
                assert [found for found, _ in await store.read("t", after=key, limit=2)] == keys[place + 1 : place + 3]
            assert await store.count("t") == len(keys)
            assert await store.read("s") == [("b", b"{}")]

        asyncio.run(self._use(tmp_path, use))

    def test_changes_are_made_in_order(self, tmp_path: Path) -> None:
        """The last one of a key counts."""

        async def use(store: Store) -> None:
            await store.commit(Put("t", "a", b"1"), Put("t", "b", b"1"), Put("t", "a", b"2"), Delete("t", "b"))
            assert await store.read("t") == [("a", b"2")]
            await store.commit(Delete("t", "a"), Put("t", "a", b"3"), Put("t", "c", '"ä\U0001f50c"'.encode()))
            assert await store.read("t") == [("a", b"3"), ("c", '"ä\U0001f50c"'.encode())]

        asyncio.run(self._use(tmp_path, use))

    def test_it_does_what_a_dictionary_does(self, tmp_path: Path) -> None:
        """Any changes, in any order, with restarts between."""
        dice = random.Random(self.seed)
        model: dict[str, bytes] = {}

        async def use(store: Store) -> None:
            for _ in range(100):
                changes = list(_changes(dice))
                await store.commit(*changes)
                for change in changes:
                    model.pop(change.key, None)
                    if isinstance(change, Put):
                        model[change.key] = change.value
                assert await store.read("t") == sorted(model.items())
                assert await store.count("t") == len(model)

        print(f"seed {self.seed}")
        asyncio.run(self._use(tmp_path, use, use, use))

    def test_what_was_committed_is_there_after_a_restart(self, tmp_path: Path) -> None:
        """Also what many have committed at the same time."""

        async def use(store: Store) -> None:
            await asyncio.gather(*(store.commit(Put("t", f"{n}", b"1"), Put("u", f"{n}", b"2")) for n in range(100)))

        async def look(store: Store) -> None:
            assert {key for key, _ in await store.read("t")} == {str(n) for n in range(100)}
            assert {key for key, _ in await store.read("u")} == {str(n) for n in range(100)}

        asyncio.run(self._use(tmp_path, use, look))

    def test_a_commit_that_nobody_waits_for_is_made_whole(self, tmp_path: Path) -> None:
        """Whoever waits is cancelled after every number of steps; closing waits for the commit."""

        async def use(store: Store) -> None:
            for steps in range(12):
                commit = asyncio.ensure_future(_pair(store, f"{steps}"))
                for _ in range(steps):
                    await asyncio.sleep(0)
                commit.cancel()
                await asyncio.wait([commit])

        async def look(store: Store) -> None:
            found = [key for key, _ in await store.read("t")]
            assert found == [key for key, _ in await store.read("u")]
            assert set(found) >= {str(steps) for steps in range(1, 12)}

        asyncio.run(self._use(tmp_path, use, look))

    def test_a_closed_store_says_so(self, tmp_path: Path) -> None:
        """Every use is an error, but for closing."""

        async def use(store: Store) -> None:
            await store.close()
            await refused(store.read("t"), store.count("t"), store.commit())

        asyncio.run(self._use(tmp_path, use))

    def test_what_was_acknowledged_survives_a_kill(self, tmp_path: Path) -> None:
        """A program that commits is killed at any moment, opened again, and compared with what it has acknowledged."""
        opened = self.killed()
        if opened is None:
            return
        dice = random.Random(self.seed)
        print(f"seed {self.seed}")
        acknowledged: set[str] = set()

        async def look(store: Store) -> None:
            found = [key for key, _ in await store.read("t")]
            assert found == [key for key, _ in await store.read("u")]
            assert set(found) >= acknowledged
            await store.close()

        for number in range(self.kills):
            work = partial(_commit_for_ever, opened, tmp_path / "store", number)
            acknowledged.update(until_killed(work, acknowledgements=dice.randrange(60)))
            asyncio.run(with_store(opened(tmp_path / "store"), look))
        assert acknowledged

    async def _use(self, place: Path, *uses: Callable[[Store], Awaitable[None]]) -> None:
        await in_turn(self.open, place, uses)


def _changes(dice: random.Random) -> Iterator[Change]:
    """Some changes of one table; the same keys come again and again."""
    for _ in range(dice.randrange(6)):
        key = str(dice.randrange(30))
        yield Delete("t", key) if dice.random() < 0.4 else Put("t", key, str(dice.randrange(10**6)).encode())


async def _pair(store: Store, key: str) -> None:
    """Commit two records that belong together."""
    await store.commit(Put("t", key, b'{"padding": "............................"}'), Put("u", key, b"{}"))


async def _commit_for_ever(
    opened: Callable[[Path], Awaitable[Store]], path: Path, number: int, acknowledge: Acknowledge
) -> None:
    """Commit pairs of records, several at a time, and say of each when it is durable."""
    store = await opened(path)

    async def commit(writer: int) -> None:
        for count in range(10**6):
            key = f"{number}-{writer}-{count}"
            await _pair(store, key)
            acknowledge(key)

    await asyncio.gather(*(commit(writer) for writer in range(3)))
