"""What `picows` leaves to us: fragments, reserved bits, limits, and the closing handshake."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from loopback import BRIEF, until
from raw_peer import HEARTBEAT
from websockets.utils import accept_key

from ocpp21.asyncio import Connection, HandshakeFailed, connect
from ocpp21.errors import SessionClosed
from ocpp21.limits import Limits

pytest.importorskip("picows")

LIMITS = Limits(max_size=1000)
CALL = b'[2,"1","Heartbeat",{}]'
TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


def frame(kind: int, data: bytes = b"", *, fin: bool = True, reserved: int = 0) -> bytes:
    """A frame of a server: without a mask."""
    head = bytes([(0x80 if fin else 0) | reserved << 4 | kind])
    length = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack(">H", len(data))
    return head + length + data


class RawServer:
    """Shakes hands, says what a test wants, and reads what comes."""

    def __init__(self, extra: str = "") -> None:
        self.extra = extra
        self.writer: asyncio.StreamWriter
        self.read = b""
        self.has_ended = False
        self.url = ""

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line.partition(": ")[2] for line in request.split("\r\n") if line.startswith("Sec-WebSocket-Key"))
        lines = [
            "HTTP/1.1 101 Switching Protocols",
            *("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept_key(key)}"),
            f"Sec-WebSocket-Protocol: ocpp2.1{self.extra}",
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        self.writer = writer
        while data := await reader.read(65536):
            self.read += data
        self.has_ended = True
        writer.close()


@asynccontextmanager
async def joined(extra: str = "", **options: Any) -> AsyncIterator[tuple[RawServer, Connection]]:
    raw = RawServer(extra)
    server = await asyncio.start_server(raw.take, "127.0.0.1", 0)
    raw.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        async with connect(raw.url, "CS1", stack="picows", patience=BRIEF, limits=LIMITS, **options) as connection:
            yield raw, connection
    finally:
        server.close()
        await server.wait_closed()


async def test_fragments_are_put_together() -> None:
    async with joined() as (raw, connection):
        raw.writer.write(
            frame(TEXT, CALL[:5], fin=False)
            + frame(PING, b"still there?")  # may come between
            + frame(CONTINUATION, CALL[5:], fin=True)
            + frame(TEXT, CALL.replace(b"1", b"2"))
        )
        await until(lambda: connection.statistics.received == 2)
        await until(lambda: raw.read.count(b"\x8a") >= 1)


async def test_binary_messages_are_dropped_in_whatever_number_of_pieces() -> None:
    async with joined() as (raw, connection):
        raw.writer.write(
            frame(BINARY, CALL)
            + frame(BINARY, CALL, fin=False)
            + frame(CONTINUATION, CALL)
            + frame(PONG)
            + frame(TEXT, CALL)
        )
        await until(lambda: connection.statistics.received)
        assert connection.statistics.received == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(TEXT, CALL, reserved=4), 1002),
        (frame(CONTINUATION, CALL), 1002),
        (frame(TEXT, CALL, fin=False) + frame(TEXT, CALL), 1002),
        (frame(TEXT, b"x" * 1001), 1009),
        (frame(TEXT, b"x" * 600, fin=False) + frame(CONTINUATION, b"x" * 600), 1009),
        (frame(3, CALL), 1002),
    ],
)
async def test_what_the_protocol_forbids_ends_the_connection(data: bytes, code: int) -> None:
    async with joined() as (raw, connection):
        raw.writer.write(data)
        await connection.wait_closed()
        await until(lambda: raw.has_ended)
        assert connection.reason
        assert unmasked(raw.read)[:2] == struct.pack(">H", code)


def unmasked(data: bytes) -> bytes:
    """The payload of the one frame of a client."""
    mask, payload = data[2:6], data[6:]
    return bytes(byte ^ mask[number % 4] for number, byte in enumerate(payload))


@pytest.mark.parametrize(
    ("payload", "answer", "reason"),
    [
        (struct.pack(">H", 1001) + b"good night", struct.pack(">H", 1001), "good night"),
        (struct.pack(">H", 4000), struct.pack(">H", 4000), "closed with 4000"),
        (b"", struct.pack(">H", 1000), "closed with 1005"),
    ],
)
async def test_a_close_is_answered(payload: bytes, answer: bytes, reason: str) -> None:
    async with joined() as (raw, connection):
        raw.writer.write(frame(CLOSE, payload))
        await until(lambda: len(raw.read) >= 8)
        raw.writer.close()
        await connection.wait_closed()
        assert unmasked(raw.read)[:2] == answer
        assert connection.reason == reason


async def test_a_server_that_never_ends_is_cut_off() -> None:
    async with joined() as (raw, connection):
        raw.writer.write(frame(CLOSE, struct.pack(">H", 1000)))
        await connection.wait_closed()


async def test_a_server_that_never_answers_a_close_is_cut_off() -> None:
    async with joined() as (_, connection):
        await connection.close(1000, "x" * 200)
    assert connection.is_closed


async def test_an_end_without_a_word() -> None:
    async with joined() as (raw, connection):
        call = asyncio.create_task(connection.call(HEARTBEAT))
        await until(lambda: raw.read)
        raw.writer.transport.abort()
        with pytest.raises(SessionClosed):
            await call
        await connection.wait_closed()
        assert connection.reason == "no close frame"
        await connection._transport.drain()
        connection._transport.send(b"lost")
        connection._transport.ping()


async def test_an_extension_that_was_not_offered_is_refused() -> None:
    with pytest.raises(HandshakeFailed, match="expected no extension"):
        async with joined("\r\nSec-WebSocket-Extensions: permessage-deflate"):
            pass


async def test_nothing_is_read_while_the_peer_does_not_read() -> None:
    async with joined() as (_, connection):
        transport: Any = connection._transport
        calls: list[Callable[[], object]] = []
        transport._on_congested = lambda: calls.append(transport.hold)
        transport.pause_writing()
        transport.hold()
        waiting = [asyncio.create_task(transport.drain()) for _ in range(2)]
        await asyncio.sleep(0)
        assert (len(calls), transport.transport.is_reading()) == (1, False)
        transport.resume_writing()
        await asyncio.gather(*waiting)
        assert transport.transport.is_reading()
