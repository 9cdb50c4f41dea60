"""A second connection of one identity: the newest that has proved who it is wins."""

from __future__ import annotations

import asyncio

import pytest
from chaos_proxy import chaos_proxy
from loopback import PASSWORD, Passwords, is_served, open_to_all, raw_station, settle, station, until
from raw_peer import ALIVE, CHANGE_AVAILABILITY, HEARTBEAT
from websockets.asyncio.client import connect as raw_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ocpp21.asyncio import Bounds, connect
from ocpp21.errors import SessionClosed

MANY = Bounds(takeovers=1000)


@pytest.mark.attack("A10")
async def test_the_newest_wins(caplog: pytest.LogCaptureFixture) -> None:
    async with open_to_all() as server, raw_station(server) as old:
        assert await is_served(old)
        async with raw_station(server, "/ocpp/cs1") as new:  # it compares without regard to case
            assert await is_served(new)
            with pytest.raises(ConnectionClosed) as caught:
                await old.recv()
            assert caught.value.rcvd.code == 1008
            assert len(server.connections) == 1 and server.connections["CS1"].identity == "cs1"
            assert "connection taken over identity=cs1" in caplog.text
            assert await is_served(new)
        await until(lambda: not server.connections)


@pytest.mark.attack("A10")
async def test_who_has_not_proved_who_it_is_takes_nothing() -> None:
    async with open_to_all(allow_unauthenticated=False, authenticator=Passwords("CS1")) as server:
        async with raw_station(server, user="CS1") as old:
            for _ in range(3):
                with pytest.raises(InvalidStatus):
                    await raw_station(server, user="CS1", password="wrong")
            assert await is_served(old)
            async with raw_station(server, user="CS1", password=PASSWORD) as new:
                assert await is_served(new)


@pytest.mark.attack("A11")
async def test_an_old_connection_that_is_half_open_is_replaced_at_once() -> None:
    async with open_to_all() as server, chaos_proxy(server.ports[0]) as proxy:
        async with connect(f"ws://127.0.0.1:{proxy.port}", "CS1") as old:
            assert await old.call(HEARTBEAT) == ALIVE
            proxy.passages[0].stop()
            async with station(server) as new:
                assert await new.call(HEARTBEAT) == ALIVE
                first = server.connections["CS1"]
                assert await first.is_alive(1)
            old.abort("enough")


@pytest.mark.attack("A12")
async def test_flapping_is_stopped_while_the_old_one_lives() -> None:
    """Of fifty takeovers in a row, three are granted."""
    async with open_to_all(bounds=Bounds(takeovers=3)) as server:
        sockets, refused = [], 0
        for _ in range(51):
            try:
                sockets.append(await raw_station(server))
            except InvalidStatus as error:
                assert error.response.status_code == 429 and int(error.response.headers["Retry-After"]) > 0
                refused += 1
        assert (len(sockets), refused) == (4, 47)
        assert await is_served(sockets[-1])
        await asyncio.gather(*(socket.close() for socket in sockets))


@pytest.mark.attack("A11", "A12")
async def test_flapping_does_not_protect_the_dead() -> None:
    bounds = Bounds(takeovers=1, probe_timeout_s=0.05)
    async with open_to_all(bounds=bounds) as server, chaos_proxy(server.ports[0]) as proxy:
        async with raw_station(server):
            async with connect(f"ws://127.0.0.1:{proxy.port}", "CS1") as old:
                assert await old.call(HEARTBEAT) == ALIVE
                proxy.passages[0].stop()
                async with station(server) as new:
                    assert await new.call(HEARTBEAT) == ALIVE
                old.abort("enough")


@pytest.mark.attack("A13", "A15", "A16")
async def test_a_call_to_the_old_one_fails_once_and_goes_nowhere_else() -> None:
    """The old one's answer is on its way when the new one comes."""
    async with open_to_all(bounds=MANY) as server, chaos_proxy(server.ports[0]) as proxy:
        where = f"ws://127.0.0.1:{proxy.port}/CS1"
        async with raw_connect(where, subprotocols=["ocpp2.1"], proxy=None) as old:
            await until(lambda: server.connections)
            first = server.connections["CS1"]
            call = asyncio.create_task(first.call(CHANGE_AVAILABILITY))
            answer = f'[3,"{(await old.recv()).split(chr(34))[1]}",{{"status":"Accepted"}}]'
            proxy.passages[0].stop()
            await old.send(answer)
            async with raw_station(server) as new:
                with pytest.raises(SessionClosed, match="another connection has taken over"):
                    await call
                proxy.passages[0].go_on()  # A15
                await new.send(answer)  # A16
                assert await is_served(new)  # and has heard nothing else
                second = server.connections["CS1"]
                assert second is not first and second.statistics.dropped == 1
                await first.wait_closed()
                assert first.statistics.received == 0
                with pytest.raises(SessionClosed):
                    await first.call(CHANGE_AVAILABILITY)


@pytest.mark.attack("A14")
async def test_the_late_end_of_the_old_one_removes_nothing() -> None:
    async with open_to_all(bounds=MANY) as server:
        async with raw_station(server) as old:
            await until(lambda: server.connections)
            first = server.connections["CS1"]
            async with raw_station(server) as new:
                await until(lambda: server.connections["CS1"] is not first)
                await old.wait_closed()
                await first.wait_closed()
                await settle()
                assert "CS1" in server.connections and server.connections["CS1"] is not first
                assert await is_served(new)
        await until(lambda: not server.connections)


async def test_two_at_once() -> None:
    async with open_to_all(bounds=MANY) as server:
        sockets = await asyncio.gather(*(raw_station(server) for _ in range(20)))
        await until(lambda: sum(connection.state.name == "OPEN" for connection in sockets) == 1)
        (survivor,) = [socket for socket in sockets if socket.state.name == "OPEN"]
        assert await is_served(survivor) and len(server.connections) == 1
        await asyncio.gather(*(socket.close() for socket in sockets))
