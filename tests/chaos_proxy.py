"""A TCP proxy that treats connections as networks do: it holds bytes back, resets, and goes silent."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

#: SO_LINGER on, for 0 s: closing sends RST.
_RESET = struct.pack("ii", 1, 0)


class Passage:
    """One connection through the proxy.

    Attributes:
        to_server: bytes that went to the server.
        to_client: bytes that went to the client.
    """

    def __init__(self, client: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        self.to_server = 0
        self.to_client = 0
        self._flows = asyncio.Event()
        self._flows.set()
        self._writers = [client[1]]
        self._client_reader = client[0]

    def stop(self) -> None:
        """Hold everything back from now on: the line is half-open, and neither end is told."""
        self._flows.clear()

    def go_on(self) -> None:
        """Let what was held back pass."""
        self._flows.set()

    def reset(self) -> None:
        """Send RST both ways."""
        for writer in self._writers:
            sock = writer.get_extra_info("socket")
            if sock is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()

    async def _run(self, host: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        self._writers.append(writer)
        pumps = [
            asyncio.create_task(self._pump(self._client_reader, writer, "to_server")),
            asyncio.create_task(self._pump(reader, self._writers[0], "to_client")),
        ]
        try:
            await asyncio.wait(pumps)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.wait(pumps)
            for each in self._writers:
                each.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counter: str) -> None:
        try:
            while data := await reader.read(65536):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
                setattr(self, counter, getattr(self, counter) + len(data))
            await self._flows.wait()
            if writer.can_write_eof():
                writer.write_eof()
        except OSError:
            self.reset()


class ChaosProxy:
    """Accepts connections, and passes them on.

    Attributes:
        port: that it listens on.
        passages: its connections, oldest first.
    """

    def __init__(self) -> None:
        self.port = 0
        self.passages: list[Passage] = []


@asynccontextmanager
async def chaos_proxy(port: int) -> AsyncIterator[ChaosProxy]:
    """A proxy to a port of this machine."""
    proxy = ChaosProxy()
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passage = Passage((reader, writer))
        proxy.passages.append(passage)
        tasks.add(asyncio.create_task(passage._run("127.0.0.1", port)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await server.wait_closed()
