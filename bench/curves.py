"""How cost grows: with the size of a message, and with what a ledger holds."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench import others, traffic
from ocpp21.cli.measure import interleave
from ocpp21.cli.peers import Job
from ocpp21.csms import SqliteStore
from ocpp21.testing.transactions import transaction_event

#: Transactions in the ledger at the points of the curve.
_STORED: Final = (100, 1_000, 10_000, 50_000)

#: Stations that write at a time, and events that they write in a round.
_WRITERS, _EVENTS = 100, 2_000


def sizes(rounds: int) -> dict[str, list[tuple[float, float]]]:
    """By peer: bytes of a frame, and microseconds to decode it; the slowest two are left out of the large ones."""
    found: dict[str, list[tuple[float, float]]] = {}
    for data in traffic.growing():
        works = others.line_up(Job.DECODE, data)
        if len(data.frame) > 20_000:
            works = {name: work for name, work in works.items() if name not in ("jsonschema", "ocpp")}
        for name, seconds in interleave(works, rounds).items():
            found.setdefault(name, []).append((float(len(data.frame)), 1e6 * statistics.median(seconds)))
    return found


def stored(rounds: int) -> list[tuple[float, float]]:
    """Transactions in a durable ledger, and microseconds of CPU for each event that it takes then."""
    with tempfile.TemporaryDirectory() as directory:
        return asyncio.run(_stored(Path(directory) / "csms.db", rounds))


async def _stored(path: Path, rounds: int) -> list[tuple[float, float]]:
    store, found, held = await SqliteStore.open(path), [], 0
    at = datetime.now(UTC)

    async def write(station: int, begin: int, count: int) -> None:
        for number in range(begin, begin + count):
            event = transaction_event(0, transaction_id=f"{station}/{number}")
            await store.record_event(f"CS{station}", event, at)

    async def fill(count: int) -> None:
        nonlocal held
        each = count // _WRITERS
        await asyncio.gather(*(write(station, held, each) for station in range(_WRITERS)))
        held += each

    for count in _STORED:
        await fill(max(count - held * _WRITERS, 0))
        times = []
        for _ in range(rounds):
            begin = time.process_time()
            await fill(_EVENTS)
            times.append((time.process_time() - begin) / _EVENTS)
        found.append((float(count), 1e6 * statistics.median(times)))
    await store.close()
    return found
