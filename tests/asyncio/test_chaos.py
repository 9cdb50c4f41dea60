"""What networks and peers do to connections: silence, resets, and peers that do not read. Nothing is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from chaos_proxy import ChaosProxy, chaos_proxy
from loopback import BRIEF, bare, is_served, open_to_all, raw_station, settle, station, until
from raw_peer import ALIVE, CHANGE_AVAILABILITY, HEARTBEAT

from ocpp21.asyncio import Connection, Patience, Server, connect
from ocpp21.errors import SessionClosed
from ocpp21.messages import DataTransferRequest

#: Finds out soon that the peer is silent.
WATCHFUL = Patience(ping_interval_s=0.2, pong_timeout_s=0.2, stall_timeout_s=0.3, close_timeout_s=0.2)

LARGE = DataTransferRequest(vendor_id="v", data="x" * 500_000)

#: A Heartbeat, as a masked frame with a mask of zeros.
BEAT = b'[2,"a","Heartbeat",{}]'
BEAT_FRAME = bytes([0x81, 0x80 | len(BEAT), 0, 0, 0, 0]) + BEAT


@asynccontextmanager
async def through_proxy(server: Server, patience: Patience = BRIEF) -> AsyncIterator[tuple[ChaosProxy, Connection]]:
    """Our client, through the proxy, and it works."""
    async with chaos_proxy(server.ports[0]) as proxy:
        async with connect(f"ws://127.0.0.1:{proxy.port}", "CS1", patience=patience) as connection:
            assert await connection.call(HEARTBEAT) == ALIVE
            yield proxy, connection


async def test_a_reset_ends_both_ends() -> None:
    async with open_to_all() as server, through_proxy(server) as (proxy, connection):
        peer = server.connections["CS1"]
        call = asyncio.create_task(peer.call(CHANGE_AVAILABILITY))
        proxy.passages[0].stop()
        ours = asyncio.create_task(connection.call(HEARTBEAT))
        await settle()
        proxy.passages[0].reset()
        for waiting in (call, ours):
            with pytest.raises(SessionClosed):
                await waiting
        await peer.wait_closed()
        await connection.wait_closed()
        assert dict(server.connections) == {}


async def test_silence_is_noticed_by_both_ends() -> None:
    async with open_to_all(patience=WATCHFUL) as server, through_proxy(server, WATCHFUL) as (proxy, connection):
        peer = server.connections["CS1"]
        proxy.passages[0].stop()
        for end in (peer, connection):
            with pytest.raises(SessionClosed, match="no sign of life"):
                await end.call(CHANGE_AVAILABILITY if end is peer else HEARTBEAT)
            await end.wait_closed()


async def test_a_connection_that_is_only_idle_lives() -> None:
    async with open_to_all(patience=WATCHFUL) as server, station(server, patience=WATCHFUL) as connection:
        peer = server.connections["CS1"]
        heard: list[float] = []
        while len(heard) < 6:  # pings and pongs come from both ends
            await peer._transport.heard()
            heard.append(peer._transport.heard_at)
        assert heard[-1] - heard[0] > WATCHFUL.pong_timeout_s
        assert await connection.call(HEARTBEAT) == ALIVE


async def test_any_frame_is_a_sign_of_life() -> None:
    """A station that never answers pings, but makes calls, stays connected."""
    async with open_to_all(patience=WATCHFUL) as server, bare(server) as (reader, writer):
        pings = 0
        while pings < 4:
            writer.write(BEAT_FRAME)
            head = await reader.readexactly(2)
            await reader.readexactly(head[1])
            pings += head[0] == 0x89
        assert not server.connections["CS1"].is_closed


@pytest.mark.attack("A55")
async def test_half_a_frame_is_no_sign_of_life() -> None:
    """A byte at a time."""
    async with open_to_all(patience=WATCHFUL) as server, bare(server) as (_, writer):
        connection = server.connections["CS1"]
        for byte in BEAT_FRAME[:-1]:
            writer.write(bytes([byte]))
            await settle()
        await connection.wait_closed()
        assert connection.statistics.received == 0


async def test_a_close_that_is_never_finished_ends_all_the_same() -> None:
    async with open_to_all() as server, bare(server) as (_, writer):
        connection = server.connections["CS1"]
        writer.write(bytes([0x88, 0x82, 0, 0, 0, 0]) + (1000).to_bytes(2, "big"))
        await connection.wait_closed()


async def test_a_peer_that_never_answers_our_close_is_cut_off() -> None:
    async with open_to_all() as server, bare(server):
        await server.connections["CS1"].close()
        assert dict(server.connections) == {}


@pytest.mark.attack("A56")
async def test_a_peer_that_never_reads_is_cut_off() -> None:
    """With a hundred calls waiting for it, each of which fails once."""
    async with open_to_all() as server, bare(server, has_small_buffers=True) as (reader, writer):
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        connection = server.connections["CS1"]
        waiting = [asyncio.create_task(connection.call(LARGE)) for _ in range(100)]
        while not connection.is_closed:
            writer.write(BEAT_FRAME * 100)
            await settle()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(result, SessionClosed) for result in results)
        assert {str(result) for result in results} == {"the peer does not read"}
        await connection.wait_closed()


@pytest.mark.attack("A56")
async def test_a_peer_that_lets_too_much_wait_is_not_read_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocpp21.asyncio.connection._BACKLOG", 0)
    async with open_to_all(patience=Patience(ping_interval_s=0, close_timeout_s=0.5)) as server:
        async with bare(server, has_small_buffers=True) as (reader, writer):
            connection = server.connections["CS1"]
            call = asyncio.create_task(connection.call(DataTransferRequest(vendor_id="v", data="x" * 1_000_000)))
            reader._transport.pause_reading()  # type: ignore[attr-defined]
            while not connection._transport._socket._is_held:
                writer.write(BEAT_FRAME * 100)
                await settle()
            before = connection.statistics.received
            for _ in range(100):
                writer.write(BEAT_FRAME * 100)
                await settle()
            assert connection.statistics.received == before
            reader._transport.resume_reading()  # type: ignore[attr-defined]
            drained = asyncio.create_task(_discard(reader))
            await until(lambda: connection.statistics.received > before)
            drained.cancel()
            await asyncio.wait([drained])
            call.cancel()
            await asyncio.wait([call])


async def _discard(reader: asyncio.StreamReader) -> None:
    while await reader.read(1 << 20):
        continue


async def test_sends_wait_for_a_peer_that_reads_slowly() -> None:
    async with open_to_all() as server, through_proxy(server) as (proxy, connection):
        proxy.passages[0].stop()
        calls = [asyncio.create_task(connection.call(LARGE)) for _ in range(3)]
        await settle()
        proxy.passages[0].go_on()
        await asyncio.gather(*calls)


async def test_a_second_station_is_undisturbed() -> None:
    async with open_to_all(patience=WATCHFUL) as server, raw_station(server, "/ocpp/CS2") as honest:
        for _ in range(5):
            async with bare(server) as (_, writer):
                writer.write(BEAT_FRAME[:-3])
                assert await is_served(honest)
        await until(lambda: "CS1" not in server.connections)
        assert await is_served(honest)
