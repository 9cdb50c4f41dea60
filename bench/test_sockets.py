"""What we cost on top of the WebSocket library: over a loopback socket, both ends in one process and one loop."""

import asyncio
import gc
import time
import tracemalloc
from contextlib import AsyncExitStack

import pytest
from websockets.asyncio.client import connect as raw_connect
from websockets.asyncio.server import serve as raw_serve

from ocpp21 import framing
from ocpp21.asyncio import connect, serve
from ocpp21.messages import TransactionEventRequest, TransactionEventResponse

RESPONSE = TransactionEventResponse()

#: Round trips in one sample.
TRIPS = 200

#: Idle connections that are weighed.
IDLE = 200


async def echo(socket):
    async for message in socket:
        await socket.send(message)


def nothing(connection):
    """A handler of connections that adds no handlers."""


def raw_server():
    return raw_serve(echo, "127.0.0.1", 0, compression=None)


def our_server():
    handlers = {TransactionEventRequest: lambda request: RESPONSE}
    return serve(nothing, "127.0.0.1", 0, allow_unauthenticated=True, handlers=handlers, compression=False)


def raw_client(server):
    return raw_connect(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", proxy=None, compression=None)


def our_client(server, identity="CS1"):
    return connect(f"ws://127.0.0.1:{server.ports[0]}", identity, compression=False)


async def trips(frame, rounds):
    """Seconds of CPU of each sample: ours and raw, in turns. Wall time would measure what else this machine does."""
    _, request = framing.unpack(frame)
    text = frame.decode()
    ours, raw = [], []
    async with our_server() as server, our_client(server) as station:
        async with raw_server() as echoes, raw_client(echoes) as socket:
            for _ in range(rounds):
                begin = time.process_time()
                for _ in range(TRIPS):
                    await station.call(request)
                middle = time.process_time()
                for _ in range(TRIPS):
                    await socket.send(text)
                    await socket.recv()
                ours.append(middle - begin)
                raw.append(time.process_time() - middle)
    return ours, raw


def test_round_trips_beside_a_raw_echo(compare, data, pytestconfig):
    """Every request and response is checked when it is sent and when it is received."""
    ours, raw = asyncio.run(trips(data["Transaction"].frame, pytestconfig.getoption("--rounds")))
    compare.judge("raw echo / our call, 1 kB over a loopback socket", raw, ours, limit=0.75, is_least=True)


async def weigh(open_server, open_client):
    """Bytes of both ends of an idle connection."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(open_server())
        await stack.enter_async_context(open_client(server, "CS0"))
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for number in range(1, IDLE + 1):
            await stack.enter_async_context(open_client(server, f"CS{number}"))
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    return (after - before) / IDLE


@pytest.fixture
def traced():
    tracemalloc.start()
    yield
    tracemalloc.stop()


def test_memory_beside_a_bare_connection(compare, traced):
    ours = [asyncio.run(weigh(our_server, our_client)) for _ in range(3)]
    bare = [asyncio.run(weigh(raw_server, lambda server, identity: raw_client(server))) for _ in range(3)]
    print(f"bytes of both ends: ours {ours[-1]:.0f}, bare {bare[-1]:.0f}")
    compare.judge("our idle connection / a bare one, bytes of both ends", ours, bare, limit=1.5)
