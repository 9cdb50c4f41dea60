"""What we cost on top of the WebSocket library: over a loopback socket, both ends in one process and one loop."""

import asyncio
import gc
import math
import time
import tracemalloc
from contextlib import AsyncExitStack, contextmanager

import pytest
from websockets.asyncio.client import connect as raw_connect
from websockets.asyncio.server import serve as raw_serve

from ocpp21 import framing
from ocpp21.asyncio import Bounds, connect, serve
from ocpp21.messages import TransactionEventRequest, TransactionEventResponse

RESPONSE = TransactionEventResponse()

#: Round trips in one sample.
TRIPS = 200

#: Idle connections that are weighed.
IDLE = 200

#: Stations of the fleet, all connected at once.
FLEET = 2000

#: Most rounds of the fleets: in each, all stations call our server, and as many clients the raw one.
FLEET_ROUNDS = 21


async def echo(socket):
    async for message in socket:
        await socket.send(message)


def nothing(connection):
    """A handler of connections that adds no handlers."""


def raw_server():
    return raw_serve(echo, "127.0.0.1", 0, compression=None)


def our_server(answer=lambda request: RESPONSE):
    return serve(
        nothing,
        "127.0.0.1",
        0,
        allow_unauthenticated=True,
        handlers={TransactionEventRequest: answer},
        bounds=Bounds(per_source=None, arrivals_per_source=None),
        compression=False,
    )


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


async def surge(trip, clients):
    """Let all send at once, and wait for all the answers: seconds of CPU, and how long each answer took."""

    async def timed(client):
        begin = time.perf_counter()
        await trip(client)
        return time.perf_counter() - begin

    begin = time.process_time()
    latencies = await asyncio.gather(*map(timed, clients))
    return time.process_time() - begin, latencies


@contextmanager
def unchanging():
    """Spare the collector the 8,000 ends: going through them takes long, and whoever sends then would pay for it."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def fleets(frame, rounds):
    """Surges of two fleets that are connected at the same time, ours and raw, in turns."""
    _, request = framing.unpack(frame)
    text = frame.decode()
    handled = 0

    def answer(request):
        nonlocal handled
        handled += 1
        return RESPONSE

    async def call(station):
        assert await station.call(request) == RESPONSE

    async def send(socket):
        await socket.send(text)
        assert await socket.recv() == text

    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(our_server(answer))
        echoes = await stack.enter_async_context(raw_server())
        stations = [await stack.enter_async_context(our_client(server, f"CS{number}")) for number in range(FLEET)]
        sockets = [await stack.enter_async_context(raw_client(echoes)) for _ in range(FLEET)]
        ours, raw = ([], []), ([], [])
        await surge(call, stations)  # to warm up
        await surge(send, sockets)
        with unchanging():
            for number in range(rounds):
                turns = (ours, call, stations), (raw, send, sockets)
                for (seconds, latencies), trip, clients in turns[:: -1 if number % 2 else 1]:
                    taken, waited = await surge(trip, clients)
                    seconds.append(taken)
                    latencies.extend(waited)
        ends = [end.statistics for end in [*stations, *server.connections.values()]]
    assert handled == FLEET * (rounds + 1)
    assert len(ends) == 2 * FLEET
    for seen in ends:
        assert seen.sent == seen.received == rounds + 1
        assert seen.refused == seen.dropped == seen.muted == 0
    return ours, raw


def percentile(latencies, percent):
    """The nearest-rank percentile, in milliseconds."""
    return 1000 * sorted(latencies)[math.ceil(len(latencies) * percent / 100) - 1]


@pytest.fixture
def many_files():
    """Sockets enough for both ends of both fleets."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 4 * FLEET + 256
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"needs {needed} open files, may have {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_fleet_beside_raw_echoes(compare, data, pytestconfig, many_files):
    """No message of 2,000 stations is lost, and every one is checked at both ends."""
    rounds = min(pytestconfig.getoption("--rounds"), FLEET_ROUNDS)
    (ours, our_waits), (raw, raw_waits) = asyncio.run(fleets(data["Transaction"].frame, rounds))
    for name, seconds, waits in (("ours", ours, our_waits), ("raw", raw, raw_waits)):
        rate = FLEET / sorted(seconds)[len(seconds) // 2]
        print(
            f"{name}: {rate:.0f} trips per second of CPU; when all {FLEET} send at once, latency p50 "
            f"{percentile(waits, 50):.0f} ms, p99 {percentile(waits, 99):.0f} ms"
        )
    compare.judge(f"raw echo / our call, {FLEET:,} stations sending 1 kB at once", raw, ours, limit=0.7, is_least=True)
