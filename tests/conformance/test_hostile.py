"""Systems under test that are dead or hostile: each ends in a verdict, and the next case starts clean."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket_connect

from ocpp21.conformance import Result, StationRunner, Verdict, load
from ocpp21.testing.virtual_time import run, wall_time
from tests.conformance.scripted import CONFIGURATION, ScriptedStation, case, expect, step

ASK = [step(1, "TS", "ClearCacheRequest"), step(2, "SUT", "ClearCacheResponse")]
CASE = case(steps=ASK, expect=[expect(2, "ClearCacheResponse", "status == Accepted")])

Behaviour = Callable[[ClientConnection], Awaitable[None]]


class RawStation(ScriptedStation):
    """A station that does as it likes with its WebSocket."""

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__()
        self._behaviour = behaviour
        self._task: asyncio.Task[None] | None = None

    async def start(self, url: str, /) -> None:
        self._task = asyncio.get_running_loop().create_task(self._live(url))

    async def stop(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _live(self, url: str) -> None:
        async with websocket_connect(
            f"{url}/CS001", subprotocols=["ocpp2.1"], ping_interval=None, proxy=None
        ) as socket:
            await self._behaviour(socket)


async def be_silent(socket: ClientConnection) -> None:
    await asyncio.Event().wait()


async def leave(socket: ClientConnection) -> None:
    await socket.close()


async def talk_garbage(socket: ClientConnection) -> None:
    for _ in range(50):
        await socket.send("garbage")
    await asyncio.Event().wait()


async def nest(socket: ClientConnection) -> None:
    await socket.send("[" * 100_000)
    await asyncio.Event().wait()


async def talk_for_ever(socket: ClientConnection) -> None:
    for number in range(1_000_000):
        await socket.send(f'[2,"{number}","Heartbeat",{{}}]')
        await socket.recv()
        await asyncio.sleep(1.0)


async def break_the_schema(socket: ClientConnection) -> None:
    await socket.send('[2,"1","Heartbeat",{"no":"such member"}]')
    await asyncio.Event().wait()


async def answer_something_else(socket: ClientConnection) -> None:
    async for message in socket:
        message_id = str(message).split('"')[1]
        await socket.send(f'[3,"{message_id}",{{"status":"Perhaps"}}]')


@pytest.mark.parametrize(
    "behaviour", [be_silent, leave, talk_garbage, nest, talk_for_ever, break_the_schema, answer_something_else]
)
def test_a_hostile_station_fails_in_time_and_the_next_case_starts_clean(behaviour: Behaviour) -> None:
    configuration = dataclasses.replace(CONFIGURATION, case_timeout_s=100.0, boot_timeout_s=20.0)

    async def live() -> None:
        library = load(CASE, "")
        one = library.cases["TC_X_01_CS"]
        driver: Any = RawStation(behaviour)
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        result = await StationRunner(configuration, wall_time, library, driver=driver).run(one)
        assert result.verdict is Verdict.FAIL, result.text
        assert loop.time() - began_at <= 110.0
        driver = ScriptedStation({"ClearCacheRequest": {"status": "Accepted"}})
        result = await StationRunner(configuration, wall_time, library, driver=driver).run(one)
        assert (result.verdict, result.text) == (Verdict.PASS, "")

    run(live(), real_io=True)


async def flood(socket: ClientConnection) -> None:
    """Say 3,000 things as fast as the test system answers, then nothing any more."""
    for number in range(3_000):
        await socket.send(f'[2,"{number}","Heartbeat",{{}}]')
        await socket.recv()
    await asyncio.Event().wait()


def flooded() -> Result:
    """What comes of a case at a station that floods."""

    async def live() -> Result:
        library = load(CASE, "")
        driver: Any = RawStation(flood)
        return await StationRunner(CONFIGURATION, wall_time, library, driver=driver).run(library.cases["TC_X_01_CS"])

    return run(live(), real_io=True)


def test_of_a_flood_the_log_has_the_beginning_and_the_end() -> None:
    result = flooded()
    assert result.verdict is Verdict.FAIL and "ClearCacheResponse" in result.text
    assert len(result.log) == 2_001
    assert result.log[0].text == "connection of CS001 opened"
    assert result.log[-1].text == "connection of CS001 ended"
    assert next(entry.text for entry in result.log if "left out" in entry.text).startswith("4,0")


def test_what_is_kept_of_a_flood_of_messages_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocpp21.conformance.wire.line._MOST_MESSAGES", 500)
    result = flooded()
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.text.startswith("the system under test has said more than the 500 messages and 67,108,864 bytes")


def test_a_station_that_never_comes_fails() -> None:
    class Absent(ScriptedStation):
        async def start(self, url: str, /) -> None:
            pass

    async def live() -> str:
        library = load(CASE, "")
        runner = StationRunner(CONFIGURATION, wall_time, library, driver=Absent())
        return (await runner.run(library.cases["TC_X_01_CS"])).text

    assert run(live(), real_io=True) == "start: expected a connection of the station, found none in time"
