"""A station in a program of its own is killed at random moments, over a real socket and with its store in a file."""

from __future__ import annotations

import asyncio
import random
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from laboratory import TOKEN

from ocpp21.asyncio import Bounds
from ocpp21.asyncio.roles import serve_roles
from ocpp21.csms import CSMS, Settings, SqliteStore
from roles import station_program
from roles.reconciling import check_transactions, no_complaints

#: Stations at a time, and how often each is killed.
STATIONS, KILLS = 4, 6

SEED = 2101


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, str(station_program.__file__), *arguments, stdout=asyncio.subprocess.PIPE
    )


async def haunt(url: str, number: int, folder: Path) -> Decimal:
    """Start a station again and again, kill it each time, and let it come to an end at last.

    Returns:
        What its meter shows in the end, in Wh.
    """
    dice = random.Random(SEED + number)
    identity, meter = f"CS{number}", folder / f"{number}.meter"
    arguments = url, identity, str(folder / f"{number}.db"), str(meter)
    for _ in range(KILLS):
        program = await start(*arguments)
        assert program.stdout is not None
        assert await program.stdout.readline() == b"accepted\n"
        await asyncio.sleep(dice.uniform(0, 0.6))
        program.kill()
        assert await program.wait() < 0
    program = await start(*arguments, "1")
    _, _ = await asyncio.wait_for(program.communicate(), 30)
    assert program.returncode == 0
    return Decimal(meter.read_text())


@pytest.mark.use_case("E12")
def test_a_station_killed_at_any_moment(tmp_path: Path) -> None:
    async def main() -> None:
        store = await SqliteStore.open(tmp_path / "csms.db")
        async with (
            CSMS(store, settings=Settings(inventory=None)) as csms,
            serve_roles(csms, "127.0.0.1", 0, allow_unauthenticated=True, bounds=Bounds(per_source=None)) as server,
        ):
            await csms.tokens.put(TOKEN)
            url = f"ws://127.0.0.1:{server.ports[0]}"
            shown = await asyncio.gather(*(haunt(url, number, tmp_path) for number in range(STATIONS)))
            lost = 0
            for number, register_wh in enumerate(shown):
                transactions = await check_transactions(store, f"CS{number}")
                assert len(transactions) >= 2
                # Nothing flows between transactions, so all that the meter has shown is in one of them.
                assert sum(each.energy_wh or Decimal(0) for each in transactions) == register_wh > 0
                lost += sum(each.stopped_reason == "PowerLoss" for each in transactions)
            assert lost > STATIONS  # the kills have hit transactions
        await store.close()

    print(f"seed {SEED}")
    with no_complaints():
        asyncio.run(main())
