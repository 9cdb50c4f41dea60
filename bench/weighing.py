"""Weighs stations: the memory of a server's process that grows with each one, once it has been busy for a while."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

import orjson

from bench.pressing import Serving, converse, events, opened_socket, serving

#: Stations that are there before the first weighing, and that come between the two.
FIRST: Final = 200
MORE: Final = 1_000

#: Events of the transaction that is under way at each.
EVENTS: Final = 70

#: Stations that talk at a time: what a server holds while it works is not what it holds for a station.
_AT_A_TIME: Final = 50


def weigh(*kinds: str, stations: int = MORE, events_each: int = EVENTS) -> dict[str, float]:
    """Bytes that a server of each kind holds for a busy station.

    Each has booted, told the status of its connector, and has a transaction under way. Servers are processes of their
    own, one after the other.
    """
    found = {}
    for kind in kinds:
        with serving(kind) as servers:
            found[kind] = asyncio.run(_weigh(servers[kind], stations, events_each))
    return found


async def _weigh(server: Serving, stations: int, events_each: int) -> float:
    async with contextlib.AsyncExitStack() as stack:
        await _come(stack, server, range(FIRST), events_each)
        before = server.resident_bytes()
        await _come(stack, server, range(FIRST, FIRST + stations), events_each)
        return (server.resident_bytes() - before) / stations


async def _come(stack: contextlib.AsyncExitStack, server: Serving, numbers: range, events_each: int) -> None:
    for begin in range(numbers.start, numbers.stop, _AT_A_TIME):
        group = range(begin, min(begin + _AT_A_TIME, numbers.stop))
        sockets = [await stack.enter_async_context(opened_socket(server, number)) for number in group]
        await asyncio.gather(
            *(converse(socket, _said(number, events_each)) for socket, number in zip(sockets, group, strict=True))
        )


def _said(number: int, events_each: int) -> list[str]:
    """What a station has said when its transaction has been under way for a while."""
    status = {"timestamp": "2026-01-01T10:20:30Z", "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1}
    boot = {"reason": "PowerUp", "chargingStation": {"model": "Wallbox 22", "vendorName": "Example"}}
    calls = (("BootNotification", boot), ("StatusNotification", status))
    frames = [orjson.dumps([2, action, action, payload]).decode() for action, payload in calls]
    return [*frames, *events(f"weighed {number}", events_each)]
