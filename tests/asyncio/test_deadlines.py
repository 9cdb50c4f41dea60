"""The timers of one connection, in real time that is short; the transport's congestion is set by hand."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from raw_peer import HEARTBEAT

from ocpp21.asyncio.deadlines import Deadlines
from ocpp21.session import Session


class Congestion:
    """As much of a transport as matters here."""

    congested_since: float | None = None


class Fixture:
    def __init__(self) -> None:
        self.due = asyncio.Event()
        self.stalled = asyncio.Event()
        self.session = Session("CS")
        self.transport: Any = Congestion()
        self.deadlines = Deadlines(
            self.session, self.transport, stall_timeout_s=0.02, on_due=self.due.set, on_stalled=self.stalled.set
        )


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_the_answer_is_due() -> None:
    fixture = Fixture()
    fixture.deadlines.watch()
    fixture.session.call(HEARTBEAT, now(), timeout_s=0.01)
    for _ in range(3):
        fixture.deadlines.watch()
    await fixture.due.wait()
    assert not fixture.stalled.is_set()


async def test_a_peer_that_does_not_read() -> None:
    fixture = Fixture()
    fixture.transport.congested_since = now()
    fixture.deadlines.watch()
    await fixture.stalled.wait()


@pytest.mark.parametrize("is_congested_again", [False, True])
async def test_a_peer_that_has_read_in_between(is_congested_again: bool) -> None:
    fixture = Fixture()
    begin = now()
    fixture.transport.congested_since = begin
    fixture.deadlines.watch()
    fixture.transport.congested_since = begin + 0.01 if is_congested_again else None
    if is_congested_again:
        await fixture.stalled.wait()
        assert now() - begin >= 0.03
    else:
        fixture.session.call(HEARTBEAT, begin, timeout_s=0.04)
        fixture.deadlines.watch()
        await fixture.due.wait()
        assert not fixture.stalled.is_set()


async def test_none_ring_after_the_end() -> None:
    fixture = Fixture()
    fixture.session.call(HEARTBEAT, now(), timeout_s=0.01)
    fixture.transport.congested_since = now()
    fixture.deadlines.watch()
    fixture.deadlines.stop()
    fixture.deadlines.stop()
    await asyncio.sleep(0)
    assert not fixture.due.is_set() and not fixture.stalled.is_set()
