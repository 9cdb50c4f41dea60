"""The CSMS role under the events of many stations: validated, decoded, in a ledger that is durable, answered.

Compared are seconds of CPU, of all threads: by the clock we would measure what else this machine does. Events per
second are printed by the clock; they hold what the disk takes for its syncs.
"""

import asyncio
import statistics
import time
from contextlib import AsyncExitStack

import orjson
from ocpp import messages
from ocpp.routing import on
from ocpp.v21 import ChargePoint, call_result
from ocpp.v21.enums import Action
from websockets.asyncio.client import connect as raw_connect
from websockets.asyncio.server import serve as raw_serve

from bench.test_sockets import unchanging
from ocpp21.asyncio import Bounds, Connection, Patience
from ocpp21.asyncio.roles import role_session, serve_roles
from ocpp21.csms import CSMS, Settings, SqliteStore
from ocpp21.messages import RegistrationStatusEnumType

#: Stations, each with a transaction of its own, and the events that each sends, one after the other.
STATIONS, EVENTS = 200, 10

#: Most rounds; in each, all stations send all their events.
ROUNDS = 5

SETTINGS = Settings(inventory=None, unregistered=RegistrationStatusEnumType.ACCEPTED)


def made(frame, transaction_id):
    """The frames of a transaction, Started first, all of the size of the one that is given."""
    kind, _, action, payload = orjson.loads(frame)
    payload.pop("idToken", None)  # whether it may charge is another question, and answered elsewhere
    payload["transactionInfo"]["transactionId"] = transaction_id
    frames = []
    for seq_no in range(EVENTS):
        payload["eventType"], payload["seqNo"] = "Updated" if seq_no else "Started", seq_no
        frames.append(orjson.dumps([kind, f"{transaction_id}/{seq_no}", action, payload]))
    return frames


class Wire:
    """A transport in memory: hands over a message, and waits for the answer."""

    buffered = 0
    congested_since = None
    heard_at = 0.0

    def __init__(self):
        self._ended = asyncio.get_running_loop().create_future()
        self._answered = None

    def send(self, message):
        self._answered.set_result(message)

    async def listen(self, receive, on_congested=None):
        self._receive = receive
        return await self._ended

    def abort(self):
        pass

    def ask(self, message):
        self._answered = asyncio.get_running_loop().create_future()
        self._receive(message)
        return self._answered


class Incumbent(ChargePoint):
    """The peer: a handler that keeps nothing."""

    def __init__(self, number):
        super().__init__(f"CS{number}", self)

    @on(Action.transaction_event)
    def on_transaction_event(self, **payload):
        return call_result.TransactionEvent()

    async def send(self, message):
        self.answer = message

    async def ask(self, message):
        await self.route_message(message)
        return self.answer


async def converse(asks, frames):
    """Let every station send its events, each after the answer to the one before: seconds, and seconds of CPU."""

    async def tell(ask, events):
        for event in events:
            answer = await ask(event)
            assert answer[1:2] in (b"3", "3"), answer

    begin, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(tell, asks, frames))
    return time.perf_counter() - begin, time.process_time() - cpu


def report(**taken):
    for name, seconds in taken.items():
        wall, cpu = (statistics.median(each) for each in zip(*seconds, strict=True))
        print(
            f"{name}: {STATIONS * EVENTS / wall:,.0f} events per second, {1e6 * cpu / STATIONS / EVENTS:.0f} us of CPU"
        )


async def in_memory(frame, rounds, path, monkeypatch):
    store = await SqliteStore.open(path)
    csms = CSMS(store, settings=SETTINGS)
    wires, connections = [], []
    for number in range(STATIONS):
        role, wire = csms.welcome(f"CS{number}"), Wire()
        connection = Connection(
            wire,
            role_session(role),
            identity=role.identity,
            handlers=role.handlers,
            patience=Patience(ping_interval_s=0.0),
        )
        connection.start()
        wires.append(wire)
        connections.append(connection)
    incumbents = [Incumbent(number) for number in range(STATIONS)]
    await asyncio.sleep(0.1)
    ours, threaded, plain = [], [], []
    with unchanging():
        for number in range(rounds + 1):
            frames = [made(frame, f"{number}/{station}") for station in range(STATIONS)]
            ours.append(await converse([wire.ask for wire in wires], frames))
            texts = [[each.decode() for each in events] for events in frames]
            for taken, is_threaded in ((threaded, True), (plain, False)):
                monkeypatch.setattr(messages, "ASYNC_VALIDATION", is_threaded)
                taken.append(await converse([incumbent.ask for incumbent in incumbents], texts))
    assert len(await store.ongoing()) == (rounds + 1) * STATIONS
    commits = store._tables._database.commits
    for connection in connections:
        connection.abort("done")
    await csms.stop()
    await store.close()
    return ours[1:], threaded[1:], plain[1:], commits / (rounds + 1)


