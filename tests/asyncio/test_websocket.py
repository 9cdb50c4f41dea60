"""The transport over ``websockets``: what comes early, and what waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from chaos_proxy import chaos_proxy
from loopback import BRIEF, dial, is_served, open_to_all, raw_station, until
from raw_peer import ALIVE, HEARTBEAT, STREAM
from websockets.exceptions import ConnectionClosed
from websockets.utils import accept_key

from ocpp21.asyncio import Patience
from ocpp21.errors import SessionClosed
from ocpp21.limits import Limits
from ocpp21.messages import DataTransferRequest

CALL = b'[2,"a","ClearCache",{}]'
FRAME = bytes([0x81, len(CALL)]) + CALL


@asynccontextmanager
async def hasty_csms(count: int, heard: list[bytes]) -> AsyncIterator[str]:
    """A CSMS that calls in the same breath in which it accepts."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line for line in request.splitlines() if line.startswith("Sec-WebSocket-Key")).split(": ")[1]
        head = [
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Protocol: ocpp2.1",
            f"Sec-WebSocket-Accept: {accept_key(key)}",
        ]
        writer.write("\r\n".join([*head, "", ""]).encode() + FRAME * count)
        heard.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("count", [1, 15, 16, 20])
async def test_what_comes_before_anybody_listens_is_kept(count: int) -> None:
    heard: list[bytes] = []
    async with hasty_csms(count, heard) as where:
        async with dial(where, "CS1", compression=False, patience=BRIEF) as connection:
            await until(lambda: connection.statistics.received == count)
            assert connection.statistics.sent == count
        await until(lambda: heard)


async def test_sends_wait_for_a_peer_that_does_not_read() -> None:
    limits = Limits(max_size=40_000_000)
    patience = Patience(ping_interval_s=0, stall_timeout_s=20, close_timeout_s=0.5)
    async with open_to_all(limits=limits) as server, chaos_proxy(server.ports[0]) as proxy:
        where = f"ws://127.0.0.1:{proxy.port}"
        async with dial(where, "CS1", limits=limits, patience=patience, compression=False) as connection:
            assert await connection.call(HEARTBEAT) == ALIVE
            proxy.passages[0].stop()
            large = asyncio.create_task(connection.call(DataTransferRequest(vendor_id="v", data="x" * 30_000_000)))
            await until(lambda: connection.statistics.sent == 2)
            send = asyncio.create_task(connection.send(STREAM))
            for _ in range(100):
                await asyncio.sleep(0)
            assert not send.done() and connection.statistics.sent == 2
            proxy.passages[0].go_on()
            await asyncio.gather(large, send)
            assert await connection.call(HEARTBEAT) == ALIVE


@pytest.mark.parametrize("is_reset", [False, True])
async def test_sends_that_wait_end_with_the_connection(is_reset: bool) -> None:
    limits = Limits(max_size=40_000_000)
    async with open_to_all() as server, chaos_proxy(server.ports[0]) as proxy:
        where = f"ws://127.0.0.1:{proxy.port}"
        async with dial(where, "CS1", limits=limits, patience=BRIEF, compression=False) as connection:
            assert await connection.call(HEARTBEAT) == ALIVE
            proxy.passages[0].stop()
            large = asyncio.create_task(connection.call(DataTransferRequest(vendor_id="v", data="x" * 30_000_000)))
            await until(lambda: connection.statistics.sent == 2)
            send = asyncio.create_task(connection.send(STREAM))
            await asyncio.sleep(0)
            if is_reset:
                proxy.passages[0].reset()
            with pytest.raises(SessionClosed, match="." if is_reset else "the peer does not read"):
                await large
            await asyncio.wait([send])  # in the moment of the loss, a SEND may still seem to have been sent
            assert is_reset or isinstance(send.exception(), SessionClosed)


async def test_a_reason_of_any_length() -> None:
    async with open_to_all() as server, raw_station(server) as socket:
        await until(lambda: server.connections)
        await server.connections["CS1"].close(1008, "é" * 1000)
        with pytest.raises(ConnectionClosed) as caught:
            await socket.recv()
        assert caught.value.rcvd.code == 1008 and caught.value.rcvd.reason == "é" * 61


async def test_holding_back_needs_a_reason() -> None:
    async with open_to_all() as server, raw_station(server) as socket:
        await until(lambda: server.connections)
        server.connections["CS1"]._transport.hold()
        assert await is_served(socket)
