"""Work that goes on when the one who waits for it is gone."""

from __future__ import annotations

import asyncio
import logging

import pytest

from ocpp21.block import Role
from ocpp21.station.seeing_through import see_through
from ocpp21.testing.virtual_time import run


class Anybody(Role):
    side = "CS"


async def work(done: list[str], *, fails: bool = False) -> str:
    await asyncio.sleep(1)
    done.append("done")
    if fails:
        raise ValueError("expected a disk")
    return "result"


def test_the_result_and_the_error_arrive() -> None:
    async def scenario() -> None:
        role, done = Anybody(), list[str]()
        assert await see_through(role, work(done)) == "result"
        with pytest.raises(ValueError, match="disk"):
            await see_through(role, work(done, fails=True))
        assert done == ["done", "done"]

    run(scenario())


@pytest.mark.parametrize("fails", [False, True])
def test_it_goes_on_when_nobody_waits(fails: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        role, done = Anybody(), list[str]()
        waiting = asyncio.ensure_future(see_through(role, work(done, fails=fails)))
        await asyncio.sleep(0.5)
        waiting.cancel()
        await asyncio.sleep(1)
        assert waiting.cancelled() and done == ["done"]

    caplog.set_level(logging.ERROR)
    run(scenario())
    assert ("task of a role failed" in caplog.text) is fails  # nothing else would tell


def test_it_ends_with_the_role() -> None:
    async def scenario() -> None:
        role, done = Anybody(), list[str]()
        waiting = asyncio.ensure_future(see_through(role, work(done)))
        await asyncio.sleep(0.5)
        await role.stop()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not done

    run(scenario())
