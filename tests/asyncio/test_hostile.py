"""Frames of a hostile station over a socket: each is dealt with, the next Heartbeat served, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any

import pytest
from hostile import CLOSED, CORPUS, INCUMBENT, SERVED, SILENT, Hostile
from loopback import is_served, open_to_all, raw_station, station
from raw_peer import ALIVE, HEARTBEAT
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from ocpp21.asyncio import Server
from ocpp21.limits import Limits

#: Everything that a WebSocket can carry as text; a ``str`` with half a surrogate pair has no bytes.
FRAMES = [frame for frame in CORPUS + INCUMBENT if isinstance(frame.data, bytes)]

#: Of the server: so that every frame can be answered.
LIMITS = Limits(error_burst=10**6)


def families() -> Iterator[Any]:
    for family, frames in groupby(FRAMES, lambda frame: frame.name[:3] if frame in CORPUS else "incumbent"):
        yield pytest.param(list(frames), id=family)


@asynccontextmanager
async def undisturbed(server: Server) -> AsyncIterator[None]:
    """A second station that makes calls all the while, every one of which must be answered."""
    async with station(server, "CS2") as other:

        async def beat() -> None:
            while True:
                assert await other.call(HEARTBEAT) == ALIVE
                await asyncio.sleep(0)

        heart = asyncio.create_task(beat())
        yield
        assert not heart.done()
        heart.cancel()
        await asyncio.wait([heart])
        assert other.statistics.refused == other.statistics.dropped == 0


async def expect(socket: ClientConnection, frame: Hostile) -> bool:
    """Send a frame and see what comes of it; returns whether the connection goes on."""
    await socket.send(frame.data, text=True)
    if frame.expected is CLOSED:
        with pytest.raises(ConnectionClosed) as caught:
            await socket.recv()
        assert caught.value.rcvd is not None and caught.value.rcvd.code in (1007, 1009), frame.name
        return False
    if frame.expected is not SILENT:
        kind, *answer = json.loads(await socket.recv())
        assert kind == 3 if frame.expected is SERVED else (kind, *answer[:2]) == (4, *frame.expected), frame.name
    assert await is_served(socket), frame.name
    return True


@pytest.mark.parametrize("frames", list(families()))
async def test_hostile_frames(frames: list[Hostile]) -> None:
    async with open_to_all(limits=LIMITS) as server, undisturbed(server):
        goes_on = False
        socket: ClientConnection
        for frame in frames:
            if not goes_on:
                socket = await raw_station(server)
            goes_on = await expect(socket, frame)
        await socket.close()


def test_there_are_enough() -> None:
    assert len(FRAMES) >= 600


async def test_garbage_in_a_row_is_cut_off() -> None:
    async with open_to_all() as server, undisturbed(server), raw_station(server) as socket:
        with pytest.raises(ConnectionClosed) as caught:
            for _ in range(1000):
                await socket.send("x")
            while True:
                assert json.loads(await socket.recv())[:3] == [4, "-1", "RpcFrameworkError"]
        assert caught.value.rcvd.code == 1002


async def test_error_replies_are_limited() -> None:
    async with open_to_all(limits=Limits(error_burst=5, errors_per_s=0.001)) as server, raw_station(server) as socket:
        for number in range(50):
            await socket.send(f'[2,"{number}","Nope",{{}}]')
        assert [json.loads(await socket.recv())[1] for _ in range(5)] == ["0", "1", "2", "3", "4"]
        assert await is_served(socket)


@pytest.mark.parametrize("data", [b"\x00\x01", b'[2,"a","Heartbeat",{}]', b"", b"\xff" * 1000], ids=ascii)
async def test_binary_messages_are_dropped(data: bytes) -> None:
    """Row 1 of the receiver's decision table; also in fragments, with a text message behind."""
    async with open_to_all() as server, raw_station(server) as socket:
        await socket.send(data)
        await socket.send([data, data, b""])
        assert await is_served(socket)


async def test_fragments_are_put_together() -> None:
    async with open_to_all() as server, raw_station(server) as socket:
        await socket.send(["[2,", *[""] * 5000, '"a","Heart', 'beat",{}]'])
        assert (await socket.recv()).startswith('[3,"a"')
        assert await is_served(socket)


async def test_a_bomb_is_not_inflated() -> None:
    """A megabyte of blanks deflates to a kilobyte; the limit holds after inflation."""
    async with open_to_all(limits=Limits(max_size=10_000)) as server, undisturbed(server):
        async with raw_station(server) as socket:
            assert "permessage-deflate" in socket.response.headers["Sec-WebSocket-Extensions"]
            await socket.send('[2,"a","Heartbeat",{}]' + " " * 9_000)
            assert (await socket.recv()).startswith('[3,"a"')
            await socket.send('[2,"a","Heartbeat",{}]' + " " * 1_000_000)
            with pytest.raises(ConnectionClosed) as caught:
                await socket.recv()
            assert caught.value.rcvd.code == 1009
