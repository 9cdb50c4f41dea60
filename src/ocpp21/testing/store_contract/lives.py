"""The lives of a store under test: opened, closed, opened again; or killed."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

from ocpp21.errors import StoreError

__all__ = ["Acknowledge", "in_turn", "refused", "until_killed", "with_store"]

#: Tells the test, in the process that will be killed, that something is durable.
Acknowledge: TypeAlias = Callable[[str], object]


class _Closable(Protocol):
    async def close(self) -> None: ...


StoreT = TypeVar("StoreT", bound=_Closable)


async def in_turn(
    opened: Callable[[Path, StoreT | None], Awaitable[StoreT]],
    place: Path,
    uses: Sequence[Callable[[StoreT], Awaitable[None]]],
) -> None:
    """Open a store for each use anew, and close it after."""
    store: StoreT | None = None
    for use in uses:
        store = await opened(place, store)
        try:
            await use(store)
        finally:
            await store.close()


async def with_store(opened: Awaitable[StoreT], use: Callable[[StoreT], Awaitable[None]]) -> None:
    """Use a store, and close it."""
    store = await opened
    try:
        await use(store)
    finally:
        await store.close()


async def refused(*uses: Awaitable[object]) -> None:
    """Check that each use is refused."""
    for use in uses:
        try:
            await use
        except StoreError:
            continue
        raise AssertionError("expected a closed store to raise StoreError")


def until_killed(work: Callable[[Acknowledge], Coroutine[Any, Any, None]], /, *, acknowledgements: int) -> list[str]:
    """Run work in another process, and kill it, with no chance to do anything, after so many acknowledgements.

    Args:
        work: what to run; a function of a module, so that the other process finds it.
        acknowledgements: how many to wait for; whatever else has come by the time it is dead counts too.

    Returns:
        What was acknowledged.
    """
    context = _context()
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(work, theirs), daemon=True)
    process.start()
    theirs.close()
    acknowledged: list[str] = []
    try:
        while len(acknowledged) < acknowledgements:
            acknowledged.append(ours.recv())
        process.kill()
        while True:
            acknowledged.append(ours.recv())
    except EOFError:
        pass
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()
    return acknowledged


def _context() -> SpawnContext:
    """How to start processes: fast where the system can, and without a fork of the tests, which have threads."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context: Any = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ocpp21.testing.store_contract"])
    started: SpawnContext = context  # alike in all that is used of it
    return started


def _run(work: Callable[[Acknowledge], Coroutine[Any, Any, None]], theirs: Connection) -> None:
    asyncio.run(work(theirs.send))
