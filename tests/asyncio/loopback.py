"""Both ends over real sockets on the loopback interface, and what must be left of them: nothing."""

from __future__ import annotations

import asyncio
import gc
import hmac
import os
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import raw_peer
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as raw_connect

from ocpp21.asyncio import Connection, Patience, Server, connect, serve
from ocpp21.asyncio.client import basic
from ocpp21.messages import (
    AuthorizeRequest,
    BootNotificationRequest,
    DataTransferRequest,
    HeartbeatRequest,
    SecurityEventNotificationRequest,
    StatusNotificationRequest,
    TransactionEventRequest,
)

PASSWORD = "correct-horse-battery-staple"


class Carrier:
    """What our stations are carried by, and the event loop beneath; see conftest.py."""

    stack: Literal["websockets", "picows"] = "websockets"
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None


#: Nothing in these tests takes longer, unless it hangs.
HANG_S = 10

#: Patience that tests can wait for.
BRIEF = Patience(ping_interval_s=0.0, stall_timeout_s=0.5, close_timeout_s=0.5)

#: What a CSMS answers in these tests.
ANSWERS = {
    request: lambda request: raw_peer.ANSWERS[type(request).__name__.removesuffix("Request")]
    for request in (
        AuthorizeRequest,
        BootNotificationRequest,
        DataTransferRequest,
        HeartbeatRequest,
        SecurityEventNotificationRequest,
        StatusNotificationRequest,
        TransactionEventRequest,
    )
}


class Passwords:
    """Knows the password of each station, and counts how often it was asked."""

    def __init__(self, *identities: str, password: str = PASSWORD) -> None:
        self.passwords = {identity: password.encode() for identity in identities}
        self.asked = 0

    async def authenticate(self, identity: str, password: bytes) -> bool:
        self.asked += 1
        return hmac.compare_digest(self.passwords.get(identity, b""), password)

    async def knows(self, identity: str) -> bool:
        return identity in self.passwords


def descriptors() -> set[str]:
    """The open file descriptors, with what they are."""
    found = set()
    for path in Path("/proc/self/fd").iterdir():
        try:
            found.add(f"{path.name} {os.readlink(path)}")
        except FileNotFoundError:
            continue  # that of the directory itself
    return found


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run a test, and see that no task and no file descriptor is left behind."""
    gc.collect()
    before = descriptors()
    with asyncio.Runner(loop_factory=Carrier.loop_factory) as runner:
        runner.run(_watched(test))
    gc.collect()
    assert descriptors() <= before


async def _watched(test: Coroutine[Any, Any, None]) -> None:
    problems: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: problems.append(context))
    async with asyncio.timeout(HANG_S):
        await test
    await settle()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert left == set()
    gc.collect()
    assert problems == []


async def settle() -> None:
    """Let everything run that can run at once."""
    for _ in range(10):
        await asyncio.sleep(0)


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is so, a turn of the event loop at a time."""
    while not condition():
        await asyncio.sleep(0)


def nothing(connection: Connection) -> None:
    """A handler of connections that adds no handlers."""


def open_to_all(handler: Callable[[Connection], Any] = nothing, **options: Any) -> Server:
    """A server on a free port that asks for no password, and answers what CSMSs answer."""
    return serve(
        handler, "127.0.0.1", 0, **{"allow_unauthenticated": True, "handlers": ANSWERS, "patience": BRIEF, **options}
    )


def url(server: Server, path: str = "/ocpp") -> str:
    return f"ws://127.0.0.1:{server.ports[0]}{path}"


def station(server: Server, identity: str = "CS1", **options: Any) -> connect:
    """Our client."""
    return dial(url(server), identity, **{"patience": BRIEF, **options})


def dial(where: str, identity: str, **options: Any) -> connect:
    """Our client, to wherever."""
    return connect(where, identity, **{"stack": Carrier.stack, **options})


@asynccontextmanager
async def joined(
    *, station_options: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[tuple[Connection, Connection]]:
    """Both ends of one connection: the station's and the CSMS's."""
    async with open_to_all(**options) as server, station(server, **station_options or {}) as ours:
        await until(lambda: "CS1" in server.connections)
        yield ours, server.connections["CS1"]


def raw_station(
    server: Server, target: str = "/ocpp/CS1", *, user: str | None = None, password: str = PASSWORD, **options: Any
) -> raw_connect:
    """A client that does whatever it likes."""
    headers = dict(options.pop("headers", {}))
    if user is not None:
        headers["Authorization"] = basic(user, password)
    options = {"subprotocols": ["ocpp2.1"], "proxy": None, "ping_interval": None, "max_size": None, **options}
    return raw_connect(url(server, target), additional_headers=headers, **options)


async def is_served(socket: ClientConnection, message_id: str = "alive") -> bool:
    """Whether a raw station's Heartbeat is answered."""
    await socket.send(f'[2,"{message_id}","Heartbeat",{{}}]')
    return await socket.recv() == f'[3,"{message_id}",{{"currentTime":"2026-01-17T08:00:00Z"}}]'


@asynccontextmanager
async def bare(
    server: Server, *headers: str, has_small_buffers: bool = False
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """An upgraded connection without a WebSocket library, of CS1.

    With small buffers in the kernel, the server notices soon that nothing is read.
    """
    sock = socket.socket()
    if has_small_buffers:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", server.ports[0]))
    reader, writer = await asyncio.open_connection(sock=sock)
    lines = [
        "GET /ocpp/CS1 HTTP/1.1",
        *("Host: h", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
        *("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: ocpp2.1", *headers, "", ""),
    ]
    writer.write("\r\n".join(lines).encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    await until(lambda: "CS1" in server.connections)
    if has_small_buffers:
        transport: Any = server.connections["CS1"]._transport
        theirs = transport._socket.transport.get_extra_info("socket")
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
