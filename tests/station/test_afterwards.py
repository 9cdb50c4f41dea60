"""What follows an answer."""

from __future__ import annotations

import asyncio

from ocpp21.block import Role
from ocpp21.station.afterwards import afterwards
from ocpp21.testing.virtual_time import run


class Station(Role):
    side = "CS"


def test_work_follows_the_task_that_answers() -> None:
    done: list[float] = []

    async def follow() -> None:
        done.append(asyncio.get_running_loop().time())

    async def scenario() -> None:
        station = Station()

        async def answer() -> None:
            afterwards(station, follow)
            await asyncio.sleep(3)

        await asyncio.create_task(answer())
        await asyncio.sleep(1)
        assert done == [3.0]

    run(scenario())


def test_work_from_a_callback_begins_at_once() -> None:
    done: list[float] = []

    async def follow() -> None:
        done.append(asyncio.get_running_loop().time())

    async def scenario() -> None:
        station = Station()
        asyncio.get_running_loop().call_later(1, lambda: afterwards(station, follow))
        await asyncio.sleep(2)
        assert done == [1.0]

    run(scenario())
