"""The Charging Station's side: one connection."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from loopback import BRIEF, Carrier, dial, open_to_all, station, url
from raw_peer import ALIVE, HEARTBEAT
from websockets.asyncio.server import serve as raw_serve
from websockets.exceptions import ConnectionClosed

from ocpp21.asyncio import HandshakeFailed, connect
from ocpp21.errors import LocalProtocolError, PayloadError


@asynccontextmanager
async def raw_csms(handler: Any, **options: Any) -> AsyncIterator[str]:
    """A CSMS that does whatever it likes; gives its URL."""
    async with raw_serve(handler, "127.0.0.1", 0, ping_interval=None, **options) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ocpp"


@asynccontextmanager
async def tcp(answer: bytes) -> AsyncIterator[str]:
    """A TCP server that says the same to everybody, and hangs up."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


async def until_closed(socket: Any) -> None:
    try:
        await socket.recv()
    except ConnectionClosed:
        pass


async def test_both_ways_to_connect() -> None:
    async with open_to_all() as server:
        async with station(server) as connection:
            assert await connection.call(HEARTBEAT) == ALIVE
        assert connection.is_closed
        connection = await station(server)
        assert await connection.call(HEARTBEAT) == ALIVE
        await connection.close()


async def test_the_request() -> None:
    seen: list[Any] = []

    async def handler(socket: Any) -> None:
        seen.append(socket.request)
        await until_closed(socket)

    async with raw_csms(handler, subprotocols=["ocpp2.1"]) as where:
        async with dial(where, "RDAM|123", password="pässword:1", patience=BRIEF):
            pass
    (request,) = seen
    assert request.path == "/ocpp/RDAM%7C123"
    assert request.headers["Authorization"] == "Basic UkRBTXwxMjM6cMOkc3N3b3JkOjE="
    assert request.headers["Sec-WebSocket-Protocol"] == "ocpp2.1"
    is_deflate_offered = Carrier.stack == "websockets"
    assert ("permessage-deflate" in request.headers.get("Sec-WebSocket-Extensions", "")) == is_deflate_offered


async def test_without_compression() -> None:
    async with open_to_all() as server, station(server, compression=False) as connection:
        assert await connection.call(HEARTBEAT) == ALIVE


async def test_a_handshake_without_our_subprotocol_is_a_failure() -> None:
    async with raw_csms(until_closed) as where:
        with pytest.raises(HandshakeFailed, match="expected one of our subprotocols") as caught:
            await dial(where, "CS1", patience=BRIEF)
        assert caught.value.status is None


async def test_a_subprotocol_that_was_not_offered_is_a_failure() -> None:
    async with raw_csms(until_closed, select_subprotocol=lambda socket, offered: "ocpp1.6") as where:
        with pytest.raises(HandshakeFailed):
            await dial(where, "CS1", patience=BRIEF)


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 429, 500, 503])
async def test_a_refusal_tells_its_status(status: int) -> None:
    head = f"HTTP/1.1 {status} X\r\nLocation: ws://127.0.0.1:1/other\r\nContent-Length: 0\r\n\r\n"
    async with tcp(head.encode()) as where:
        with pytest.raises(HandshakeFailed, match=f"found {status}") as caught:
            await dial(where, "CS1", password="secret")
        assert caught.value.status == status and "secret" not in repr(caught.value)


@pytest.mark.parametrize("answer", [b"", b"x", b"HTTP/1.1 101 Switching Protocols\r\n\r\n", b"SSH-2.0\r\n\r\n"])
async def test_what_is_no_websocket(answer: bytes) -> None:
    async with tcp(answer) as where:
        with pytest.raises(HandshakeFailed):
            await dial(where, "CS1")


async def test_nobody_there() -> None:
    async with open_to_all() as server:
        where = url(server)
    with pytest.raises(ConnectionRefusedError):
        await dial(where, "CS1")


async def test_a_csms_that_says_nothing() -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    with pytest.raises(TimeoutError):
        await connect(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", "CS1", open_timeout_s=0.05)
    server.close()
    await server.wait_closed()


def test_tls_is_never_a_matter_of_chance() -> None:
    with pytest.raises(LocalProtocolError, match="expected `ssl` with wss"):
        connect("wss://csms.example", "CS1")
    with pytest.raises(LocalProtocolError, match="expected `ssl` with wss"):
        connect("ws://csms.example", "CS1", ssl=ssl.create_default_context())


async def test_an_answer_that_is_not_valid_fails_the_call() -> None:
    heard: list[str] = []

    async def handler(socket: Any) -> None:
        message_id = (await socket.recv()).split('"')[1]
        await socket.send(f'[3,"{message_id}",{{"currentTime":"now"}}]')
        heard.append(await socket.recv())
        await until_closed(socket)

    async with raw_csms(handler, subprotocols=["ocpp2.1"]) as where:
        async with dial(where, "CS1", patience=BRIEF) as connection:
            with pytest.raises(PayloadError) as caught:
                await connection.call(HEARTBEAT)
            assert caught.value.pointer == "/currentTime"
    assert heard[0].startswith("[5,") and "FormatViolation" in heard[0]


async def test_an_error_while_opening_leaves_nothing() -> None:
    async with open_to_all() as server:

        def no_session(version: Any) -> Any:
            raise RuntimeError("no session")

        with pytest.raises(RuntimeError):
            await station(server, make_session=no_session)