def test_events_beside_a_peer_without_a_store(compare, data, pytestconfig, tmp_path, monkeypatch):
    """The peer validates in threads of its own unless told otherwise, which takes longer; it is measured both ways."""
    rounds = min(pytestconfig.getoption("--rounds"), ROUNDS)
    path = tmp_path / "csms.db"
    ours, threaded, plain, commits = asyncio.run(in_memory(data["Transaction"].frame, rounds, path, monkeypatch))
    report(ours=ours, ocpp=threaded, ocpp_without_threads=plain)
    print(f"{STATIONS * EVENTS} events in {commits:.1f} commits")
    for name, peer, limit in (("ocpp", threaded, 10), ("ocpp without threads", plain, 7)):
        compare.judge(
            f"{name}, without a store / our CSMS with a durable ledger, 200 stations",
            [cpu for _, cpu in peer],
            [cpu for _, cpu in ours],
            limit=limit,
            aim=10,
            is_least=True,
        )


async def over_sockets(frame, rounds, path):
    async def echo(socket):
        async for message in socket:
            await socket.send(message)

    def asking(socket):
        async def ask(message):
            await socket.send(message)
            return await socket.recv()

        return ask

    async with AsyncExitStack() as stack:
        store = await SqliteStore.open(path)
        csms = await stack.enter_async_context(CSMS(store, settings=SETTINGS))
        bounds = Bounds(per_source=None)
        server = await stack.enter_async_context(
            serve_roles(csms, "127.0.0.1", 0, allow_unauthenticated=True, bounds=bounds, compression=False)
        )
        echoes = await stack.enter_async_context(raw_serve(echo, "127.0.0.1", 0, compression=None))
        ours, raw, sockets = [], [], []
        for port, subprotocols in ((server.ports[0], ["ocpp2.1"]), (echoes.sockets[0].getsockname()[1], None)):
            sockets.append(
                [
                    await stack.enter_async_context(
                        raw_connect(
                            f"ws://127.0.0.1:{port}/CS{number}", subprotocols=subprotocols, proxy=None, compression=None
                        )
                    )
                    for number in range(STATIONS)
                ]
            )
        with unchanging():
            for number in range(rounds + 1):
                frames = [[each.decode() for each in made(frame, f"{number}/{n}")] for n in range(STATIONS)]
                ours.append(await converse([asking(socket) for socket in sockets[0]], frames))
                # The echo is no answer, but as long as the question.
                echoed = [[f"[3{each[2:]}" for each in events] for events in frames]
                raw.append(await converse([asking(socket) for socket in sockets[1]], echoed))
        assert len(await store.ongoing()) == (rounds + 1) * STATIONS
        commits = store._tables._database.commits
    await store.close()
    return ours[1:], raw[1:], commits / (rounds + 1)


def test_events_over_sockets_beside_a_raw_echo(compare, data, pytestconfig, tmp_path):
    """The clients are raw on both sides, and in the same process."""
    rounds = min(pytestconfig.getoption("--rounds"), ROUNDS)
    ours, raw, commits = asyncio.run(over_sockets(data["Transaction"].frame, rounds, tmp_path / "csms.db"))
    report(ours=ours, raw=raw)
    print(f"{STATIONS * EVENTS} events in {commits:.1f} commits")
    compare.judge(
        "raw echo / CSMS with a durable ledger, 200 sockets",
        [cpu for _, cpu in raw],
        [cpu for _, cpu in ours],
        limit=0.33,
        aim=0.5,
        is_least=True,
    )
